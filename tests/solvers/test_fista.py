import numpy as np
import pytest

from sklearn_mtl.datafits import make_quadratic
from sklearn_mtl.penalties import L21, Decomposition, Shared, TaskColumns, TraceNorm
from sklearn_mtl.solvers import Problem, certify, fista, solve


def own_rows(counts, n_features, correlation=0.0, seed=0):
    """Draw tasks with so many rows each, and no label in common."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(len(counts)), counts)
    X = rng.standard_normal((len(task), n_features))
    X += correlation * rng.standard_normal((len(task), 1))
    Y = np.zeros((len(task), len(counts)))
    Y[np.arange(len(task)), task] = X[:, 0] + rng.standard_normal(len(task))
    return X, Y, (Y != 0).astype(float)


@pytest.mark.parametrize("counts", [[30, 30, 30], [12, 40, 75]])
def test_orthogonal_features_of_own_rows_have_a_closed_form(counts):
    X, Y, weights = own_rows(counts, 8)
    mean = np.mean(counts)
    for t, n in enumerate(counts):
        rows = weights[:, t] > 0
        X[rows] = np.sqrt(mean) * np.linalg.qr(X[rows])[0]
        assert n == rows.sum()
    U = X.T @ (weights * Y) / mean
    datafit = make_quadratic(X, Y, weights, False)
    found = solve(Problem(datafit, L21(0.5), TaskColumns.plain(3)), tol=1e-12)
    np.testing.assert_allclose(found.point, L21(0.5).prox(U), atol=1e-6)


SHARED_TRACE = Decomposition([("shared", Shared(0.0)), ("trace", TraceNorm(0.05))])


@pytest.mark.parametrize(
    ("penalty", "n_features"),
    [
        (L21(0.02), 20),
        (L21(0.02), 60),
        (TraceNorm(0.05), 20),
        (TraceNorm(0.05), 60),
        (SHARED_TRACE, 20),
    ],
    ids=["l21", "l21, wide", "trace", "trace, wide", "shared, trace"],
)
def test_gradients_carried_over_hundreds_of_steps_stay_exact(penalty, n_features):
    X, Y, weights = own_rows([15, 25, 40], n_features, correlation=5.0)
    problem = Problem(
        make_quadratic(X, Y, weights, True), penalty, TaskColumns.plain(3)
    )
    found = fista(problem, tol=1e-9, max_iter=20000)
    assert found.n_iter > 100
    assert found.certificate.gap <= 1e-9
    # Started at the solution it stays there.
    again = fista(problem, found.point, tol=1e-10, max_iter=20000)
    assert certify(problem, again.point).gap <= 1e-10
    assert again.certificate.objective <= found.certificate.objective + 1e-12
