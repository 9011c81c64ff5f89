"""Log-loss with sum_j a_j ||W_j||: minimise quadratic models that all tasks share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sklearn_mtl.datafits import CrossEntropy, Evaluation, weights_are_shared
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution, certify
from sklearn_mtl.solvers._kernels import row_cycle
from sklearn_mtl.solvers._row_cycles import Cycles
from sklearn_mtl.solvers._row_newton import RowProblem, row_newton
from sklearn_mtl.solvers._working_set import largest_eigenvalue

__all__ = ["descend_models", "suits_models"]

#: Above this number of features a model costs more than it saves: without the compiled
#: loop, and with it.
MAX_FEATURES = (300, 3000)
#: Steps that an extrapolation combines.
MEMORY = 4
#: Part of the length of the last step that a model is solved to.
INNER = 0.03

Minimise = Callable[[np.ndarray, np.ndarray, float, float], np.ndarray]


def suits_models(problem: Problem) -> bool:
    """Whether one Gram matrix times a number is near the curvature of all tasks."""
    datafit = problem.datafit
    return (
        isinstance(datafit, CrossEntropy)
        and isinstance(datafit.X, np.ndarray)
        and datafit.n_features <= MAX_FEATURES[row_cycle() is not None]
        and problem.penalty.row_form(datafit.n_features) is not None
        and weights_are_shared(datafit.weights)
    )


def descend_models(
    problem: Problem,
    start: np.ndarray,
    scales: Scales,
    *,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Minimise by proximal quasi-Newton steps.

    The Hessian of every column is taken to be the Gram matrix of the rows times the
    mean of p (1 - p), so that a step is a squared-error problem with one Gram matrix.
    Where it does not descend the curvature is raised.

    Parameters
    ----------
    problem : Problem
        Log-loss with the same rows and weights for all tasks, a penalty with a row
        form, the layout.
    start : ndarray of shape (n_features, n_columns)
        First W.
    scales : Scales
        Loss and gradient at zero.
    tol : float, default=1e-6
        Stop where the certificate meets this.
    max_iter : int, default=10000
        Most steps.

    Returns
    -------
    Solution
        The point with its certificate.

    References
    ----------
    .. [1] J. D. Lee, Y. Sun, M. A. Saunders, "Proximal Newton-type methods for
       minimizing composite functions", SIAM Journal on Optimization 24, 2014.
    """
    datafit, penalty, columns = problem.datafit, problem.penalty, problem.columns
    assert isinstance(datafit, CrossEntropy)  # the caller asked
    solve_model = _model(problem)
    W, raised, n_iter = start.copy(), 1.0, 0
    visited: list[np.ndarray] = [W]
    here, curvature = _look(datafit, W)
    value = here.value + penalty.value(W, columns)
    certificate = certify(problem, W, here, scales)
    distance = certificate.optimality * scales.gradient
    while n_iter < max_iter and not certificate.is_met(tol):
        n_iter += 1
        scale = raised * curvature
        new = solve_model(W, here.gradient, scale, INNER * distance)
        there, bend = _look(datafit, new)
        found = there.value + penalty.value(new, columns)
        if found > value + 1e-13 * abs(value):
            if raised > 1e6:  # no descent left in double precision
                break
            raised *= 2.0
            continue
        W, here, curvature, value = new, there, bend, found
        visited.append(W)
        if len(visited) > MEMORY:
            mixed = _mixture(visited)
            there, bend = _look(datafit, mixed)
            found = there.value + penalty.value(mixed, columns)
            if found < value:
                W, here, curvature, value = mixed, there, bend, found
            visited = [W]
        certificate = certify(problem, W, here, scales)
        distance = certificate.optimality * scales.gradient
    return Solution(W, certificate, max(n_iter, 1))


def _mixture(visited: list[np.ndarray]) -> np.ndarray:
    """Return the mixture of points whose moves cancel best (Anderson extrapolation)."""
    points = np.stack([W.ravel() for W in visited])
    moves = np.diff(points, axis=0)
    products = moves @ moves.T
    products.flat[:: len(products) + 1] += 1e-10 * np.trace(products)
    weights = np.linalg.solve(products, np.ones(len(products)))
    mixed: np.ndarray = (weights / weights.sum()) @ points[1:]
    return mixed.reshape(visited[0].shape)


def _look(datafit: CrossEntropy, W: np.ndarray) -> tuple[Evaluation, float]:
    """Return the data term at W, and the mean curvature of the log-loss."""
    logits = datafit.logits(W)
    p = datafit.probabilities(logits)
    total = max(float(datafit.cells.sum()), 1e-300)
    bend = float(np.einsum("ic,ic,ic->", datafit.cells, p, 1.0 - p)) / total
    return datafit.evaluation(logits, p), max(bend, 1e-6)


def _model(problem: Problem) -> Minimise:
    """Return the minimiser (W, gradient, curvature, tolerance) -> W of a model."""
    datafit = problem.datafit
    assert isinstance(datafit, CrossEntropy)
    groups, ridge = problem.penalty.row_form(datafit.n_features)  # type: ignore[misc]
    weights = datafit.weights[:, 0]
    mean = weights @ datafit.X / max(weights.sum(), 1e-300) * datafit.fit_intercept
    rows = np.sqrt(weights)[:, None] * (datafit.X - mean)
    G = rows.T @ rows
    squares, bound = G.diagonal().copy(), largest_eigenvalue(G)
    kernel = row_cycle()

    def minimise(
        W: np.ndarray, gradient: np.ndarray, curvature: float, tol: float
    ) -> np.ndarray:
        B, a, c = G @ W - gradient / curvature, groups / curvature, ridge / curvature
        tol = tol / curvature / np.sqrt(len(W))
        if kernel is not None:
            cycles = Cycles(kernel, G, squares, np.ascontiguousarray(B.T), a, c, True)
            R = np.ascontiguousarray((-gradient / curvature).T)
            return cycles.descend(W.copy(), R, tol, 1000)[0]
        step = 1.0 / max(bound + c, 1e-300)
        return row_newton(RowProblem(G, B, a, c, step), W, tol)[0]

    return minimise
