"""Regularisation path with warm starts."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sklearn_mtl.penalties import Penalty
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Solution
from sklearn_mtl.solvers._registry import solver_for

__all__ = ["alpha_grid", "solve_path"]

#: Ratio of the smallest to the largest alpha if the penalty has no threshold.
QUADRATIC_EPS = 1e-5


def alpha_grid(problem: Problem, n_alphas: int, eps: float) -> np.ndarray:
    """Return decreasing alphas, evenly spaced on a logarithmic scale.

    Shapes: -> (n_alphas,).
    """
    datafit = problem.datafit
    zero = np.zeros((datafit.n_features, datafit.n_columns))
    U = -datafit.evaluate(zero).gradient
    largest = problem.penalty.gauge(U, problem.columns)
    # Without a threshold no alpha makes W zero, so start far above the curvature.
    if not 0.0 < largest < np.inf:
        largest, eps = 10.0 * datafit.lipschitz(), QUADRATIC_EPS
    largest = max(largest, np.finfo(float).tiny * 1e10)
    return np.geomspace(largest, largest * eps, n_alphas)


def solve_path(
    problem: Problem,
    alphas: np.ndarray,
    *,
    tol: float = 1e-6,
    max_iter: int = 10000,
    path_tol: float | None = None,
) -> Iterator[tuple[Problem, Solution]]:
    """Yield the problem and its solution for each alpha.

    `path_tol` is the tolerance of all alphas but the last one; `tol` if None.

    Shapes: alphas (n_alphas,).
    """
    prepared: dict[type[Solver], Solver] = {}
    point: np.ndarray | None = None
    last: type[Solver] | None = None
    tols = np.full(len(alphas), tol if path_tol is None else path_tol)
    tols[-1:] = tol
    for alpha, goal in zip(alphas, tols.tolist(), strict=True):
        penalty: Penalty = problem.penalty.scaled(float(alpha))
        here = Problem(problem.datafit, penalty, problem.columns)
        kind = solver_for(here)
        if kind not in prepared:
            prepared[kind] = kind.prepare(problem.datafit)
        # A solver continues from its own last solution or extrapolates. If the solver
        # changes (at alpha = 0), start from the solution of the previous one.
        start = None if kind is last else point
        solution = prepared[kind].solve(here, start, tol=goal, max_iter=max_iter)
        point, last = solution.point, kind
        yield here, solution
