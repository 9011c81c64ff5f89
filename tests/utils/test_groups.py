"""Groups are numbered by value, whatever container and type they come in."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_mtl.utils._groups import read_groups

NUMBERS = [3, 1, 3, 2]
SAME = {
    "list": NUMBERS,
    "floats": np.array(NUMBERS, dtype=float),
    "texts": ["c", "a", "c", "b"],
    "objects": np.array(["c", 1, "c", 2.0], dtype=object),
    "column": np.array(NUMBERS)[:, None],
    "series": pd.Series(NUMBERS, index=[9, 8, 7, 6]),
    "nullable": pd.Series(NUMBERS, dtype="Int64"),
    "categories": pd.Series(["c", "a", "c", "b"], dtype="category"),
    "frame": pd.DataFrame({"subject": NUMBERS}),
    "polars": pl.Series(["c", "a", "c", "b"]),
    "dates": np.array(["2020-03", "2020-01", "2020-03", "2020-02"], dtype="M8[M]"),
    "masked": np.ma.masked_array(NUMBERS, mask=False),
}


@pytest.mark.parametrize("name", SAME)
def test_groups_are_numbered_in_the_order_of_appearance(name):
    assert read_groups(SAME[name], 4, "Net").tolist() == [0, 1, 0, 2]


@pytest.mark.parametrize(
    "groups",
    [
        [1.0, np.nan, 2.0],
        ["a", None, "b"],
        pd.Series([1, None, 2], dtype="Int64"),
        pl.Series(["a", None, "b"]),
        np.ma.masked_array([1, 2, 3], mask=[False, True, False]),
    ],
    ids=["nan", "none", "nullable", "polars", "masked"],
)
def test_a_sample_without_a_group_is_refused(groups):
    message = "Net: groups is missing for 1 samples, such as sample 1; every sample "
    with pytest.raises(ValueError, match=message):
        read_groups(groups, 3, "Net")


def test_groups_of_another_length_or_shape_are_refused():
    with pytest.raises(ValueError, match="Net: groups has 3 samples, X has 4"):
        read_groups([1, 2, 3], 4, "Net")
    with pytest.raises(ValueError, match=r"Net: groups has shape \(4, 2\)"):
        read_groups(np.ones((4, 2)), 4, "Net")
