import numpy as np
import pytest

from sklearn_mtl.utils._ties import (
    difference,
    first_highest,
    first_lowest,
    level_ties,
)

TIED = 0.1 + 0.2  # 0.3 but for the last bit


@pytest.mark.parametrize("unit", [1e-9, 1.0, 1e9])
def test_the_first_of_those_that_differ_by_rounding_is_chosen(unit):
    values = unit * np.array([0.1, 0.3, TIED, 0.3, 0.2])
    assert values.argmax() == 2
    assert first_highest(values) == first_lowest(-values) == 1


def test_real_differences_decide():
    assert first_highest(np.array([1.0, 1.0 + 1e-8, 0.0])) == 1


def test_differences_of_large_numbers_tie_by_the_size_of_these():
    gains = np.array([1e-15, 2e-15])
    assert first_highest(gains) == 1
    assert first_highest(gains, size=1.0) == 0


def test_nan_and_infinities_are_ordered_as_numbers_are():
    values = np.array([[np.nan, -np.inf, 0.5], [np.nan, -np.inf, -np.inf]])
    assert first_highest(values, axis=1).tolist() == [2, 0]
    assert first_lowest(np.array([np.nan, np.inf, 3.0])) == 2
    assert first_highest(np.array([3.0, np.inf])) == 1


def test_ties_are_levelled_and_the_rest_is_kept():
    values = np.array([TIED, np.nan, 0.3, -np.inf, 5.0, np.inf, 0.3 + 1e-8, -np.inf])
    expected = np.array([0.3, np.nan, 0.3, -np.inf, 5.0, np.inf, 0.3 + 1e-8, -np.inf])
    np.testing.assert_array_equal(level_ties(values), expected)
    assert len(level_ties(np.empty(0))) == 0


def test_differences_of_rounding_are_none():
    one = np.array([TIED, 1.0, np.nan, np.inf])
    found = difference(one, np.array([0.3, 1.0 - 1e-8, 1.0, 0.0]))
    np.testing.assert_array_equal(found, [0.0, 1.0 - (1.0 - 1e-8), np.nan, np.inf])
