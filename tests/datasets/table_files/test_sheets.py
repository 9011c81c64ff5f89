"""Excel files with several sheets."""

import re

import pandas as pd
import pytest

from sklearn_mtl.datasets import load_table

pytest.importorskip("openpyxl")


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as writer:
        pd.DataFrame().to_excel(writer, sheet_name="empty", index=False)
        pd.DataFrame({"about": ["pupils"]}).to_excel(
            writer, sheet_name="notes", index=False
        )
        pd.DataFrame({"age": [9, 8], "grade": [1.5, 2.5]}).to_excel(
            writer, sheet_name="class 1", index=False
        )
        pd.DataFrame({"title only": []}).to_excel(
            writer, sheet_name="cover", index=False
        )
    return path


def test_a_named_sheet_is_read(book):
    table = load_table(book, targets="grade", sheet="class 1")
    assert table.target["grade"].tolist() == [1.5, 2.5]
    assert table.read_as == ""


def test_the_others_are_named_where_none_was_asked_for(book):
    with pytest.raises(ValueError, match="has no column 'grade'") as caught:
        load_table(book, targets="grade")
    assert str(caught.value).endswith(
        "Columns: about. Read as: sheet 'notes' (use sheet='NAME' to read another one: "
        "'empty', 'class 1', 'cover')."
    )


@pytest.mark.parametrize(
    ("sheet", "message"),
    [
        (
            "Class1",
            "book.xlsx: the file has no sheet 'Class1' (did you mean 'class 1'?). "
            "Sheets: empty, notes, class 1, cover.",
        ),
        ("empty", "book.xlsx: the sheet 'empty' is empty."),
        ("cover", "book.xlsx: the sheet 'cover' has a header but no rows."),
    ],
)
def test_sheets_without_a_table_are_refused(book, sheet, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        load_table(book, targets="grade", sheet=sheet)


def test_a_first_sheet_without_a_table_names_the_others(tmp_path):
    path = tmp_path / "book.xlsx"
    with pd.ExcelWriter(path) as writer:
        for name, rows in (("cover", []), ("data", [1])):
            pd.DataFrame({"a": rows}).to_excel(writer, sheet_name=name, index=False)
    with pytest.raises(
        ValueError, match=r"a header but no rows; sheet 'cover'.*: 'data'"
    ):
        load_table(path, targets="a")


def test_a_sheet_of_a_text_file_is_refused(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="sheet='x' requires an Excel file, but this"):
        load_table(path, targets="a", sheet="x")
