import numpy as np
import pytest

from sklearn_mtl.datafits import LogLoss
from sklearn_mtl.penalties import L21, TaskColumns
from sklearn_mtl.solvers import Problem, certify, fista
from sklearn_mtl.solvers.feature_groups import _proximal_newton
from sklearn_mtl.solvers.feature_groups._kernels import cycle_groups
from sklearn_mtl.solvers.feature_groups._proximal_newton import ProximalNewton


def make_problem(penalty, *, n_classes=(2, 2, 3), fit_intercept=True, signal=2.0):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 6))
    scores = signal * X[:, :1] + rng.standard_normal((80, len(n_classes)))
    ranks = scores.argsort(axis=0).argsort(axis=0) / 80.0
    codes = np.floor(ranks * np.array(n_classes))
    datafit = LogLoss(X, codes, np.ones_like(codes), list(n_classes), fit_intercept)
    widths = [k if k > 2 else 1 for k in n_classes]
    return Problem(datafit, penalty, TaskColumns.from_widths(widths))


def descend(problem, **options):
    solver = ProximalNewton.prepare(problem.datafit)
    return solver.solve(problem, None, max_iter=10000, **options)


@pytest.mark.parametrize("kernel", [None, cycle_groups], ids=["newton", "cycles"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize(
    "penalty",
    [L21(alpha=0.05), L21(alpha=0.1, l1_ratio=0.5)],
    ids=["l21", "with ridge"],
)
def test_models_lead_to_the_minimum_that_fista_finds(
    penalty, fit_intercept, kernel, monkeypatch
):
    monkeypatch.setattr(_proximal_newton, "group_cycle", lambda: kernel)
    problem = make_problem(penalty, fit_intercept=fit_intercept)
    found = descend(problem, tol=1e-10)
    assert certify(problem, found.point).gap <= 1e-10
    np.testing.assert_allclose(found.point, fista(problem, tol=1e-11).point, atol=1e-4)


def test_nearly_separable_classes_take_few_steps():
    # Where p (1 - p) differs most between cells the models fit worst.
    problem = make_problem(L21(alpha=1e-3), n_classes=(2, 2), signal=30.0)
    found = descend(problem, tol=1e-8)
    assert found.certificate.gap <= 1e-8
    assert found.n_iter < 100


def test_other_weights_and_sparse_rows_are_not_for_models():
    problem = make_problem(L21(alpha=0.05))
    assert ProximalNewton.supports(problem)
    datafit = problem.datafit
    weights = np.ones(datafit.codes.shape)
    weights[0, 0] = 0.0
    other = LogLoss(datafit.X, datafit.codes, weights, [2, 2, 3], True)
    assert not ProximalNewton.supports(Problem(other, problem.penalty, problem.columns))
