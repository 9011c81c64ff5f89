"""The default: strengths of the shared and the own part by empirical Bayes."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.datafits import CrossEntropy, GramQuadratic, RowQuadratic
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.solvers import (
    Axes,
    Problem,
    Solution,
    Strengths,
    common_axes,
    evidence_of_classes,
    evidence_of_squares,
    evidence_with_common_axes,
    has_spectrum,
    solve,
)

__all__ = ["fit_empirical_bayes"]

#: Laplace steps, and the change of a logarithm of a strength that ends them.
MAX_STEPS = 20
STEP_TOLERANCE = 1e-3
#: Above this many numbers in all Gram matrices the tasks are given common axes.
MAX_GRAM = 1e7
#: Common axes are those of at most so many rows, evenly spaced.
MAX_ROWS = 2000


def fit_empirical_bayes(
    data: Data, *, tol: float, max_iter: int
) -> tuple[Problem, Solution]:
    """Fit a shared vector plus deviations with strengths that the data give.

    Parameters
    ----------
    data : Data
        Rows with features of unit variance: all have one prior variance.
    tol : float
        Relative duality gap to reach.
    max_iter : int
        Most iterations of the solver.

    Returns
    -------
    problem : Problem
        The problem at the strengths found.
    solution : Solution
        Its solution.
    """
    datafit = data.datafit()
    if isinstance(datafit, CrossEntropy):
        return _fit_classes(data, datafit, tol=tol, max_iter=max_iter)
    assert isinstance(datafit, GramQuadratic | RowQuadratic)
    totals = data.labels.totals()
    n_intercepts = int(data.fit_intercept) * len(totals)
    if has_spectrum(datafit) or len(totals) * data.X.shape[1] ** 2 <= MAX_GRAM:
        evidence = evidence_of_squares(datafit, totals, n_intercepts)
    else:
        axes = _common_axes(data)
        evidence = evidence_with_common_axes(datafit, totals, n_intercepts, axes)
    strengths = evidence.strengths(float(totals.mean()))
    problem = Problem(datafit, strengths.penalty(), data.columns)
    return problem, solve(problem, tol=tol, max_iter=max_iter)


def _fit_classes(
    data: Data, datafit: CrossEntropy, *, tol: float, max_iter: int
) -> tuple[Problem, Solution]:
    """Alternate between the fit at given strengths and a Laplace step for them."""
    axes = _common_axes(data)
    strengths = Strengths(shared=1.0 / datafit.n, own=1.0 / datafit.n)
    point = None
    for _ in range(MAX_STEPS):
        problem = Problem(datafit, strengths.penalty(), data.columns)
        solution = solve(problem, point, tol=tol, max_iter=max_iter)
        point, before = solution.point, strengths
        evidence = evidence_of_classes(datafit, problem.total(point), axes)
        strengths = evidence.strengths(datafit.n)
        ratios = strengths.shared / before.shared, strengths.own / before.own
        if np.abs(np.log(ratios)).max() <= STEP_TOLERANCE:
            break
    return problem, solution


def _common_axes(data: Data) -> Axes:
    """Return the axes of the rows of all tasks."""
    X: Any = data.X
    weights = data.labels.row_weights()
    if min(X.shape) > MAX_ROWS:
        rows = np.linspace(0, X.shape[0] - 1, MAX_ROWS).astype(np.intp)
        X, weights = X[rows], weights[rows]
    return common_axes(X, weights, data.fit_intercept)
