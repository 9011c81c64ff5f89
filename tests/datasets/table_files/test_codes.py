"""Digits that are codes and no numbers."""

import pytest

from sklearn_mtl.datasets.table_files import FileOptions, read_table_file


def read(tmp_path, values, encoding="utf-8", sep=",", **options):
    path = tmp_path / "t.csv"
    lines = ["x" + sep + "code", *[f"0.5{sep}{value}" for value in values]]
    path.write_text("\n".join(lines), encoding=encoding)
    return read_table_file(path, FileOptions(**options)).frame["code"].tolist()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
def test_digits_padded_with_zeros_stay_texts(tmp_path, encoding, sep):
    codes = ["01", "02", "10"]
    assert read(tmp_path, codes, encoding, sep) == codes
    quoted = [f'"{code}"' for code in codes]
    assert read(tmp_path, quoted, encoding, sep) == codes


def test_a_padded_code_is_found_after_any_number_of_rows(tmp_path):
    values = [*["10"] * 3000, "01"]
    assert read(tmp_path, values) == values


@pytest.mark.parametrize(
    ("written", "values"),
    [
        (["1", "05", "10"], [1, 5, 10]),  # the numbers of digits differ
        (["10", "20"], [10, 20]),
        (["0.5", "0.7"], [0.5, 0.7]),
        (["0", "1"], [0, 1]),
    ],
)
def test_other_digits_are_numbers(tmp_path, written, values):
    assert read(tmp_path, written) == values


def test_named_columns_are_texts(tmp_path):
    assert read(tmp_path, ["1.0", "2.50"], texts=("code",)) == ["1.0", "2.50"]
    assert read(tmp_path, ["TRUE", "TRUE"], texts=("code",)) == ["TRUE", "TRUE"]
