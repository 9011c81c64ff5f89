import gzip
import sys

import pandas as pd
import pytest

from sklearn_mtl.datasets import load_table

TEXT = "id,age,ward,grade,passed\n1,9,a,1.5,yes\n2,8,b,,no\n3,,a,2.5,\n"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "pupils.csv"
    path.write_text(TEXT)
    return path


def test_columns_get_their_roles(file):
    table = load_table(file, targets=["grade", "passed"], drop=["id"], group="ward")
    assert table.feature_names == ["age"]
    assert table.task_names == ["grade", "passed"]
    assert table.target["passed"].tolist()[:2] == ["yes", "no"]
    assert table.target.isna().sum().tolist() == [1, 1]
    assert table.groups.tolist() == ["a", "b", "a"]
    assert table.data["age"].isna().sum() == 1
    assert load_table(file, targets=["grade"]).groups is None


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separators_are_found_in_the_header(tmp_path, separator):
    path = tmp_path / "table.txt"
    path.write_text(TEXT.replace(",", separator))
    X, y = load_table(path, targets=["grade"], return_X_y=True)
    assert X.columns.tolist() == ["id", "age", "ward", "passed"]
    assert y.shape == (3, 1)


def test_packed_files_are_read(tmp_path):
    path = tmp_path / "table.csv.gz"
    path.write_bytes(gzip.compress(TEXT.replace(",", ";").encode()))
    assert load_table(path, targets=["grade"]).data.shape == (3, 4)


def test_parquet_files_are_read(tmp_path):
    pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / "table.parquet"
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, 1.5]})
    frame.to_parquet(path)
    table = load_table(path, targets=["c"])
    assert table.data["b"].isna().tolist() == [False, True]


def test_parquet_without_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1")
    for name in ("pyarrow", "fastparquet"):
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-mtl\[parquet\]'"):
        load_table(path, targets=["c"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"targets": ["mark"]}, "no column 'mark'. Columns: id, age, ward, grade"),
        ({"targets": ["passes"]}, r"no column 'passes' \(did you mean 'passed'\?\)"),
        ({"targets": []}, "targets is empty; name at least one"),
        (
            {"targets": ["grade"], "drop": ["grade"]},
            r"has two roles: targets=\['grade'\] and drop=",
        ),
        ({"targets": ["grade", "grade"]}, "'grade' has two roles: targets="),
        ({"targets": ["grade"], "group": "age"}, "'age' has 1 missing values"),
        (
            {"targets": ["grade", "passed"], "drop": ["id", "age", "ward"]},
            "has no inputs",
        ),
    ],
)
def test_impossible_roles_are_refused(file, options, message):
    with pytest.raises(ValueError, match=message):
        load_table(file, **options)


def test_absent_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing.csv' does not exist"):
        load_table(tmp_path / "nothing.csv", targets=["a"])
    with pytest.raises(FileNotFoundError, match="is a folder"):
        load_table(tmp_path, targets=["a"])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("short.csv", b"a,b\n"),
        ("ragged.csv", b"a,b\n1,2\n1,2,3\n"),
        ("image.csv", b"\x89PNG\x00\xff\xfe,a\n\x00"),
        ("bad.gz", b"no gzip"),
        ("bad.parquet", b"no parquet"),
    ],
)
def test_what_is_no_table_is_refused_in_one_line(tmp_path, name, content):
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ValueError, match=name) as caught:
        load_table(path, targets=["a"])
    assert "\n" not in str(caught.value)
