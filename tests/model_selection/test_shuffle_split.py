import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_validate

from sklearn_mtl.model_selection import MultiTaskStratifiedShuffleSplit
from tests.real_data import load_real


def labels(n=200):
    rng = np.random.default_rng(0)
    y = (rng.random((n, 5)) < [0.5, 0.3, 0.2, 0.1, 0.05]).astype(float)
    y[rng.random(y.shape) < 0.2] = np.nan
    return y


@pytest.mark.parametrize("test_size", [0.1, 0.25, 0.5, 30])
@pytest.mark.parametrize("name", ["ml_yeast", "mdc_thyroid"])
def test_class_counts_of_real_tasks_are_within_one_row_of_the_best(name, test_size):
    _, y, _ = load_real(name)
    cv = MultiTaskStratifiedShuffleSplit(2, test_size=test_size, random_state=0)
    for _, test in cv.split(y, y):
        for column in y.T:
            for label in np.unique(column):
                best = (column == label).sum() * len(test) / len(y)
                count = (column[test] == label).sum()
                assert np.floor(best) - 1 <= count <= np.ceil(best) + 1


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({}, (180, 20)),
        ({"test_size": 0.25}, (150, 50)),
        ({"train_size": 120}, (120, 80)),
        ({"test_size": 20, "train_size": 0.3}, (60, 20)),
    ],
)
def test_sizes_are_those_of_scikit_learn(sizes, expected):
    y = labels()
    cv = MultiTaskStratifiedShuffleSplit(3, random_state=0, **sizes)
    for train, test in cv.split(y, y):
        assert (len(train), len(test)) == expected
        assert len(np.intersect1d(train, test)) == 0


def test_rows_left_out_leave_both_parts_in_proportion():
    y = np.repeat([0, 1], [150, 50])
    cv = MultiTaskStratifiedShuffleSplit(
        1, train_size=100, test_size=40, random_state=0
    )
    train, test = next(cv.split(y, y))
    assert (y[train].sum(), y[test].sum()) == (25, 10)


def test_a_single_label_is_trained_on():
    y = labels()
    y[:, 4] = np.nan
    y[3, 4] = 1
    cv = MultiTaskStratifiedShuffleSplit(8, test_size=0.5, random_state=0)
    assert all(3 in train for train, _ in cv.split(y, y))


def test_splits_differ_and_seeds_repeat_them():
    y = labels()
    cv = MultiTaskStratifiedShuffleSplit(3, random_state=0)
    first, second = ([test.tolist() for _, test in cv.split(y, y)] for _ in range(2))
    assert first == second
    assert len({tuple(test) for test in first}) == 3


def test_it_is_a_splitter_for_scikit_learn():
    cv = MultiTaskStratifiedShuffleSplit(2, test_size=0.2)
    assert repr(cv).startswith("MultiTaskStratifiedShuffleSplit(n_bins=5, n_splits=2")
    assert cv.get_n_splits() == 2
    y = np.random.default_rng(0).normal(size=(30, 2))
    scores = cross_validate(LinearRegression(), y, y, cv=cv)
    assert len(scores["test_score"]) == 2


def test_groups_are_ignored_with_a_warning():
    y = labels()
    cv = MultiTaskStratifiedShuffleSplit(1, random_state=0)
    with pytest.warns(UserWarning, match="ShuffleSplit: the groups parameter is"):
        next(cv.split(y, y, groups=y[:, 0]))


def test_wrong_arguments_are_refused():
    who = "MultiTaskStratifiedShuffleSplit: "
    with pytest.raises(ValueError, match=f"{who}n_splits must be .* got 0"):
        MultiTaskStratifiedShuffleSplit(0)
    with pytest.raises(ValueError, match=f"{who}n_bins must be .* got 0"):
        MultiTaskStratifiedShuffleSplit(n_bins=0)
    with pytest.raises(ValueError, match=f"{who}the 'y' parameter should not be"):
        next(MultiTaskStratifiedShuffleSplit().split(np.zeros((5, 1)), None))
    cv = MultiTaskStratifiedShuffleSplit(test_size=2.5)
    with pytest.raises(ValueError, match="test_size=2"):
        next(cv.split(labels(), labels()))
