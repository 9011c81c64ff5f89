import numpy as np
import pytest

from sklearn_mtl.datafits import LogLoss, make_quadratic
from sklearn_mtl.penalties import L21, TaskColumns
from sklearn_mtl.solvers import Problem, certify, fista, solve


@pytest.fixture(params=["missing labels", "logistic", "complete"])
def datafit(request):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 120))
    Y = X[:, :5] @ rng.standard_normal((5, 3)) + rng.standard_normal((40, 3))
    weights = np.ones_like(Y)
    if request.param != "complete":
        weights = (rng.random(Y.shape) > 0.3).astype(float)
    if request.param == "logistic":
        return LogLoss(X, (Y > 0).astype(float), weights, [2, 2, 2], True)
    return make_quadratic(X, Y, weights, True)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.7])
@pytest.mark.parametrize("part", [0.5, 0.1])
def test_working_sets_find_what_all_features_at_once_do(datafit, l1_ratio, part):
    zero = np.zeros((120, 3))
    weights = np.linspace(0.5, 2.0, 120)
    penalty = L21(1.0, l1_ratio, weights)
    alpha = part * penalty.gauge(-datafit.evaluate(zero).gradient)
    problem = Problem(datafit, penalty.scaled(alpha), TaskColumns.plain(3))
    found = solve(problem, tol=1e-9)
    expected = fista(problem, tol=1e-9)
    assert certify(problem, found.point).gap <= 1.001e-9
    assert found.certificate.objective == pytest.approx(
        expected.certificate.objective, abs=3e-9
    )
    assert (~found.point.any(axis=1)).sum() > 20
    # From another start the same solution is found.
    again = solve(problem, expected.point[::-1].copy(), tol=1e-9)
    assert again.certificate.gap <= 1e-9
