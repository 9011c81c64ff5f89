"""A data term of a user's own is minimised, and claims no duality gap."""

import numpy as np
import pytest
from scipy.optimize import minimize

from sklearn_mtl.datafits import Datafit, Evaluation
from sklearn_mtl.penalties import (
    L21,
    Decomposition,
    Ridge,
    Shared,
    TaskColumns,
    TraceNorm,
)
from sklearn_mtl.solvers import Problem, solve


class LogCosh(Datafit):
    """Mean of log cosh of the residuals: value, gradient and their curvature."""

    def __init__(self, X, Y):
        self.X, self.Y = X, Y
        self.n_features, self.n_columns = X.shape[1], Y.shape[1]

    def evaluate(self, W):
        R = self.X @ W - self.Y
        value = np.log(np.cosh(R)).sum() / len(R)
        return Evaluation(value, self.X.T @ np.tanh(R) / len(R))

    def lipschitz(self):
        return np.linalg.norm(self.X, 2) ** 2 / len(self.X)


@pytest.fixture
def datafit():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 4))
    return LogCosh(X, X[:, :2] @ rng.normal(size=(2, 3)) + rng.normal(size=(40, 3)))


@pytest.mark.parametrize("penalty", [L21(0.05), TraceNorm(0.05), Ridge(0.1)], ids=str)
def test_any_penalty_goes_with_it(datafit, penalty):
    solution = solve(Problem(datafit, penalty, TaskColumns.plain(3)))
    assert np.isnan(solution.certificate.gap)
    assert solution.certificate.optimality < 1e-5

    def objective(w):
        W = w.reshape(4, 3)
        return datafit.evaluate(W).value + penalty.value(W)

    found = minimize(objective, solution.point.ravel(), method="Powell")
    assert solution.certificate.objective <= found.fun + 1e-7


def test_parts_go_with_it(datafit):
    penalty = Decomposition([("shared", Shared(0.0)), ("own", Ridge(0.1))])
    solution = solve(Problem(datafit, penalty, TaskColumns.plain(3)))
    assert np.isnan(solution.certificate.gap)
    assert solution.certificate.optimality < 1e-5
    assert solution.point.shape == (2, 4, 3)
