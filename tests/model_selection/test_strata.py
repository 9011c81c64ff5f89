import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.model_selection import MultiTaskStratifiedKFold, train_test_split
from sklearn_mtl.model_selection._checks import read_tasks
from sklearn_mtl.model_selection._strata import build_strata
from sklearn_mtl.tasks import TaskSet, as_cells


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


TAGS = [["O", "B", "O"], None, ["O"], ["B", "I"], ["O", None]]


def test_each_tag_is_a_stratum_of_the_samples_that_have_it():
    y = pd.DataFrame({"a": list("xyxxy"), "slots": TAGS})
    task_set, codes = read_tasks(y, None, "me")
    # the classes x and y, the tags B, I and O, and where there are tags
    assert build_strata(task_set, codes, 5, 0.2).toarray().tolist() == [
        [1, 0, 1, 0, 1, 1],
        [0, 1, 0, 0, 0, 0],
        [1, 0, 0, 0, 1, 1],
        [1, 0, 1, 1, 0, 1],
        [0, 1, 0, 0, 1, 1],
    ]


def test_without_the_tags_the_samples_that_have_some_are_a_stratum():
    task_set, codes = TaskSet.from_y(pd.Series(TAGS), allow_tokens=True)
    assert build_strata(task_set, codes, 5, 0.2).toarray().ravel().tolist() == [
        *(1, 0, 1, 1, 1)
    ]


@pytest.mark.parametrize("container", [pd.Series, as_cells])
def test_splitters_keep_tags_in_proportion(container):
    rng = np.random.default_rng(0)
    tags = [rng.choice(list("abcde"), rng.integers(1, 4)).tolist() for _ in range(103)]
    tags[::10] = [None] * len(tags[::10])
    y = container(tags)
    has = np.array([[tag in (cell or []) for tag in "abcde"] for cell in tags])
    for _, test in MultiTaskStratifiedKFold(4).split(np.zeros((103, 1)), y):
        assert (np.abs(has[test].sum(axis=0) - has.sum(axis=0) / 4) < 1).all()
    _, test = train_test_split(np.arange(103), y, test_size=0.25, random_state=0)[:2]
    assert (np.abs(has[test].sum(axis=0) - has.sum(axis=0) * 26 / 103) < 1.5).all()


def test_a_bare_list_of_lists_is_split_where_it_is_said_to_be_tags():
    y = [["O", "B"], ["O", "x"], ["B", "O"], ["x", "O"]]
    cv = MultiTaskStratifiedKFold(2, task_types="tokens")
    for _, test in cv.split(np.zeros((4, 1)), y):
        assert {tag for i in test for tag in y[i]} == {"O", "B", "x"}
