import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.datasets import load_digits
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import (
    StratifiedKFold,
    check_cv,
    cross_val_score,
    cross_validate,
)
from sklearn.svm import SVC

from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from sklearn_mtl.model_selection import (
    MultiTaskStratifiedGroupKFold,
    MultiTaskStratifiedKFold,
)
from tests.real_data import load_real


def folds_of(cv, y, groups=None):
    part = np.full(len(y), -1)
    for k, (train, test) in enumerate(cv.split(np.zeros((len(y), 1)), y, groups)):
        assert np.array_equal(np.setdiff1d(np.arange(len(y)), test), train)
        part[test] = k
    return part


def off_by(y, part):
    """Return how far the worst count of a class is from what sizes allow.

    The best count of class c with n_c rows in a fold with a share s of the rows is
    floor(s n_c) or ceil(s n_c).
    """
    shares = np.bincount(part) / len(part)
    worst = 0
    for column in y.T:
        for label in np.unique(column[~np.isnan(column)]):
            counts = np.bincount(part[column == label], minlength=len(shares))
            best = shares * counts.sum()
            low, high = np.floor(best + 1e-9), np.ceil(best - 1e-9)
            worst = max(worst, (low - counts).max(), (counts - high).max())
    return worst


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("n_splits", [2, 5, 10])
@pytest.mark.parametrize("name", ["ml_yeast", "mdc_thyroid", "ml_emotions", "tox21"])
def test_class_counts_of_real_tasks_are_within_one_row_of_the_best(
    name, n_splits, shuffle
):
    _, y, _ = load_real(name)
    seed = 0 if shuffle else None
    cv = MultiTaskStratifiedKFold(n_splits, shuffle=shuffle, random_state=seed)
    part = folds_of(cv, y)
    assert off_by(y, part) <= 1
    sizes = np.bincount(part)
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize("name", ["mtr_wq", "student_por_mixed"])
def test_bins_of_real_regressions_are_within_one_row_of_the_best(name):
    _, y, _ = load_real(name)
    part = folds_of(MultiTaskStratifiedKFold(5), y)
    is_regression = [len(np.unique(column)) > 20 for column in y.T]
    for t in np.flatnonzero(is_regression):
        edges = np.unique(np.quantile(y[:, t], [0.2, 0.4, 0.6, 0.8]))
        y[:, t] = np.searchsorted(edges, y[:, t], side="right")
    assert off_by(y, part) <= 1


def test_one_task_is_as_even_as_scikit_learn_makes_it():
    y = np.repeat([0, 1, 2], [50, 23, 9])
    ours = folds_of(MultiTaskStratifiedKFold(4, shuffle=True, random_state=0), y)
    theirs = folds_of(StratifiedKFold(4), y)
    for label in range(3):
        mine, its = (np.bincount(part[y == label]) for part in (ours, theirs))
        assert sorted(mine) == sorted(its)


def digits_in_order():
    """Return digits that ten writers wrote, one after the other, and three tasks."""
    X, digit = load_digits(return_X_y=True)
    rng = np.random.default_rng(0)
    others = (rng.random((600, 2)) < 0.3).astype(float)
    others[rng.random(others.shape) < 0.3] = np.nan
    return X[:600], np.column_stack([digit[:600], others])


@pytest.mark.parametrize("n_tasks", [1, 3])
def test_neighbours_stay_together_without_shuffle(n_tasks):
    # scikit-learn's own test of StratifiedKFold, with its limits: by accuracies on
    # dependent samples
    X, y = digits_in_order()
    model = SVC(C=10, gamma=0.005)
    mean = {}
    for shuffle in (False, True):
        cv = MultiTaskStratifiedKFold(
            3, shuffle=shuffle, random_state=0 if shuffle else None
        )
        splits = list(cv.split(X, y[:, :n_tasks]))
        mean[shuffle] = cross_val_score(model, X, y[:, 0], cv=splits).mean()
    assert 0.8 < mean[False] < 0.87
    assert mean[True] > 0.94


def test_rows_in_order_go_to_the_folds_of_scikit_learn():
    y = np.tile([0, 1, 1, 0, 2, 1], 20)
    expected = folds_of(StratifiedKFold(5), y)
    assert np.array_equal(folds_of(MultiTaskStratifiedKFold(5), y), expected)


@pytest.mark.parametrize("n_tasks", [60, 150])
def test_many_tasks_with_many_missing_labels_stay_near_their_share(n_tasks):
    rng = np.random.default_rng(0)
    y = (rng.random((1500, n_tasks)) < 0.2).astype(float)
    y[rng.random(y.shape) < 0.7] = np.nan
    part = folds_of(MultiTaskStratifiedKFold(5), y)
    assert off_by(y, part) <= n_tasks / 15


def test_every_task_with_two_labels_is_in_every_training_set():
    y = np.full((40, 30), np.nan)
    rng = np.random.default_rng(0)
    for t in range(30):
        y[rng.choice(40, 2, replace=False), t] = [0, 1]
    for train, _ in MultiTaskStratifiedKFold(4).split(y, y):
        assert (~np.isnan(y[train])).any(axis=0).all()


def test_a_class_with_a_single_row_is_in_one_fold():
    y = np.array([[0, 0], [1, 0], [0, 1], [1, 0]] * 5, dtype=float)
    y[7, 0] = 2
    part = folds_of(MultiTaskStratifiedKFold(5), y)
    assert np.bincount(part).tolist() == [4] * 5
    assert off_by(y, part) <= 1


def test_a_task_with_one_label_is_told_once():
    y = np.array([[0, np.nan], [1, np.nan], [0, 1.5], [1, np.nan]])
    cv = MultiTaskStratifiedKFold(2)
    with pytest.warns(MissingLabelWarning, match=r"1 of 2 tasks .*'task1'") as told:
        list(cv.split(y, y))
    assert len(told) == 1


def test_no_shuffle_is_the_same_every_time_and_seeds_differ():
    y = np.random.default_rng(0).integers(2, size=(60, 3))
    assert np.array_equal(
        folds_of(MultiTaskStratifiedKFold(3), y),
        folds_of(MultiTaskStratifiedKFold(3), y),
    )
    by_seed = [
        folds_of(MultiTaskStratifiedKFold(3, shuffle=True, random_state=s), y)
        for s in (0, 0, 1)
    ]
    assert np.array_equal(by_seed[0], by_seed[1])
    assert not np.array_equal(by_seed[0], by_seed[2])


def test_labels_of_any_kind_give_the_folds_of_their_codes():
    codes = np.random.default_rng(0).integers(3, size=(30, 2))
    text = np.array(["low", "mid", "top"])[codes]
    frame = pd.DataFrame(text, columns=["a", "b"]).astype("category")
    expected = folds_of(MultiTaskStratifiedKFold(3), codes)
    for y in (codes.astype(float), text, text.astype(object), frame, codes.tolist()):
        assert np.array_equal(folds_of(MultiTaskStratifiedKFold(3), y), expected)


def test_task_types_say_what_cannot_be_inferred():
    y = np.tile(np.arange(30), 2)[:, None]  # 30 classes with two rows each
    as_classes = MultiTaskStratifiedKFold(2, task_types="classification")
    assert off_by(y.astype(float), folds_of(as_classes, y)) == 0


def test_it_is_a_splitter_for_scikit_learn():
    cv = MultiTaskStratifiedKFold(3, shuffle=True, random_state=1, n_bins=4)
    assert repr(cv) == (
        "MultiTaskStratifiedKFold(n_bins=4, n_splits=3, random_state=1, shuffle=True,\n"
        "             task_types=None)"
    )
    assert cv.get_n_splits() == 3
    assert check_cv(cv) is cv
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 2)), rng.normal(size=(30, 2))
    assert len(cross_validate(LinearRegression(), X, y, cv=cv)["test_score"]) == 3


def test_groups_without_a_group_splitter_are_told():
    y = np.arange(8) % 2
    with pytest.warns(UserWarning, match="groups parameter is ignored"):
        list(MultiTaskStratifiedKFold(2).split(y, y, groups=y))


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_splits": 1}, ValueError, "n_splits must be an integer of at least 2"),
        ({"n_splits": 2.5}, ValueError, "got 2.5"),
        ({"shuffle": 1}, TypeError, "shuffle must be True or False; got 1"),
        ({"random_state": 0}, ValueError, "no effect since shuffle is False"),
        ({"n_bins": 0}, ValueError, "n_bins must be an integer of at least 1"),
    ],
)
@pytest.mark.parametrize(
    "splitter", [MultiTaskStratifiedKFold, MultiTaskStratifiedGroupKFold]
)
def test_wrong_parameters_are_refused(splitter, arguments, error, match):
    with pytest.raises(error, match=f"{splitter.__name__}: .*{match}"):
        splitter(**arguments)


def test_wrong_data_are_refused():
    y = np.array([0, 1, 0])
    with pytest.raises(ValueError, match=r"n_splits=5 greater .* n_samples=3"):
        next(MultiTaskStratifiedKFold(5).split(y, y))
    with pytest.raises(ValueError, match="'y' parameter should not be None"):
        next(MultiTaskStratifiedKFold(2).split(y, None))
    with pytest.raises(TaskError, match="infinity"):
        next(MultiTaskStratifiedKFold(2).split(y, np.array([0.5, np.inf, 1])))


class TestGroups:
    def test_no_group_is_divided_on_real_scaffolds(self):
        _, y, keys = load_real("tox21")
        groups = keys["groups"]
        cv = MultiTaskStratifiedGroupKFold(5, shuffle=True, random_state=0)
        part = folds_of(cv, y, groups)
        assert len(set(zip(groups, part, strict=True))) == len(np.unique(groups))

    def test_without_the_giant_group_real_scaffolds_are_within_two_rows(self):
        _, y, keys = load_real("tox21")
        _, number, sizes = np.unique(
            keys["groups"], return_inverse=True, return_counts=True
        )
        small = sizes[number] < 100
        y, groups = y[small], keys["groups"][small]
        part = folds_of(MultiTaskStratifiedGroupKFold(5), y, groups)
        assert off_by(y, part) <= 2

    def test_groups_of_one_row_are_as_good_as_none(self):
        y = np.random.default_rng(0).integers(2, size=(100, 4)).astype(float)
        part = folds_of(MultiTaskStratifiedGroupKFold(5), y, np.arange(100))
        assert off_by(y, part) <= 1

    def test_text_groups_are_read(self):
        y = np.array([0, 1] * 6)
        groups = np.repeat(["a", "b", "c"], 4)
        part = folds_of(MultiTaskStratifiedGroupKFold(3), y, groups)
        assert np.bincount(part).tolist() == [4, 4, 4]

    def test_task_that_lives_in_one_group_is_told(self):
        y = np.full((6, 2), np.nan)
        y[:, 0] = [0, 1] * 3
        y[:2, 1] = [0, 1]
        cv = MultiTaskStratifiedGroupKFold(3)
        with pytest.warns(MissingLabelWarning, match="'task1'"):
            list(cv.split(y, y, [0, 0, 1, 1, 2, 2]))

    def test_groups_are_required_and_must_be_enough(self):
        y = np.arange(6) % 2
        cv = MultiTaskStratifiedGroupKFold(3)
        with pytest.raises(ValueError, match="'groups' parameter should not be None"):
            next(cv.split(y, y))
        with pytest.raises(ValueError, match="greater than the number of groups: 2"):
            next(cv.split(y, y, [0, 0, 0, 1, 1, 1]))

    def test_metadata_routing_brings_the_groups(self):
        y = np.random.default_rng(0).normal(size=(12, 2))
        groups = np.repeat(np.arange(4), 3)
        cv = MultiTaskStratifiedGroupKFold(2)
        with config_context(enable_metadata_routing=True):
            assert cv.get_metadata_routing().split.requests == {"groups": True}
            scores = cross_validate(
                LinearRegression(), y, y, cv=cv, params={"groups": groups}
            )
        assert len(scores["test_score"]) == 2


@st.composite
def targets(draw):
    """Draw y of any form: shapes, dtypes, missing labels, label types."""
    n_samples = draw(st.integers(4, 25))
    n_tasks = draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**16)))
    kind = draw(st.sampled_from(["int", "float", "text", "bool", "real", "frame"]))
    codes = rng.integers(draw(st.integers(1, 4)), size=(n_samples, n_tasks))
    if kind == "int":
        return codes[:, 0] if draw(st.booleans()) else codes.astype(np.int8)
    if kind == "bool":
        return codes > 0
    y = rng.normal(size=codes.shape) if kind == "real" else codes.astype(np.float32)
    if kind in ("text", "frame"):
        y = np.array(["a", "bb", "c", "d"], dtype=object)[codes]
    y[rng.random(y.shape) < draw(st.sampled_from([0, 0.3, 0.9]))] = (
        None if kind == "text" else np.nan
    )
    return pd.DataFrame(y) if kind == "frame" else y


@given(y=targets(), n_splits=st.integers(2, 4), shuffle=st.booleans())
@settings(max_examples=80, deadline=None, derandomize=True)
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.MissingLabelWarning")
def test_any_y_gives_a_partition_that_loses_no_task(y, n_splits, shuffle):
    seed = 0 if shuffle else None
    cv = MultiTaskStratifiedKFold(n_splits, shuffle=shuffle, random_state=seed)
    part = folds_of(cv, y)
    sizes = np.bincount(part, minlength=n_splits)
    assert sizes.max() - sizes.min() <= 1
    observed = ~pd.isna(pd.DataFrame(y)).to_numpy()
    for fold in range(n_splits):
        kept = observed[part != fold].any(axis=0)
        assert kept[observed.sum(axis=0) >= 2].all()


@given(y=targets(), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None, derandomize=True)
@pytest.mark.filterwarnings("ignore::sklearn_mtl.exceptions.MissingLabelWarning")
def test_any_y_and_groups_give_a_partition_of_the_groups(y, seed):
    groups = np.random.default_rng(seed).integers(3, size=len(y))
    if len(np.unique(groups)) > 1:
        part = folds_of(MultiTaskStratifiedGroupKFold(2), y, groups)
        assert len(set(zip(groups, part, strict=True))) == len(np.unique(groups))
