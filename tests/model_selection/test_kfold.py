import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import KFold, cross_validate

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.model_selection import MultiTaskKFold


def rows_of(cv, X, y=None, **kwargs):
    return [test.tolist() for _, test in cv.split(X, y, **kwargs)]


def test_complete_labels_give_the_folds_of_kfold():
    y = np.random.default_rng(0).normal(size=(17, 3))
    assert rows_of(MultiTaskKFold(4), y, y) == rows_of(KFold(4), y)
    assert rows_of(MultiTaskKFold(4), y) == rows_of(KFold(4), y)


@pytest.mark.parametrize("shuffle", [False, True])
def test_every_task_keeps_labels_in_every_training_set(shuffle):
    rng = np.random.default_rng(0)
    y = np.full((60, 15), np.nan)
    for t in range(15):
        y[rng.integers(50) + np.arange(3), t] = rng.normal(size=3)
    cv = MultiTaskKFold(4, shuffle=shuffle, random_state=0 if shuffle else None)
    for train, test in cv.split(y, y):
        assert np.isfinite(y[train]).any(axis=0).all()
        assert len(test) == 15
        assert np.array_equal(np.sort([*train, *test]), np.arange(60))


def test_only_the_rows_that_must_change_their_fold():
    y = np.ones((20, 2))
    y[5:, 1] = np.nan
    y[:, 0] = np.arange(20) / 7
    changed = [
        set(ours) ^ set(theirs)
        for ours, theirs in zip(
            rows_of(MultiTaskKFold(4), y, y), rows_of(KFold(4), y), strict=True
        )
    ]
    assert sorted(map(len, changed)) == [0, 0, 2, 2]


def test_one_label_cannot_be_everywhere_and_is_told():
    y = pd.DataFrame({"a": np.arange(6) / 7, "b": [0.5] + [np.nan] * 5})
    with pytest.warns(MissingLabelWarning, match=r"MultiTaskKFold: 1 of 2 .*\['b'\]"):
        list(MultiTaskKFold(3).split(y, y))


def test_shuffled_folds_depend_on_the_seed_alone():
    X = np.zeros((30, 1))
    one, same, other = (
        rows_of(MultiTaskKFold(3, shuffle=True, random_state=s), X) for s in (0, 0, 1)
    )
    assert one == same != other


def test_it_is_a_splitter_for_scikit_learn():
    assert repr(MultiTaskKFold(3)) == (
        "MultiTaskKFold(n_splits=3, random_state=None, shuffle=False)"
    )
    assert MultiTaskKFold(3).get_n_splits() == 3
    y = np.random.default_rng(0).normal(size=(12, 2))
    scores = cross_validate(LinearRegression(), y, y, cv=MultiTaskKFold(3))
    assert len(scores["test_score"]) == 3


def test_groups_are_ignored_with_a_warning():
    X = np.zeros((6, 1))
    with pytest.warns(UserWarning, match="MultiTaskKFold: the groups parameter"):
        rows_of(MultiTaskKFold(2), X, groups=np.arange(6))


def test_more_folds_than_rows_are_refused():
    with pytest.raises(ValueError, match=r"n_splits=5 greater .* n_samples=4"):
        rows_of(MultiTaskKFold(5), np.zeros((4, 1)))
