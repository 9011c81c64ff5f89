"""Which solver a problem gets, by what its penalty and data term can do."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import GramQuadratic, LogLoss, SampleQuadratic
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution
from sklearn_mtl.solvers._closed_form import closed_form
from sklearn_mtl.solvers._feature_groups import FeatureGroups, solves_feature_groups
from sklearn_mtl.solvers._fista import fista
from sklearn_mtl.solvers._newton import newton
from sklearn_mtl.solvers._restricted import solve_restricted, suits_restriction

__all__ = ["solve"]


def solve(
    problem: Problem,
    start: np.ndarray | None = None,
    *,
    scales: Scales | None = None,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Minimise the objective with the fastest solver that applies.

    Parameters
    ----------
    problem : Problem
        Data term, penalty, layout.
    start : ndarray, default=None
        First point; zeros if None.
    scales : Scales, default=None
        Loss and gradient at zero, where they are known from another penalty.
    tol : float, default=1e-6
        Relative duality gap to reach.
    max_iter : int, default=10000
        Most iterations.

    Returns
    -------
    Solution
        The point with its certificate.
    """
    datafit, penalty = problem.datafit, problem.penalty
    is_quadratic = isinstance(datafit, GramQuadratic | SampleQuadratic)
    form = penalty.task_covariance_form(problem.columns)
    if is_quadratic and form is not None:
        return closed_form(problem, form, scales=scales, tol=tol, max_iter=max_iter)
    matrix = None if form is None else form.matrix()
    if isinstance(datafit, LogLoss) and matrix is not None:
        start = None if start is None else problem.total(start)
        return newton(problem, matrix, start, scales=scales, tol=tol, max_iter=max_iter)
    if solves_feature_groups(problem):
        rows = FeatureGroups(datafit)  # type: ignore[arg-type]
        return rows.solve(problem, start, tol, max_iter)
    if suits_restriction(problem):
        return solve_restricted(problem, start, tol=tol, max_iter=max_iter)
    return fista(problem, start, scales=scales, tol=tol, max_iter=max_iter)
