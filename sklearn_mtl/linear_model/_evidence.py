"""Empirical Bayes: alphas of the shared and the task-specific part from the data."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import LogLoss, Quadratic
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.linear_model._deviations import (
    Deviations,
    deviations_of_classes,
    deviations_of_squares,
)
from sklearn_mtl.solvers import (
    Axes,
    Evidence,
    Problem,
    Solution,
    Strengths,
    common_axes,
    evidence_of_classes,
    evidence_of_levels,
    evidence_of_squares,
    evidence_with_common_axes,
    solve,
)

__all__ = ["fit_empirical_bayes", "pool"]

#: Number of Laplace steps, and change of the logarithm of an alpha at which they stop.
MAX_STEPS = 20
STEP_TOLERANCE = 1e-3
#: With more entries in all Gram matrices than this, all tasks use the same axes.
MAX_GRAM = 1e7
#: Number of rows of a sparse X that are made dense at a time.
ROWS_AT_ONCE = 256
#: Largest number of samples, evenly spaced, from which common axes are computed.
MAX_ROWS = 2000


def fit_empirical_bayes(
    data: Data, pools: bool, *, tol: float, max_iter: int
) -> tuple[Data, Problem, Solution, Deviations]:
    """Fit a shared vector plus deviations, with alphas estimated from the data."""
    if data.is_classification:
        return data, *_fit_classes(data, data.log_loss(), tol=tol, max_iter=max_iter)
    datafit = data.quadratic()
    totals = data.labels.totals()
    evidence = _evidence(data, datafit, totals, pools)
    strengths = evidence.strengths(float(totals.mean()))
    if strengths.pooling is not None:
        data = replace(data, fit_intercept=strengths.pooling)
    elif pools:
        data = pool(data)
    problem = Problem(
        data.datafit() if pools else datafit, strengths.penalty(), data.columns
    )
    spreads = deviations_of_squares(data, datafit, evidence, strengths)
    return data, problem, solve(problem, tol=tol, max_iter=max_iter), spreads


def _evidence(
    data: Data,
    datafit: Quadratic,
    totals: np.ndarray,
    pools: bool,
) -> Evidence:
    """Return the marginal likelihood in the form that the size of the data allows."""
    n_intercepts = int(bool(data.fit_intercept)) * len(totals)
    is_small = len(totals) * data.X.shape[1] ** 2 <= MAX_GRAM
    if pools and is_small:
        return evidence_of_levels(datafit, totals)
    if datafit.has_shared_samples or is_small:
        return evidence_of_squares(datafit, totals, n_intercepts)
    axes = _common_axes(data)
    return evidence_with_common_axes(datafit, totals, n_intercepts, axes)


def pool(data: Data) -> Data:
    """Return the data with intercepts pooled by an amount estimated from the data.

    The variances of noise and intercepts maximise the marginal likelihood of a shared
    vector plus deviations. If there are too many features for one Gram matrix per task,
    only the leading principal axes are used.
    """
    totals = data.labels.totals()
    if len(totals) < 2:
        return data
    part = data.with_scaled_features()
    # The number of axes for which the Gram matrices of all tasks stay within the limit.
    n_axes = int(np.sqrt(MAX_GRAM / len(totals)))
    if n_axes < data.X.shape[1]:
        part = replace(part, X=_projected(part, n_axes))
    datafit = part.quadratic()
    strengths = evidence_of_levels(datafit, totals).strengths(float(totals.mean()))
    assert strengths.pooling is not None  # always set with pooled intercepts
    return replace(data, fit_intercept=strengths.pooling)


def _projected(data: Data, n_axes: int) -> np.ndarray:
    """Return the samples projected onto the leading principal axes."""
    axes, starts = _common_axes(data), range(0, data.X.shape[0], ROWS_AT_ONCE)
    blocks = [data.X[start : start + ROWS_AT_ONCE] for start in starts]
    dense = [b.toarray() if sparse.issparse(b) else b for b in blocks]
    return np.vstack([axes.project(rows.T)[-n_axes:].T for rows in dense])


def _fit_classes(
    data: Data, datafit: LogLoss, *, tol: float, max_iter: int
) -> tuple[Problem, Solution, Deviations]:
    """Alternate between a fit with fixed alphas and a Laplace step for the alphas."""
    axes = _common_axes(data)
    strengths = Strengths(shared=1.0 / datafit.n, own=1.0 / datafit.n)
    point = None
    for _ in range(MAX_STEPS):
        problem = Problem(datafit, strengths.penalty(), data.columns)
        solution = solve(problem, point, tol=tol, max_iter=max_iter)
        point, before = solution.point, strengths
        evidence = evidence_of_classes(
            datafit, problem.total(point), axes, data.columns.slot
        )
        strengths = evidence.strengths(datafit.n)
        ratios = strengths.shared / before.shared, strengths.own / before.own
        if np.abs(np.log(ratios)).max() <= STEP_TOLERANCE:
            break
    W = problem.total(solution.point)
    return problem, solution, deviations_of_classes(data, datafit, W, before, axes)


def _common_axes(data: Data) -> Axes:
    """Return the principal axes of the samples of all tasks."""
    X: Any = data.X
    weights = data.labels.row_weights()
    if min(X.shape) > MAX_ROWS:
        rows = np.linspace(0, X.shape[0] - 1, MAX_ROWS).astype(np.intp)
        X, weights = X[rows], weights[rows]
    return common_axes(X, weights, bool(data.fit_intercept))
