"""Every penalty on every data term, against a certificate and a convex solver."""

import numpy as np
import pytest

from sklearn_mtl.datafits import Datafit, Evaluation, LogLoss, make_quadratic
from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Ridge,
    Shared,
    Sum,
    TaskColumns,
    TaskCovariance,
    TaskGraph,
    TaskL21,
    TraceNorm,
)
from sklearn_mtl.solvers import Problem, certify, solve
from sklearn_mtl.solvers._fista import Fista
from sklearn_mtl.solvers._registry import SOLVERS, solver_for

PENALTIES = {
    "ridge": Ridge(0.1),
    "ridge by task": Ridge([0.1, 0.2, 0.3]),
    "shared": Shared(0.1),
    "l21": L21(0.1),
    "elastic": L21(0.1, l1_ratio=0.5),
    "weighted": L21(0.1, feature_weights=[1.0, 2.0, 0.5, 1.0, 3.0, 1.0]),
    "l1": L1(0.05),
    "trace": TraceNorm(0.1),
    "mean": TaskGraph(0.1),
    "chain": TaskGraph(0.1, graph="chain"),
    "task_l21": TaskL21(0.1),
    "task_covariance": TaskCovariance(0.1),
    "trace + l21": Sum([("trace", TraceNorm(0.05)), ("l21", L21(0.05))]),
    "l1 + l21": Sum([("l1", L1(0.05)), ("l21", L21(0.05))]),
    "graph + l21": Sum([("graph", TaskGraph(0.5)), ("l21", L21(0.05))]),
    "shared + ridge": Sum([("shared", Shared(0.0)), ("ridge", Ridge(0.05))]),
    "graph + ridge": Sum([("graph", TaskGraph(0.5)), ("ridge", Ridge(0.05))]),
    "shared, own": Decomposition([("shared", Shared(0.0)), ("own", Ridge(0.1))]),
    "shared, trace": Decomposition(
        [("shared", Shared(0.0)), ("trace", TraceNorm(0.1))]
    ),
    "dirty": Decomposition([("l21", L21(0.1)), ("l1", L1(0.07))]),
    "robust": Decomposition([("trace", TraceNorm(0.1)), ("task", TaskL21(0.07))]),
}


def draw(seed=0, missing=0.0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((50, 6))
    Y = X[:, :3] @ rng.standard_normal((3, 3)) + rng.standard_normal((50, 3)) + 1.0
    weights = (rng.random(Y.shape) >= missing).astype(float)
    return X, Y, weights


def squares(missing=0.0):
    X, Y, weights = draw(missing=missing)
    return make_quadratic(X, Y, weights, True), TaskColumns.plain(3)


def classes(missing=0.0):
    X, Y, weights = draw(missing=missing)
    codes = np.stack(
        [Y[:, 0] > 1, np.digitize(Y[:, 1], [0.0, 2.0]), Y[:, 2] > 1], axis=1
    )
    datafit = LogLoss(X, codes.astype(float), weights, [2, 3, 2], True)
    return datafit, TaskColumns.from_widths([1, 3, 1])


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("make", [squares, classes])
@pytest.mark.parametrize("name", PENALTIES)
def test_certificate_is_met(name, make, missing):
    datafit, columns = make(missing)
    problem = Problem(datafit, PENALTIES[name], columns)
    certificate = solve(problem, tol=1e-8).certificate
    assert certificate.is_met(1e-8)
    assert certificate.gap <= 1e-8
    assert certificate.optimality <= 1e-3


@pytest.mark.parametrize("name", PENALTIES)
def test_gap_bounds_the_loss_of_any_point(name):
    datafit, columns = squares(0.3)
    problem = Problem(datafit, PENALTIES[name], columns)
    best = solve(problem, tol=1e-10)
    zero = np.zeros((datafit.n_features, datafit.n_columns))
    scale = datafit.evaluate(zero).value
    rng = np.random.default_rng(0)
    for size in (1e-3, 0.1):
        move = size * rng.standard_normal(best.point.shape)
        if name in ("shared", "shared, own", "shared, trace"):
            move = size * np.ones_like(move)
        here = certify(problem, best.point + move)
        lost = (here.objective - best.certificate.objective) / scale
        assert np.isnan(here.gap) or here.gap >= lost - 1e-9


def convex(name, W, cp):
    """Return the penalty as cvxpy states it, and further variables' penalties."""
    other = cp.Variable(W.shape)
    rows = lambda V: cp.sum(cp.norm(V, 2, axis=1))  # noqa: E731
    mean = cp.sum_squares(W - W @ np.full((3, 3), 1 / 3))
    return {
        "trace": 0.1 * cp.normNuc(W),
        "l21": 0.1 * rows(W),
        "mean": 0.05 * mean,
        "chain": 0.05 * cp.sum_squares(W[:, 1:] - W[:, :-1]),
        "task_l21": 0.1 * cp.sum(cp.norm(W, 2, axis=0)),
        "task_covariance": 0.05 * cp.square(cp.normNuc(W)),
        "trace + l21": 0.05 * cp.normNuc(W) + 0.05 * rows(W),
        "graph + l21": 0.25 * mean + 0.05 * rows(W),
        "dirty": 0.1 * rows(W - other) + 0.07 * cp.sum(cp.abs(other)),
        "robust": 0.1 * cp.normNuc(W - other)
        + 0.07 * cp.sum(cp.norm(other, 2, axis=0)),
    }[name]


CONVEX = [
    "trace",
    "l21",
    "mean",
    "chain",
    "task_l21",
    "task_covariance",
    "trace + l21",
    "graph + l21",
    "dirty",
    "robust",
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CONVEX)
def test_regression_agrees_with_an_independent_solver(name):
    cp = pytest.importorskip("cvxpy", reason="cvxpy is not installed (test extra)")
    X, Y, weights = draw(missing=0.3)
    datafit, columns = squares(0.3)
    W, b = cp.Variable((6, 3)), cp.Variable((1, 3))
    errors = cp.multiply(weights, Y - X @ W - np.ones((50, 1)) @ b)
    loss = cp.sum_squares(errors) / (2 * weights.sum() / 3)
    problem = cp.Problem(cp.Minimize(loss + convex(name, W, cp)))
    problem.solve(solver="CLARABEL")
    found = solve(Problem(datafit, PENALTIES[name], columns), tol=1e-9)
    assert found.certificate.objective == pytest.approx(problem.value, rel=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["trace", "l21", "graph + l21", "dirty"])
def test_logistic_agrees_with_an_independent_solver(name):
    cp = pytest.importorskip("cvxpy", reason="cvxpy is not installed (test extra)")
    X, Y, weights = draw(missing=0.3)
    signs = np.where(Y > 1.0, 1.0, -1.0)
    codes = (signs > 0).astype(float)
    datafit = LogLoss(X, codes, weights, [2, 2, 2], True)
    W, b = cp.Variable((6, 3)), cp.Variable((1, 3))
    scores = X @ W + np.ones((50, 1)) @ b
    terms = cp.multiply(weights, cp.logistic(-cp.multiply(signs, scores)))
    loss = cp.sum(terms) / (weights.sum() / 3)
    problem = cp.Problem(cp.Minimize(loss + convex(name, W, cp)))
    problem.solve(solver="CLARABEL")
    found = solve(Problem(datafit, PENALTIES[name], TaskColumns.plain(3)), tol=1e-9)
    assert found.certificate.objective == pytest.approx(problem.value, rel=1e-6)


class Smooth(Datafit):
    """Half the squared distance to ones: a data term that says nothing more."""

    def __init__(self, n_features):
        self.n_features, self.n_columns = n_features, 3

    def evaluate(self, W):
        return Evaluation(0.5 * np.sum((W - 1.0) ** 2), W - 1.0)

    def lipschitz(self):
        return 1.0


def wide(weights=None):
    X, Y = np.random.default_rng(0).standard_normal((2, 30, 60))
    Y = Y[:, :3]
    weights = np.ones_like(Y) if weights is None else weights
    return X, Y, weights


def wide_squares():
    return make_quadratic(*wide(), True)


def wide_with_missing_labels():
    weights = np.ones((30, 3))
    weights[::2, 0] = 0.0
    return make_quadratic(*wide(weights), True)


def wide_classes():
    X, Y, weights = wide()
    return LogLoss(X, (Y > 0).astype(float), weights, [2, 2, 2], True)


def few_classes():
    X, Y, weights = wide()
    return LogLoss(X[:, :6], (Y > 0).astype(float), weights, [2, 2, 2], True)


SHARED_OWN = PENALTIES["shared, own"]


@pytest.mark.parametrize(
    ("make", "penalty", "expected"),
    [
        (wide_squares, Ridge(0.1), "ClosedForm"),
        (wide_squares, SHARED_OWN, "ClosedForm"),
        (wide_with_missing_labels, TaskGraph(0.1), "ClosedForm"),
        (wide_squares, L21(0.0), "ClosedForm"),
        (wide_classes, Ridge(0.1), "Newton"),
        (wide_classes, SHARED_OWN, "Newton"),
        (wide_classes, Shared(0.1), "Fista"),
        (wide_squares, L21(0.1), "FeatureGroups"),
        (wide_squares, L21(0.1, l1_ratio=0.5), "FeatureGroups"),
        (lambda: squares()[0], L21(0.1), "FeatureGroups"),
        (wide_with_missing_labels, L21(0.1), "Restricted"),
        (wide_classes, L21(0.1), "Restricted"),
        (few_classes, L21(0.1), "ProximalNewton"),
        (wide_squares, TraceNorm(0.1), "Fista"),
        (wide_squares, PENALTIES["dirty"], "Fista"),
        (lambda: Smooth(60), L21(0.1), "Fista"),
        (lambda: Smooth(60), Ridge(0.1), "Fista"),
    ],
)
def test_a_problem_gets_the_fastest_solver_that_supports_it(make, penalty, expected):
    problem = Problem(make(), penalty, TaskColumns.plain(3))
    assert solver_for(problem).__name__ == expected


def test_the_last_solver_supports_every_problem():
    assert SOLVERS[-1] is Fista
    for make in (squares, classes):
        datafit, columns = make()
        for penalty in PENALTIES.values():
            assert Fista.supports(Problem(datafit, penalty, columns))


def test_many_features_of_a_data_term_without_restriction_are_no_obstacle():
    penalty = L21(0.5)
    found = solve(Problem(Smooth(60), penalty, TaskColumns.plain(3)))
    np.testing.assert_allclose(found.point, penalty.prox(np.ones((60, 3))), atol=1e-6)
