"""Columns of X with very different lengths."""

import numpy as np
import pytest
from scipy import sparse

from sklearn_mtl.datafits import LogLoss, make_quadratic
from sklearn_mtl.penalties import (
    L1,
    L21,
    Decomposition,
    Penalty,
    Ridge,
    Scaled,
    Shared,
    Sum,
    TaskColumns,
    TaskCovariance,
    TaskGraph,
    TaskL21,
    TraceNorm,
)
from sklearn_mtl.solvers import Problem, certify, solve, solve_path

OFF = {
    "no penalty": Ridge(0.0),
    "l21": L21(0.0),
    "elastic net": L21(0.0, l1_ratio=0.5),
    "l1": L1(0.0),
    "trace": TraceNorm(0.0),
    "task_l21": TaskL21(0.0),
    "task_covariance": TaskCovariance(0.0),
    "graph": TaskGraph(0.0),
    "scaled": Scaled(L1(), 0.0),
    "sum": Sum([("trace", TraceNorm(0.0)), ("l21", L21(0.0))]),
    "shared": Decomposition([("shared", Shared(0.0)), ("own", Ridge(0.0))]),
    "dirty": Decomposition([("l21", L21(0.0)), ("l1", L1(0.0))]),
    "one part": Decomposition([("l21", L21(0.3)), ("l1", L1(0.0))]),
}
SCALES = {
    "alternating": np.tile([1e4, 1e-4], 3),
    "graded": 10.0 ** np.arange(-6.0, 6.0, 2.0),
    "large": np.full(6, 1e9),
    "small": np.full(6, 1e-9),
}
COLUMNS = TaskColumns.plain(3)


def draw(missing):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 6))
    scores = X @ rng.standard_normal((6, 3))
    y = scores + 0.3 * rng.standard_normal((60, 3))
    weights = (rng.random((60, 3)) >= missing).astype(float)
    codes = (scores + 2.0 * rng.standard_normal((60, 3)) > 0).astype(float)
    return X, y, codes, weights


def squares(scale, missing=0.0, container=np.asarray):
    X, y, _, weights = draw(missing)
    return make_quadratic(container(X * scale), y, weights, True)


def classes(scale, missing=0.0):
    X, _, codes, weights = draw(missing)
    return LogLoss(X * scale, codes, weights, [2, 2, 2], True)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", OFF)
def test_a_penalty_of_alpha_zero_is_no_penalty(name, scale, missing):
    expected = solve(Problem(squares(1.0, missing), Ridge(0.0), COLUMNS)).point
    problem = Problem(squares(SCALES[scale], missing), OFF[name], COLUMNS)
    solution = solve(problem)
    assert solution.certificate.gap <= 1e-6
    found = problem.total(solution.point) * SCALES[scale][:, None]
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", ["no penalty", "l21", "sum", "dirty", "shared"])
def test_classes_without_a_penalty_do_not_depend_on_units(name, scale):
    expected = solve(Problem(classes(1.0, 0.3), Ridge(0.0), COLUMNS)).point
    problem = Problem(classes(SCALES[scale], 0.3), OFF[name], COLUMNS)
    solution = solve(problem)
    assert solution.certificate.gap <= 1e-6
    found = problem.total(solution.point) * SCALES[scale][:, None]
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("n_samples", [20, 60])
def test_free_directions_are_fitted_in_the_units_of_the_columns(n_samples, missing):
    """Sparse, dense and few rows, with a penalty that leaves a direction free."""
    _, y, _, weights = draw(missing)
    scale = np.repeat([1e4, 1e-4], 20)
    wide = np.random.default_rng(1).standard_normal((60, 40))
    for container in (np.asarray, sparse.csr_array):
        problem = Problem(
            make_quadratic(
                container((wide * scale)[:n_samples]),
                y[:n_samples],
                weights[:n_samples],
                True,
            ),
            TaskGraph(1e-6),
            COLUMNS,
        )
        assert solve(problem).certificate.gap <= 1e-6


@pytest.mark.parametrize("make", [squares, classes])
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", [*OFF, "mean"])
def test_a_gap_bounds_what_is_left_in_any_units(name, scale, make):
    penalty = OFF.get(name, TaskGraph(1e-6))
    datafit = make(SCALES[scale])
    problem = Problem(datafit, penalty, COLUMNS)
    best = solve(problem)
    zero = np.zeros((datafit.n_features, datafit.n_columns))
    loss = datafit.evaluate(zero).value
    rng = np.random.default_rng(0)
    unit = 1.0 / SCALES[scale][:, None]
    for size in (1e-9, 1e-6, 1e-3, 0.1, 1.0):
        move = size * unit * rng.standard_normal(best.point.shape)
        if name == "shared":
            move[0] = move[0].mean(axis=1)[:, None]
        here = certify(problem, best.point + move)
        lost = (here.objective - best.certificate.objective) / loss
        assert np.isnan(here.gap) or here.gap >= lost - 1e-9
        # Without a gap nothing is claimed for a point that is far off.
        assert lost <= 1e-5 or not here.is_met(1e-6)


class OwnL1(Penalty):
    """A penalty without a conjugate, as users write them."""

    def value(self, W, columns=None):
        return float(np.abs(W).sum())

    def prox(self, W, step=1.0, columns=None):
        return np.sign(W) * np.maximum(np.abs(W) - step, 0.0)


@pytest.mark.parametrize("make", [squares, classes])
def test_without_a_gap_short_columns_are_looked_at(make):
    problem = Problem(make(SCALES["alternating"]), Scaled(OwnL1(), 1e-9), COLUMNS)
    solution = solve(problem, max_iter=40)
    assert np.isnan(solution.certificate.gap)
    assert solution.certificate.optimality < 1e-5
    assert not solution.certificate.is_met(1e-6)
    plain = Problem(make(1.0), Scaled(OwnL1(), 1e-3), COLUMNS)
    assert solve(plain).certificate.is_met(1e-6)


def test_a_path_that_ends_at_zero_ends_without_a_penalty():
    scale = SCALES["alternating"]
    expected = solve(Problem(squares(1.0), Ridge(0.0), COLUMNS)).point
    for penalty in (L21(), TraceNorm(), Ridge()):
        problem = Problem(squares(scale), penalty, COLUMNS)
        *_, (_, last) = solve_path(problem, np.array([1e-3, 0.0]), max_iter=50)
        np.testing.assert_allclose(last.point * scale[:, None], expected, atol=1e-5)
        assert last.certificate.gap <= 1e-6


def test_collinear_columns_have_a_certificate():
    X, y, _, weights = draw(0.0)
    twice = np.hstack([X * 1e4, X[:, ::-1] * 1e-4])
    expected = solve(Problem(squares(1.0), Ridge(0.0), COLUMNS)).certificate
    for mask in (weights, weights * (np.arange(60) % 4 > 0)[:, None]):
        datafit = make_quadratic(twice, y, mask, True)
        assert solve(Problem(datafit, L21(0.0), COLUMNS)).certificate.gap <= 1e-6
    found = solve(Problem(make_quadratic(twice, y, weights, True), L1(0.0), COLUMNS))
    assert found.certificate.objective == pytest.approx(expected.objective, rel=1e-6)
