"""Masked values become missing ones."""

import numpy as np
import pytest

from sklearn_mtl.utils._containers import fill_masked

MASK = np.array([[True, False], [False, False]])


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("u1", "f8"), ("?", "f8")],
)
def test_masked_numbers_become_nan(dtype, expected):
    data = np.array([[3, 0], [1, 1]]).astype(dtype)
    found = fill_masked(np.ma.masked_array(data, mask=MASK))
    assert type(found) is np.ndarray
    assert found.dtype == expected
    np.testing.assert_array_equal(found, [[np.nan, 0], [1, 1]])
    assert data[0, 0]  # the caller's data stay


def test_masked_texts_become_none_and_masked_dates_nat():
    texts = fill_masked(np.ma.masked_array([["a", "b"], ["c", "d"]], mask=MASK))
    assert texts.tolist() == [[None, "b"], ["c", "d"]]
    dates = np.array([["2020", "2021"], ["2022", "2023"]], dtype="M8[D]")
    found = fill_masked(np.ma.masked_array(dates, mask=MASK))
    np.testing.assert_array_equal(np.isnat(found), MASK)


def test_what_is_not_masked_keeps_its_dtype():
    pixels = np.ma.masked_array(np.zeros((2, 2), np.uint8))
    assert fill_masked(pixels).dtype == np.uint8
    for other in ([[1.0, 2.0]], np.ones(3), None):
        assert fill_masked(other) is other
