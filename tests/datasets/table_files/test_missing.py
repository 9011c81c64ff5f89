"""Words that stand for a missing value, or are values."""

import pandas as pd
import pytest

from sklearn_mtl.datasets import load_table
from sklearn_mtl.datasets.table_files import FileOptions, read_table_file

FRAME = pd.DataFrame(
    {
        "size": ["1", "None", "NA", "4"],
        "grade": ["None", "Mild", "Severe", "Mild"],
        "region": ["NA", "EU", "", "NA"],
    }
)


@pytest.fixture(params=["csv", "xlsx"])
def path(request, tmp_path):
    path = tmp_path / f"t.{request.param}"
    if path.suffix == ".csv":
        FRAME.to_csv(path, index=False)
    else:
        pytest.importorskip("openpyxl")
        frame = FRAME.assign(size=[1, "None", "NA", 4])
        frame.to_excel(path, index=False)
    return path


def test_none_is_a_text_and_missing_only_among_numbers(path):
    frame = read_table_file(path, FileOptions()).frame
    assert frame["grade"].tolist() == FRAME["grade"].tolist()
    assert frame["size"].dtype.kind == "f"
    assert frame["size"].isna().tolist() == [False, True, True, False]


def test_words_that_were_texts_perhaps_are_told_with_their_number(path):
    table = read_table_file(path, FileOptions(on_command_line=True))
    assert table.read_as == (
        "2 'NA' in region read as missing (use --not-missing NA to keep)"
    )
    assert table.frame["region"].isna().tolist() == [True, False, True, True]
    confirmed = read_table_file(path, FileOptions(missing=("NA",)))
    assert confirmed.read_as == ""


def test_words_that_are_not_missing_are_texts(path):
    table = load_table(path, targets="grade", not_missing=["NA"])
    assert table.data["region"].fillna("-").tolist() == ["NA", "EU", "-", "NA"]
    assert table.read_as == ""
