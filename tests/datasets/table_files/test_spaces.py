"""Spaces around texts are no part of them."""

import pandas as pd
import pytest

from sklearn_mtl.datasets.table_files import FileOptions, read_table_file

FRAME = pd.DataFrame({"a b": ["p ", " p", "p", "NA ", "q r"], "x": [1, 2, 3, 4, 5]})


@pytest.mark.parametrize(
    ("name", "needs"),
    [("t.csv", None), ("t.xlsx", "openpyxl"), ("t.parquet", "pyarrow")],
)
def test_spaces_around_texts_are_taken_away_in_every_format(tmp_path, name, needs):
    if needs is not None:
        pytest.importorskip(needs)
    write = {"csv": "to_csv", "xlsx": "to_excel", "parquet": "to_parquet"}
    getattr(FRAME, write[name.split(".")[1]])(tmp_path / name, index=False)
    found = read_table_file(tmp_path / name, FileOptions()).frame
    assert found["a b"].fillna("-").tolist() == ["p", "p", "p", "-", "q r"]
    assert found["x"].tolist() == FRAME["x"].tolist()


def test_other_objects_are_left_alone(tmp_path):
    pytest.importorskip("pyarrow")
    frame = pd.DataFrame({"lists": [[1], [2, 3]], "mixed": ["a ", None]})
    frame.to_parquet(tmp_path / "t.parquet")
    found = read_table_file(tmp_path / "t.parquet", FileOptions()).frame
    assert [list(value) for value in found["lists"]] == [[1], [2, 3]]
    assert found["mixed"].fillna("-").tolist() == ["a", "-"]
