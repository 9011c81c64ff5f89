import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from sklearn_mtl.ensemble import _ridge
from sklearn_mtl.ensemble._ridge import find_axes, solve_ridge


def problem(n_samples, n_features, n_columns=3, missing=0.0):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, n_features)) + 1.0
    y = X @ rng.normal(size=(n_features, n_columns)) + rng.normal(size=(n_samples, 1))
    weights = rng.uniform(0.5, 2.0, size=y.shape)
    weights[rng.random(y.shape) < missing] = 0.0
    return X, y, weights


def by_scikit_learn(X, y, weights, alpha):
    """Fit column by column; its alpha is our alpha times the sum of weights."""
    fits = [
        Ridge(alpha * w.sum()).fit(X, t, sample_weight=w)
        for t, w in zip(y.T, weights.T, strict=True)
    ]
    return np.stack([fit.predict(X) for fit in fits], axis=1)


@pytest.mark.parametrize("shape", [(60, 8), (40, 90)])
@pytest.mark.parametrize("missing", [0.0, 0.4])
@pytest.mark.parametrize("direct", [True, False])
def test_it_is_scikit_learns_ridge_on_the_observed_labels(
    shape, missing, direct, monkeypatch
):
    X, y, weights = problem(*shape, missing=missing)
    Z = find_axes(X, np.ones(len(X))).coordinates(X)
    alphas = np.array([[0.01] * 3, [1.0] * 3])
    if not direct:
        monkeypatch.setattr(_ridge, "_FEW", 0)
        monkeypatch.setattr(_ridge, "_TYPICAL_ITER", 0)
    found = Z @ solve_ridge(Z, y, weights, alphas, tol=1e-10)
    for level, alpha in enumerate(alphas[:, 0]):
        expected = by_scikit_learn(X, y, weights, alpha)
        np.testing.assert_allclose(found[level], expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(30, 8), (20, 50)])
def test_sparse_and_dense_tables_have_the_same_axes(shape):
    X, y, weights = problem(*shape)
    X[X < 1.0] = 0.0
    fits = []
    for table in (X, sparse.csr_array(X)):
        Z = find_axes(table, weights[:, 0]).coordinates(table)
        fits.append(Z @ solve_ridge(Z, y, weights, np.full((1, 3), 0.1))[0])
    np.testing.assert_allclose(fits[0], fits[1], atol=1e-8)


@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_a_large_sparse_table_stays_sparse_and_has_the_same_solution(
    missing, monkeypatch
):
    X, y, weights = problem(60, 700, missing=missing)
    X[X < 1.5] = 0.0
    table, ones = sparse.csr_array(X), np.ones(60)
    alphas = np.array([[0.1] * 3, [1.0] * 3])
    exact = find_axes(table, ones, may_stay_sparse=True)
    monkeypatch.setattr(_ridge, "_MAX_AXES_SIZE", 0)
    thin = find_axes(table, ones, may_stay_sparse=True)
    Z = thin.coordinates(table)
    assert sparse.issparse(Z)
    assert not sparse.issparse(exact.coordinates(table))
    found = solve_ridge(Z, y, weights, alphas, tol=1e-10)
    for level, alpha in enumerate(alphas[:, 0]):
        expected = by_scikit_learn(X, y, weights, alpha)
        np.testing.assert_allclose(Z @ found[level], expected, rtol=1e-5, atol=1e-6)
    for axes in (exact, thin):
        own = axes.coordinates(table)
        fit = solve_ridge(own, y, weights, alphas[:1], tol=1e-10)[0]
        slopes, intercepts = axes.in_columns(fit)
        np.testing.assert_allclose(X @ slopes + intercepts, own @ fit, atol=1e-8)


def test_rows_without_weight_are_as_if_they_were_not_there():
    X, y, weights = problem(20, 50)
    weights[5:] = 0.0
    alphas = np.full((1, 3), 0.1)
    Z = find_axes(X, weights[:, 0]).coordinates(X)
    few = find_axes(X[:5], weights[:5, 0])
    full = Z @ solve_ridge(Z, y, weights, alphas)[0]
    own = few.coordinates(X[:5])
    alone = few.coordinates(X) @ solve_ridge(own, y[:5], weights[:5], alphas)[0]
    np.testing.assert_allclose(full, alone, atol=1e-8)


def test_beyond_the_limit_the_largest_axes_are_kept(monkeypatch):
    monkeypatch.setattr(_ridge, "MAX_AXES", 6)
    X, _, _ = problem(40, 30)
    X *= np.r_[np.full(6, 10.0), np.full(24, 0.01)]  # six columns are all there is
    axes = find_axes(X, np.ones(40))
    assert axes.directions.shape == (30, 6)
    kept = np.sum(axes.coordinates(X)[:, :-1] ** 2)
    assert kept > 0.999 * np.sum((X - X.mean(axis=0)) ** 2)


def test_a_column_without_weight_has_no_slope():
    X, y, weights = problem(20, 4)
    weights[:, 1] = 0.0
    Z = find_axes(X, np.ones(20)).coordinates(X)
    fit = solve_ridge(Z, y, weights, np.full((1, 3), 0.1))[0]
    assert np.isfinite(fit).all()
    assert not fit[:-1, 1].any()


def test_converged_columns_do_not_depend_on_the_others(monkeypatch):
    monkeypatch.setattr(_ridge, "_FEW", 0)
    monkeypatch.setattr(_ridge, "_TYPICAL_ITER", 0)
    X, y, weights = problem(60, 20, missing=0.4)
    Z = find_axes(X, np.ones(60)).coordinates(X)
    alphas = np.array([[1e-4] * 3, [10.0] * 3])  # the second needs fewer iterations
    both = solve_ridge(Z, y, weights, alphas)[1]
    alone = solve_ridge(Z, y, weights, alphas[1:])[0]
    np.testing.assert_allclose(both, alone, rtol=1e-12, atol=1e-14)
