import numpy as np
import pytest

from sklearn_mtl.model_selection._strata import build_strata
from sklearn_mtl.tasks import TaskSet


def strata_of(y, n_bins=5, share=0.2, **kwargs):
    task_set, codes = TaskSet.from_y(y, warn=False, on_empty_task="warn", **kwargs)
    return build_strata(task_set, codes, n_bins, share).toarray()


def test_each_class_of_each_task_is_a_stratum():
    y = np.array([["a", "x"], ["b", "x"], ["c", "y"]])
    assert strata_of(y).tolist() == [[1, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 1]]


def test_missing_label_is_in_no_stratum_of_its_task():
    y = np.array([[0, 1], [np.nan, 0], [1, 0]])
    strata = strata_of(y)
    # classes 0 and 1 and "observed" of the first task, classes of the second
    assert strata.tolist() == [[1, 0, 1, 0, 1], [0, 0, 0, 1, 0], [0, 1, 1, 1, 0]]


@pytest.mark.parametrize("n_bins", [2, 4, 5])
def test_regression_has_bins_of_equal_size(n_bins):
    y = np.random.default_rng(0).normal(size=(100, 1))
    strata = strata_of(y, n_bins=n_bins)
    assert strata.sum(axis=0).tolist() == [100 / n_bins] * n_bins
    assert (strata.sum(axis=1) == 1).all()


def test_bins_are_intervals():
    y = np.random.default_rng(0).normal(size=(60, 1))
    strata = strata_of(y, n_bins=3)
    low, middle, high = (y[strata[:, b] == 1] for b in range(3))
    assert low.max() < middle.min() <= middle.max() < high.min()


def test_bins_are_fewer_where_the_smallest_part_could_not_have_one_row_of_each():
    y = np.linspace(0.1, 1, 10)[:, None]
    assert strata_of(y, n_bins=5, share=0.5).shape[1] == 5
    assert strata_of(y, n_bins=5, share=0.2).shape[1] == 2
    assert strata_of(y, n_bins=5, share=0.01).shape[1] == 1


def test_tied_regression_values_are_not_divided():
    y = np.array([0.5] * 50 + list(np.linspace(1.1, 2, 50)))[:, None]
    strata = strata_of(y, n_bins=5)
    assert (strata[:50] == strata[0]).all()


def test_empty_task_has_no_stratum():
    y = np.array([[np.nan, 0], [np.nan, 1], [np.nan, 1]])
    assert strata_of(y).tolist() == [[1, 0], [0, 1], [0, 1]]
    assert strata_of(np.full((4, 2), np.nan)).shape == (4, 0)


def test_bins_do_not_depend_on_the_unit():
    # 40 tasks: quantiles that fall on a label are rounded to either side of it
    y = np.random.default_rng(0).normal(loc=1, size=(101, 40))
    for unit in (1e-9, 0.1, 3.3, 1e9):
        assert np.array_equal(strata_of(y * unit), strata_of(y))
