import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.model_selection import train_test_split


def data(n=120):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    y = (rng.random((n, 4)) < [0.5, 0.3, 0.2, 0.1]).astype(float)
    y[rng.random(y.shape) < 0.3] = np.nan
    return X, y


def test_all_tasks_are_in_proportion_by_default():
    X, y = data()
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    assert len(X_train) == len(y_train) == 90
    assert len(X_test) == len(y_test) == 30
    for label in (0, 1):
        shares = (y_test == label).sum(axis=0) - 0.25 * (y == label).sum(axis=0)
        assert np.abs(shares).max() <= 1


def test_rows_stay_together():
    X, y = data()
    rows = np.arange(120)
    X_train, X_test, _, _, train, test = train_test_split(X, y, rows)
    np.testing.assert_array_equal(X[train], X_train)
    np.testing.assert_array_equal(X[test], X_test)
    assert np.array_equal(np.sort([*train, *test]), rows)


def test_each_array_keeps_its_type():
    X, y = data()
    arrays = (
        pd.DataFrame(X),
        pl.DataFrame(y, schema=list("abcd")),
        sparse.csr_array(X),
        X.tolist(),
    )
    parts = train_test_split(*arrays, test_size=10, random_state=0)
    for array, train, test in zip(arrays, parts[::2], parts[1::2], strict=True):
        assert type(train) is type(array) is type(test)
    assert parts[3]["a"].null_count() == parts[3]["a"].is_null().sum()


def test_labels_may_be_given_apart():
    X, y = data()
    cuts = [
        train_test_split(X, random_state=0, stratify=labels)[1].tolist()
        for labels in (y, None)
    ]
    assert cuts[0] == train_test_split(X, y, random_state=0)[1].tolist()
    assert cuts[0] != cuts[1]


def test_order_is_kept_without_shuffle():
    X, y = data()
    X_train, X_test, *_ = train_test_split(X, y, shuffle=False, test_size=20)
    np.testing.assert_array_equal(np.vstack([X_train, X_test]), X)


def test_groups_are_not_divided():
    X, y = data()
    groups = np.arange(120) // 4
    train, test = train_test_split(groups, groups=groups, random_state=0)
    assert not set(train) & set(test)
    *_, y_test, _, test = train_test_split(X, y, groups, groups=groups, random_state=0)
    assert len(np.unique(test)) * 4 == len(test)
    assert abs(len(test) - 30) <= 4
    assert np.abs(np.nansum(y_test, axis=0) - 0.25 * np.nansum(y, axis=0)).max() <= 3


@pytest.mark.parametrize("sizes", [{}, {"test_size": 5}, {"train_size": 0.9}])
def test_a_single_group_leaves_no_part_to_train_or_test(sizes):
    X, y = data()
    match = "train_test_split: 1 groups of up to 120 samples leave the test part empty"
    with pytest.raises(ValueError, match=match):
        train_test_split(X, y, groups=np.zeros(120), random_state=0, **sizes)


@pytest.mark.parametrize("counts", [[119, 1], [60, 60], [100, 10, 10], [1] * 5 + [115]])
@pytest.mark.parametrize("sizes", [{}, {"test_size": 5}, {"test_size": 0.9}])
def test_two_groups_are_one_on_each_side(counts, sizes):
    groups = np.repeat(np.arange(len(counts)), counts)
    for seed in range(10):
        train, test = train_test_split(
            groups, groups=groups, random_state=seed, **sizes
        )
        assert len(train)
        assert len(test)


def test_a_task_in_one_test_group_is_told_or_trained_on():
    X, y = data()
    y[:, 3] = np.nan
    y[5, 3] = 1
    y_train = train_test_split(X, y, random_state=0, test_size=0.5)[2]
    assert np.isfinite(y_train[:, 3]).sum() == 1
    groups = np.arange(120) // 60
    with pytest.warns(MissingLabelWarning, match=r"train_test_split: .*'task3'"):
        over_seeds(X, y, groups=groups, test_size=0.5)


def over_seeds(*arrays, **arguments):
    return [train_test_split(*arrays, random_state=s, **arguments) for s in range(20)]


def test_same_seed_gives_the_same_split():
    X, y = data()
    one, same, other = (
        train_test_split(X, y, random_state=s)[1].tolist() for s in (0, 0, 1)
    )
    assert one == same != other


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"stratify": "y"}, "stratify must be 'tasks', an array .* got 'y'"),
        ({"stratify": [0, 1]}, "stratify has 2 samples, but the arrays have 120"),
        ({"groups": [0, 1]}, "groups has 2 samples, but the arrays have 120"),
        ({"shuffle": False, "groups": np.ones(120)}, "require shuffle=True"),
        ({"shuffle": False, "stratify": np.ones(120)}, "require shuffle=True"),
        ({"test_size": 500}, "test_size=500"),
    ],
)
def test_wrong_arguments_are_refused(arguments, match):
    with pytest.raises(ValueError, match=match):
        train_test_split(*data(), **arguments)


def test_no_arrays_and_unequal_lengths_are_refused():
    with pytest.raises(ValueError, match="at least one array is required"):
        train_test_split()
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        train_test_split([1, 2], [1, 2, 3])
