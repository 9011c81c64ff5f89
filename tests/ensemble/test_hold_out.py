"""Groups and validation sets in forests and in the linear member of a blend."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.metrics import r2_score

from sklearn_mtl.ensemble import MultiTaskForestMixedEstimator, MultiTaskForestRegressor
from sklearn_mtl.ensemble._alphas import ALPHAS
from sklearn_mtl.ensemble._linear import RidgeMember
from sklearn_mtl.ensemble._trees import GroupDraws, grow_forest, out_of_bag_means
from sklearn_mtl.exceptions import MissingLabelWarning
from tests.chance import chance

MODELS = {
    "forest": lambda: MultiTaskForestRegressor(n_estimators=50, random_state=0),
    "linear": lambda: RidgeMember(task_types="regression", random_state=0),
}


def copies(n_groups=30, n_copies=6):
    """Return near-copies of subjects whose labels have little to do with X."""
    rng = np.random.default_rng(0)
    Z, t = rng.normal(size=(n_groups, 20)), rng.normal(size=(n_groups, 2))
    X = np.repeat(Z, n_copies, 0) + 0.01 * rng.normal(size=(n_groups * n_copies, 20))
    return X, np.repeat(t, n_copies, 0), np.repeat(np.arange(n_groups), n_copies)


@pytest.mark.parametrize("name", MODELS)
def test_out_of_fold_predictions_have_not_seen_the_group(name):
    X, y, groups = copies()
    model = MODELS[name]()
    assert r2_score(y, np.column_stack(model.fit(X, y).oof_prediction_)) > 0.5
    model.fit(X, y, groups=groups)
    assert r2_score(y, np.column_stack(model.oof_prediction_)) < 0.1
    assert np.abs(chance(y, model.oof_prediction_, groups)).max() < 3


@pytest.mark.parametrize("name", MODELS)
def test_names_of_groups_do_not_matter(name):
    X, y, groups = copies()
    text = np.array([f"subject {99 - g}" for g in groups])
    one, two = (
        MODELS[name]().fit(X, y, groups=given).predict(X) for given in (groups, text)
    )
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("name", MODELS)
def test_a_task_in_one_group_has_no_out_of_fold_predictions_there(name):
    X, y, groups = copies()
    y[groups != 7, 1] = np.nan
    y[groups == 7, 1] += np.arange(6)
    model = MODELS[name]()
    if name == "forest":  # a blend says it for its members
        with pytest.warns(MissingLabelWarning, match="1 of 2 tasks have all their"):
            model.fit(X, y, groups=groups)
    else:
        model.fit(X, y, groups=groups)
    first, second = model.oof_prediction_
    assert np.isfinite(first).all()
    assert np.isnan(second[groups == 7]).all()
    assert np.isfinite(model.predict(X)[:, 1].astype(float)).all()


@pytest.mark.parametrize("name", MODELS)
def test_one_group_holds_nothing_out_and_says_so(name):
    X, y, _ = copies()
    model = MODELS[name]()
    with pytest.warns(UserWarning, match="all samples are in one group, so nothing is"):
        model.fit(X, y, groups=np.zeros(len(X)))
    assert not hasattr(model, "oof_prediction_")
    assert np.isfinite(model.predict(X).astype(float)).all()


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
def test_out_of_bag_means_are_those_of_trees_without_the_group(container):
    X, y, groups = copies(8, 3)
    X, draws = X.astype(np.float32), GroupDraws(groups, np.arange(8), 0)
    params = {"n_estimators": 9, "random_state": 0, "min_samples_leaf": 1}
    forest = grow_forest(container(X), y, np.ones(24), draws, **params)
    found = out_of_bag_means(forest, container(X), draws)
    for g in range(8):
        rows = groups == g
        without = [i for i in range(9) if not draws.counts(i)[rows].any()]
        alone = [forest.estimators_[i].predict(X[rows]) for i in without]
        np.testing.assert_allclose(found[rows], np.mean(alone, axis=0))
    for i in range(9):  # whole groups, as many draws as there are
        counts = draws.counts(i).reshape(8, 3)
        assert (counts == counts[:, :1]).all()
        assert counts[:, 0].sum() == 8


def test_a_tree_of_groups_has_seen_what_it_has_drawn():
    X, y, groups = copies(8, 3)
    draws = GroupDraws(groups, np.arange(8), 0)
    params = {"n_estimators": 1, "min_samples_leaf": 1, "max_depth": None}
    forest = grow_forest(X.astype(np.float32), y, np.ones(24), draws, **params)
    seen = draws.counts(0) > 0
    found = forest.predict(X[seen].astype(np.float32))
    np.testing.assert_allclose(found, y[seen])


def test_jobs_do_not_change_a_bit_and_unlabelled_rows_are_out_of_the_bag():
    X, y, groups = copies()
    y[:, 0] = y[:, 0] > 0
    y[::3] = np.nan
    y[groups == 3] = np.nan
    one, two = (
        MultiTaskForestMixedEstimator(
            n_estimators=20, random_state=0, n_jobs=n_jobs
        ).fit(X, y, groups=groups)
        for n_jobs in (1, 2)
    )
    for a, b in zip(one.oof_prediction_, two.oof_prediction_, strict=True):
        np.testing.assert_array_equal(a, b)
        assert np.isfinite(a).all()


class TestLinearValidation:
    def test_the_alpha_is_the_best_on_it(self):
        X, y, _ = copies()
        rng = np.random.default_rng(1)
        X_val, y_val = rng.normal(size=(60, 20)), rng.normal(size=(60, 2))
        model = RidgeMember(task_types="regression", random_state=0)
        given = {"X_val": X_val, "y_val": y_val}
        noisy = model.fit(X, y, **given)._coefficients
        model.fit(X, y, X_val=X, y_val=y)
        assert not hasattr(model, "oof_prediction_")
        assert np.abs(model._coefficients[:-1]).sum() > np.abs(noisy[:-1]).sum()
        assert len(ALPHAS) > 1

    def test_probabilities_are_calibrated_on_it(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(300, 3))
        y = (X[:, 0] + rng.normal(size=300) > 0).astype(float)
        model = RidgeMember(task_types="classification", random_state=0)
        model.fit(X[:200], y[:200], X_val=X[200:], y_val=1 - y[200:])
        # Where the validation set denies all that was learnt, its share is claimed. The
        # slope is at its least, exp(-8) in units of the score, of which no row has 5:
        # logits differ by at most 2 * 5 * exp(-8), probabilities by a quarter of it.
        share = np.mean(1 - y[200:])
        np.testing.assert_allclose(
            model.predict_proba(X)[:, 1], share, atol=2.5 * np.exp(-8)
        )
