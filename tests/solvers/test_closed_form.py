"""Linear systems of all tasks, where the tasks have samples of their own."""

from __future__ import annotations

import numpy as np
import pytest

from sklearn_mtl.linear_model import MultiTaskLinearRegressor
from sklearn_mtl.penalties import Decomposition, Ridge, Shared, TaskColumns, TaskGraph

PENALTIES = {
    "ridge": Ridge(0.2),
    "one vector": Shared(0.3),
    "vector and own": Decomposition([("all", Shared(0.4)), ("own", Ridge(0.2))]),
    "free vector and own": Decomposition([("all", Shared(0.0)), ("own", Ridge(0.2))]),
    "nearly one vector": Decomposition([("all", Shared(0.0)), ("own", Ridge(1e6))]),
    "chain and own": Decomposition([("near", TaskGraph(0.4)), ("own", Ridge(0.2))]),
}


@pytest.fixture(scope="module")
def tasks():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 4))
    coef = rng.normal(size=4) + 0.3 * rng.normal(size=(30, 4))
    y = X @ coef.T + rng.normal(size=(80, 30))
    y[rng.random(y.shape) < 0.8] = np.nan
    return X, y


def as_one_system(X, y, penalty):
    """Return the minimiser by one dense system of all coefficients, by least squares.

    The penalty is 1/2 tr(W M W') with M = (F F' + d I + inf N N')^+, here with 1e9 in
    place of inf.
    """
    n_tasks, n_features = y.shape[1], X.shape[1]
    form = penalty.task_covariance_form(TaskColumns.plain(n_tasks))
    K = form.covariance + 1e9 * form.free @ form.free.T
    values, vectors = np.linalg.eigh(K)
    kept = values > 1e-9 * values[-1] if form.diagonal == 0 else values > 0
    # W' = basis Z with a standard normal Z: ridge regression on all labels at once
    basis = vectors[:, kept] * np.sqrt(values[kept])
    rows, tasks_of_rows = np.nonzero(~np.isnan(y))
    design = np.einsum("nr,nj->nrj", basis[tasks_of_rows], X[rows])
    design = design.reshape(len(rows), -1)
    labels = y[rows, tasks_of_rows]
    # the loss is half the mean square of each task, in labels of the mean task
    weight = len(rows) / n_tasks
    n_unknowns = design.shape[1]
    stacked = np.vstack([design, np.sqrt(weight) * np.eye(n_unknowns)])
    targets = np.append(labels, np.zeros(n_unknowns))
    Z = np.linalg.lstsq(stacked, targets, rcond=None)[0]
    return basis @ Z.reshape(-1, n_features)


@pytest.mark.parametrize("name", PENALTIES)
def test_many_tasks_are_solved_as_one_dense_system(tasks, name):
    X, y = tasks
    model = MultiTaskLinearRegressor(
        penalty=PENALTIES[name], fit_intercept=False, scale_targets=False
    ).fit(X, y)
    expected = as_one_system(X, y, PENALTIES[name])
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-5, atol=1e-6)
    assert model.dual_gap_ <= 1e-8


@pytest.mark.parametrize("name", ["vector and own", "free vector and own"])
def test_given_what_tasks_share_one_step_solves_them_all(tasks, name):
    X, y = tasks
    model = MultiTaskLinearRegressor(penalty=PENALTIES[name]).fit(X, y)
    assert model.n_iter_ <= 2


@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_the_gap_closes_where_columns_have_very_different_units(tasks, scale):
    X, y = tasks
    model = MultiTaskLinearRegressor(penalty=PENALTIES["free vector and own"])
    assert model.fit(X * np.array([1.0, scale, 1.0, 1.0]), y).dual_gap_ <= 1e-6
