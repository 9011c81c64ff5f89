"""The default: strengths of the shared and the own part by empirical Bayes."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import CrossEntropy, GramQuadratic, RowQuadratic
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.solvers import (
    Problem,
    Solution,
    Strengths,
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


def _common_axes(data: Data) -> tuple[np.ndarray, np.ndarray]:
    """Return eigenvalues and vectors of the covariance of the rows of all tasks."""
    X: Any = data.X
    weights = data.labels.row_weights()
    if min(X.shape) > MAX_ROWS:
        rows = np.linspace(0, X.shape[0] - 1, MAX_ROWS).astype(np.intp)
        X, weights = X[rows], weights[rows]
    weights = weights / max(weights.sum(), 1e-300)
    mean = (X.T @ weights) * data.fit_intercept
    if X.shape[1] <= X.shape[0]:
        scaled = (
            X.multiply(weights[:, None])
            if sparse.issparse(X)
            else (weights[:, None] * X)
        )
        gram = X.T @ scaled
        gram = gram.toarray() if sparse.issparse(gram) else gram
        values, vectors = np.linalg.eigh(gram - np.outer(mean, mean))
    else:
        dense = X.toarray() if sparse.issparse(X) else X
        centred = np.sqrt(weights)[:, None] * (dense - mean)
        values, left = np.linalg.eigh(centred @ centred.T)
        vectors = centred.T @ (left / np.sqrt(np.maximum(values, 1e-300)))
    kept = values > 1e-12 * values[-1]
    return values[kept], vectors[:, kept]
