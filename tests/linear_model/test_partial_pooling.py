import cvxpy as cp
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.tasks import stack_tasks
from tests.linear_model.strengths import strength

PENALTIES = ["l21", "trace", "mean", "ridge", "empirical_bayes"]


def draw(level=1.0, noise=1.0, n_tasks=8, seed=0):
    """Return own rows of tasks whose levels have some deviation."""
    rng = np.random.default_rng(seed)
    W = 1.0 + 0.3 * rng.standard_normal((4, n_tasks))
    pairs = []
    for t, n in enumerate(rng.integers(5, 15, n_tasks)):
        X = rng.standard_normal((n, 4)) + rng.standard_normal(4)
        y = X @ W[:, t] + level * rng.standard_normal()
        pairs.append((X, y + noise * rng.standard_normal(n)))
    return stack_tasks(pairs)


def fit(X, y, weights=None, penalty="mean", **options):
    options = {"alpha": strength(penalty, 0.2), "tol": 1e-11, **options}
    model = MultiTaskLinearRegressor(
        penalty=penalty, fit_intercept="partial_pooling", **options
    )
    return model.fit(X, y, weights)


@parametrize_with_checks(
    [MultiTaskLinearRegressor(penalty="mean", fit_intercept="partial_pooling")]
)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def common_level(X, y, strength):
    seen = ~np.isnan(y)
    totals = seen.sum(axis=0)
    h = totals / (totals + strength)
    means = X.T @ seen / totals
    return means @ h / h.sum(), np.nanmean(y, axis=0) @ h / h.sum(), totals.mean()


@pytest.mark.parametrize("penalty", ["l21", "trace", "ridge"])
def test_cvxpy_finds_the_same_coefficients_and_intercepts(penalty):
    X, y = draw()
    model = fit(X, y, penalty=penalty, alpha=strength(penalty, 0.1))
    W, b = cp.Variable((4, 8)), cp.Variable((1, 8))
    n = (~np.isnan(y)).sum() / 8
    x, level, n = common_level(X, y, model.intercept_alpha_ * n)
    errors = cp.sum_squares(
        cp.multiply(~np.isnan(y), np.nan_to_num(y) - X @ W - np.ones((len(X), 1)) @ b)
    )
    ridge = 0.5 * model.intercept_alpha_ * cp.sum_squares(b + x[None] @ W - level)
    on_W = {
        "l21": cp.sum(cp.norm(W, 2, axis=1)),
        "trace": cp.normNuc(W),
        "ridge": 0.5 * cp.sum_squares(W),
    }[penalty]
    problem = cp.Problem(cp.Minimize(errors / (2 * n) + ridge + 0.1 * on_W))
    problem.solve(solver=cp.CLARABEL)
    np.testing.assert_allclose(model.coef_.T, W.value, atol=1e-4)
    np.testing.assert_allclose(model.intercept_, b.value[0], atol=1e-4)
    assert model.dual_gap_ <= 1e-11


def test_levels_are_pooled_as_far_as_they_are_alike():
    X, y = draw(level=0.0, noise=3.0)
    alike, free = fit(X, y), MultiTaskLinearRegressor(penalty="mean", alpha=0.2)
    assert alike.intercept_.std() < 0.6 * free.fit(X, y).intercept_.std()
    X, y = draw(level=100.0)
    np.testing.assert_allclose(
        fit(X, y).intercept_, free.fit(X, y).intercept_, atol=0.1
    )


def test_intercepts_are_free_unless_pooling_is_asked_for():
    X, y = draw()
    for penalty in ("empirical_bayes", "mean"):
        model = MultiTaskLinearRegressor(penalty=penalty).fit(X, y)
        assert not hasattr(model, "intercept_alpha_")
        errors = y - model.predict(X)
        np.testing.assert_allclose(np.nanmean(errors, axis=0), 0.0, atol=1e-6)


def test_weights_say_what_is_missing():
    X, y = draw()
    pooled = fit(X, y, penalty="empirical_bayes", tol=1e-6)
    given = np.nan_to_num(y, nan=9.0), ~np.isnan(y) * 1.0
    weighted = clone(pooled).fit(X, *given)
    np.testing.assert_allclose(weighted.coef_, pooled.coef_, rtol=1e-6)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_tasks_rows_and_weights_may_be_told_in_any_way(penalty):
    X, y = draw()
    expected = fit(X, y, penalty=penalty)
    order = np.random.default_rng(1).permutation(8)
    permuted = fit(X, y[:, order], penalty=penalty)
    np.testing.assert_allclose(permuted.coef_, expected.coef_[order], atol=1e-5)
    rows = np.random.default_rng(2).permutation(len(X))
    shuffled = fit(X[rows], y[rows], penalty=penalty)
    np.testing.assert_allclose(shuffled.intercept_, expected.intercept_, atol=1e-5)
    repeats = np.random.default_rng(3).integers(1, 3, len(X)) * (
        np.arange(len(X)) % 9 > 0
    )
    weighted = fit(X, y, repeats, penalty=penalty)
    repeated = fit(
        np.repeat(X, repeats, axis=0), np.repeat(y, repeats, axis=0), penalty=penalty
    )
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-5)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, atol=1e-5)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_shift_of_inputs_or_targets_changes_no_prediction(penalty):
    X, y = draw()
    expected = fit(X, y, penalty=penalty).predict(X)
    shifted = fit(X + 7.0, y - 50.0, penalty=penalty).predict(X + 7.0)
    np.testing.assert_allclose(shifted + 50.0, expected, atol=1e-4)


@pytest.mark.parametrize("shape", [(40, 3), (20, 40)])
def test_complete_targets_keep_their_coefficients(shape):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal(shape), rng.standard_normal((shape[0], 3))
    free = MultiTaskLinearRegressor(penalty="l21", alpha=0.1, tol=1e-11).fit(X, y)
    pooled = fit(X, y, penalty="l21", alpha=0.1)
    np.testing.assert_allclose(pooled.coef_, free.coef_, atol=1e-6)
    assert pooled.intercept_.std() < free.intercept_.std()


@pytest.mark.parametrize("penalty", PENALTIES)
def test_one_task_has_no_level_to_share(penalty):
    X, y = draw(n_tasks=1)
    free = MultiTaskLinearRegressor(
        penalty=penalty, alpha=strength(penalty, 0.2), tol=1e-11
    ).fit(X, y)
    np.testing.assert_allclose(fit(X, y, penalty=penalty).intercept_, free.intercept_)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_constant_targets_have_their_value_as_level(penalty):
    X, y = draw()
    model = fit(X, np.where(np.isnan(y), np.nan, 3.0), penalty=penalty)
    np.testing.assert_allclose(model.predict(X), 3.0)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_task_of_hardly_any_weight_has_the_common_level(penalty):
    X, y = draw()
    seen = np.isnan(y[:, 0])
    model = fit(X, y, np.where(seen, 1.0, 1e-12), penalty=penalty)
    strength = model.intercept_alpha_ * seen.sum() / 8
    x, level, _ = common_level(X[seen], y[seen][:, 1:], strength)
    assert x @ model.coef_[0] + model.intercept_[0] == pytest.approx(level)
    assert np.isfinite(model.coef_).all()


def test_many_features_are_pooled_along_their_principal_axes(monkeypatch):
    X, y = draw()
    X = np.hstack([X, 0.01 * np.random.default_rng(0).standard_normal((len(X), 9))])
    full = {p: fit(X, y, penalty=p).intercept_alpha_ for p in PENALTIES}
    monkeypatch.setattr("sklearn_mtl.linear_model._evidence.MAX_GRAM", 8 * 9**2)
    for penalty, alpha in full.items():
        few = fit(X, y, penalty=penalty)
        assert np.isfinite(few.coef_).all()
        assert 0.1 * alpha < few.intercept_alpha_ < 10.0 * alpha


def test_search_pools_the_intercepts_of_all_folds():
    X, y = draw(level=0.3, noise=2.0)
    options = {"penalty": "mean", "alphas": [1.0, 0.1], "tol": 1e-11}
    model = MultiTaskLinearRegressorCV(fit_intercept="partial_pooling", **options)
    model.fit(X, y)
    same = fit(X, y, penalty="mean", alpha=model.alpha_)
    np.testing.assert_allclose(model.intercept_, same.intercept_, atol=1e-6)
    free = MultiTaskLinearRegressorCV(**options).fit(X, y)
    losses = [m.cv_results_["mean_test_loss"] for m in (model, free)]
    assert (losses[0] < losses[1]).all()


def test_classes_have_free_intercepts():
    with pytest.raises(ValueError, match="fit_intercept"):
        MultiTaskLinearClassifier(fit_intercept="partial_pooling").fit(
            [[0], [1]], [0, 1]
        )
