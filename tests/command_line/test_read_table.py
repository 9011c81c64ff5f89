"""What is said of a table before anything is fitted."""

import pandas as pd
import pytest

from sklearn_mtl.command_line._read_table import _common_unit


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["5%", "-12.5 %", "100%"], "%"),
        (["€ 1.200,50", "€3"], "€"),
        (["12 kg", "1,200.5 kg"], "kg"),
        (["21.5 °C", "-3°C"], "°C"),
        (["5%", "5 kg"], ""),
        (["5%", "5"], ""),
        (["P001", "P002"], ""),
        (["12A", "13A"], ""),
        (["north", "south"], ""),
        ([], ""),
    ],
)
def test_a_unit_is_one_that_all_numbers_have(texts, unit):
    assert _common_unit(pd.Series(texts, dtype=str)) == unit


def test_numbers_with_a_unit_are_told(folder, tmp_path, run):
    table = pd.read_csv(folder / "old.csv")
    table["share"] = [f"{i % 50} %" for i in range(len(table))]
    table.to_csv(tmp_path / "t.csv", index=False)
    options = ["--targets", "dose", "--model", "linear", "-o", tmp_path / "m.mtl"]
    code, _, err = run("fit", tmp_path / "t.csv", *options)
    assert code == 0
    assert (
        "warning: column 'share' is read as text because of '%' in values such as "
        "'0 %'; remove it to read numbers" in err
    )
