"""The strength of a penalty is chosen with whole groups held out."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifierCV,
    MultiTaskLinearRegressorCV,
)

MODELS = [MultiTaskLinearClassifierCV, MultiTaskLinearRegressorCV]


def copies(cls, n_groups=20, n_copies=5):
    """Return near-copies of subjects whose labels have nothing to do with X."""
    rng = np.random.default_rng(0)
    Z, t = rng.normal(size=(n_groups, 30)), rng.normal(size=(n_groups, 2))
    t = (t > 0) * 1.0 if cls is MultiTaskLinearClassifierCV else t
    X = np.repeat(Z, n_copies, 0) + 0.01 * rng.normal(size=(n_groups * n_copies, 30))
    groups = np.repeat(np.arange(n_groups), n_copies)
    order = rng.permutation(len(X))  # unshuffled folds would hold out whole subjects
    return X[order], np.repeat(t, n_copies, 0)[order], groups[order]


@pytest.mark.parametrize("cls", MODELS)
def test_near_copies_do_not_choose_a_weak_penalty(cls):
    X, y, groups = copies(cls)
    model = cls(alphas=4, eps=0.01, tol=1e-3)
    weak, strong = model.fit(X, y).alpha_, model.fit(X, y, groups=groups).alpha_
    assert strong > 5 * weak
    by_hand = GroupKFold(5)
    model.set_params(cv=by_hand).fit(X, y, groups=groups)
    assert model.alpha_ > 5 * weak


@pytest.mark.parametrize("cls", MODELS)
def test_folds_by_default_are_at_most_the_groups(cls):
    X, y, groups = copies(cls)
    model = cls(alphas=[0.1], tol=1e-3).fit(X, y, groups=groups % 3)
    assert model.n_splits_ == 3
    with pytest.raises(
        ValueError, match="n_splits=4 greater than the number of groups"
    ):
        model.set_params(cv=4).fit(X, y, groups=groups % 3)


@pytest.mark.parametrize("cls", MODELS)
def test_a_task_in_one_group_is_told_and_fitted(cls):
    X, y, groups = copies(cls)
    y[groups != 3, 1] = np.nan
    y[np.flatnonzero(groups == 3), 1] = np.arange(5) % 2
    with pytest.warns(MissingLabelWarning, match="1 of 2 tasks have too few labels"):
        model = cls(alphas=[0.1], tol=1e-3).fit(X, y, groups=groups)
    assert np.isfinite(model.predict(X)).all()
    assert np.isfinite(model.cv_results_["mean_test_loss"]).all()
