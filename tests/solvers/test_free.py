"""What no penalty touches is refitted exactly, and a log-loss so certified."""

import numpy as np
import pytest

from sklearn_mtl.datafits import LogLoss
from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Shared,
    TaskColumns,
    TaskGraph,
    TraceNorm,
)
from sklearn_mtl.solvers import Problem, certify, solve
from sklearn_mtl.solvers._certificate import Scales
from sklearn_mtl.solvers._free import FreeDirections

PENALTIES = {
    "shared": Shared(0.0),
    "shared, l21": Decomposition([("shared", Shared(0.0)), ("own", L21(0.02))]),
    "graph, l1": Decomposition([("graph", TaskGraph(0.3)), ("own", L1(0.02))]),
    "both, trace": Decomposition(
        [("shared", Shared(0.0)), ("graph", TaskGraph()), ("own", TraceNorm(0.03))]
    ),
}


def problem_of(name, n_samples=60, n_features=6, flip=0.15):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_samples, n_features))
    Z = X @ rng.standard_normal((n_features, 1)) + rng.standard_normal((n_samples, 3))
    codes = (Z > 0.0).astype(float)
    codes[:, 1] = np.digitize(Z[:, 1], [-0.5, 0.5])
    weights = (rng.random(codes.shape) >= flip).astype(float)
    datafit = LogLoss(X, codes, weights, [2, 3, 2], True)
    return Problem(datafit, PENALTIES[name], TaskColumns.from_widths([1, 3, 1]))


@pytest.mark.parametrize("n_features", [6, 80], ids=["narrow", "wide"])
@pytest.mark.parametrize("name", PENALTIES)
def test_refit_leaves_no_gradient_and_the_same_penalty(name, n_features):
    problem = problem_of(name, n_features=n_features)
    scales = Scales(problem.datafit)
    free = FreeDirections(problem, scales)
    start = problem.penalty.prox(0.02 * np.ones(problem.shape), 1.0, problem.columns)
    point = start + free.refit(start)
    gradient = problem.datafit.evaluate(problem.total(point)).gradient
    assert np.linalg.norm(gradient @ free.free) <= 1e-8 * scales.gradient
    before, after = certify(problem, start), certify(problem, point)
    assert after.objective < before.objective
    assert problem.penalty.value(point, problem.columns) == pytest.approx(
        problem.penalty.value(start, problem.columns), abs=1e-9
    )


def test_a_point_that_newton_steps_cannot_leave_stays():
    problem = problem_of("shared", n_features=80)
    start = np.ones(problem.shape)
    shift = FreeDirections(problem, Scales(problem.datafit)).refit(start)
    np.testing.assert_array_equal(shift, 0.0)


@pytest.mark.parametrize("name", PENALTIES)
def test_gap_bounds_what_a_rough_fit_leaves_to_gain(name):
    problem = problem_of(name)
    scale = Scales(problem.datafit).loss
    best = solve(problem, tol=1e-9).certificate
    rough = solve(problem, tol=1e-2).certificate
    assert best.gap <= 1e-9
    assert rough.gap >= (rough.objective - best.objective) / scale - 1e-9


def test_one_vector_for_all_takes_no_gradient_steps():
    solution = solve(problem_of("shared"))
    assert solution.n_iter == 1
    assert solution.certificate.gap <= 1e-6


def test_nothing_is_free_where_every_part_is_penalised():
    problem = problem_of("shared")
    penalised = Problem(problem.datafit, Shared(0.1), problem.columns)
    assert FreeDirections(penalised, Scales(penalised.datafit)).is_empty
