"""The same table in other files is the same table."""

import os
import sys
import threading

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.datasets import load_table
from sklearn_mtl.datasets.table_files import FileOptions, read_table_file
from tests.datasets.table_files.files import GOOD, expected, text

NEEDS = {"parquet": "pyarrow", "feather": "pyarrow", "arrow": "pyarrow"}
READ_AS = {
    "plain.csv": "",
    "tabs.tsv": "separator 'tab'",
    "german.csv": "separator ';', decimal comma, encoding cp1252 (guessed; "
    "use encoding='NAME' to change it)",
    "row_names.xlsx": "first column without a name ignored",
    "row_names.csv": "first column without a name ignored",
}


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", GOOD)
def test_the_same_table_is_read_from_every_file(name, tmp_path):
    for word, package in {**NEEDS, "xlsx": "openpyxl"}.items():
        if word in name:
            pytest.importorskip(package)
    table = read_table_file(write(tmp_path, name, GOOD[name]()), FileOptions())
    pd.testing.assert_frame_equal(table.frame, expected(), check_dtype=False)
    for column, kind in (("income", "f"), ("people", "i"), ("grade", "f")):
        assert table.frame[column].dtype.kind == kind
    if name in READ_AS:
        assert table.read_as == READ_AS[name]


@pytest.mark.parametrize(
    ("content", "options", "values"),
    [
        ("a:b\n1:2\n3:4\n", {"sep": ":"}, [1, 3]),
        ("a b\n1 2\n3 4\n", {"sep": "space"}, [1, 3]),
        ("a\tb,c\n1\t2,0\n", {"sep": "\\t"}, [1]),
        ("a;b\n1,234;2\n5,678;3\n", {"decimal": ","}, [1.234, 5.678]),
        ("a;b\n1,234;2\n5,678;3\n", {"decimal": "."}, [1234, 5678]),
        ("a;b\n1.234;2\n5.678;3\n", {"decimal": ","}, [1234, 5678]),
        ("a,b\n1.234,2\n5.678,3\n", {}, [1.234, 5.678]),
        ("a,b\n1.234,2\n5,3\n0.5,4\n", {}, [1.234, 5, 0.5]),
        ('a,b\n"1,5",2\n"2,25",3\n', {"sep": ",", "decimal": ","}, [1.5, 2.25]),
        ("a,b\n1e5,2\n-3.5E-2,3\n", {}, [1e5, -0.035]),
        ("a;b\n1,5e3;2\n7;3\n", {}, [1500.0, 7.0]),
        ("a,b\n?,2\n3,4\n", {"missing": ("?",)}, [np.nan, 3]),
        ("a,b\nNA,2\n3,4\n", {}, [np.nan, 3]),
        ("a;b\n01.02.2020;2,5\n03.04.2021;4\n", {}, ["01.02.2020", "03.04.2021"]),
        ("a,b\n12 rue X,2\n7 rue Y,4\n", {}, ["12 rue X", "7 rue Y"]),
        ('a,b\n"two\nlines",2\nx,4\n', {}, ["two\nlines", "x"]),
        ("2019,2020,a\n1,2,x\n", {}, ["x"]),
        (",row,a\nr1,2,x\nr2,3,y\n", {}, ["x", "y"]),
        ("a,b\nz³,2\nm²,4\n", {}, ["z³", "m²"]),
    ],
)
def test_options_and_numbers(content, options, values, tmp_path):
    path = write(tmp_path, "it.csv", content.encode())
    frame = read_table_file(path, FileOptions(**options)).frame
    column = pd.Series(values, name="a")
    pd.testing.assert_series_equal(frame["a"], column, check_dtype=False)


@pytest.mark.parametrize(
    ("encoding", "word"),
    [("cp1251", "Приве́т"[:6]), ("shift_jis", "東京"), ("cp1250", "łódź")],
)
def test_encodings_that_are_named_are_read(encoding, word, tmp_path):
    content = f"{word},b\n1,{word}\n2,x\n".encode(encoding, errors="ignore")
    path = write(tmp_path, "it.csv", content)
    frame = read_table_file(path, FileOptions(encoding=encoding)).frame
    assert frame.columns[0] == frame["b"][0] == content.decode(encoding).split(",")[0]


def test_numbers_that_begin_late_decide_too(tmp_path):
    rows = ["1;2"] * 3000 + ["1,5;2"]
    path = write(tmp_path, "late.csv", ("a;b\n" + "\n".join(rows)).encode())
    assert read_table_file(path, FileOptions()).frame["a"].iloc[-1] == 1.5
    rows += ["1.5;2"]
    path = write(tmp_path, "late.csv", ("a;b\n" + "\n".join(rows)).encode())
    with pytest.raises(ValueError, match="different decimal marks"):
        read_table_file(path, FileOptions())


def test_a_text_longer_than_the_sample_tells_the_separator(tmp_path):
    story = "one; two\n" * 12_000 + "end"
    frame = pd.DataFrame({"a": [1, 2, 3, 4], "text": [story] * 4})
    path = tmp_path / "it.csv"
    frame.to_csv(path, index=False)
    assert read_table_file(path, FileOptions()).frame.equals(frame)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes")
def test_pipes_are_read(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("a,b\n1,2\n",))
    writer.start()
    assert read_table_file(path, FileOptions()).frame["b"].tolist() == [2]
    writer.join()


def test_a_file_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    path = write(tmp_path, "it.csv", b"a,b\n1,2\n")

    def denied(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.read_bytes", denied)
    with pytest.raises(OSError, match=r"it.csv' cannot be read: permission denied\."):
        read_table_file(path, FileOptions())


def test_fractions_are_read_precisely(tmp_path):
    values = np.random.default_rng(0).normal(size=200)
    frame = pd.DataFrame({"a": values, "b": values * 1e-9})
    path = tmp_path / "it.csv"
    frame.to_csv(path, index=False, sep=";", decimal=",")
    read = read_table_file(path, FileOptions()).frame
    pd.testing.assert_frame_equal(read, frame, rtol=1e-15, atol=0)


def test_load_table_takes_the_options(tmp_path):
    path = write(tmp_path, "it.csv", text(":", ",").encode("cp1252"))
    table = load_table(
        path, targets="grade", drop=["people"], sep=":", decimal=",", encoding="cp1252"
    )
    assert table.target["grade"].tolist() == expected()["grade"].tolist()
    assert table.read_as == "separator ':', decimal comma, encoding cp1252"


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [("table.parquet", "pyarrow", "parquet"), ("table.xlsx", "openpyxl", "excel")],
)
def test_formats_whose_package_is_missing_say_what_to_install(
    name, package, extra, tmp_path, monkeypatch
):
    pytest.importorskip(package)
    path = write(tmp_path, name, GOOD[name]())
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=rf"pip install 'sklearn-mtl\[{extra}\]'"):
        read_table_file(path, FileOptions())
