"""Posterior standard deviations of coefficients with empirical Bayes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.datafits import LogLoss, Pooling, Quadratic
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.solvers import (
    Axes,
    Evidence,
    Prior,
    Strengths,
    Variances,
    class_curvature,
    information_of_classes,
    variances_along_axes,
    variances_along_own_axes,
    variances_of_blocks,
    variances_with_levels,
)

__all__ = ["Deviations", "deviations_of_classes", "deviations_of_squares"]

#: Largest number of entries of all Hessians, and of multiplications to compute them.
MAX_HESSIAN, MAX_PRODUCTS = 1e7, 2e9


@dataclass(frozen=True)
class Deviations:
    """Posterior standard deviations, in the units in which a problem is solved.

    Attributes
    ----------
    coefficients : ndarray of shape (n_features, n_columns)
        Standard deviations of the coefficients.
    intercepts : ndarray of shape (n_columns,)
        Standard deviations of the intercepts.
    """

    coefficients: np.ndarray
    intercepts: np.ndarray


def deviations_of_squares(
    data: Data, datafit: Quadratic, evidence: Evidence, strengths: Strengths
) -> Deviations:
    """Return the deviations of regression tasks; `datafit` has no pooling."""
    totals, x = data.labels.totals(), datafit.centre.x
    prior = _prior(strengths, float(totals.mean()), data.fit_intercept)
    if evidence.axes is None:
        assert evidence.common is not None  # else the tasks have separate axes
        mean, weights = x if data.fit_intercept else None, totals[:, None, None]
        found = variances_along_axes(evidence.common, weights, mean, prior)
    else:
        x = np.broadcast_to(x, (len(x), len(totals)))
        own = evidence.values, evidence.axes, x, totals, prior
        is_pooled = prior.level is not None
        found = (variances_with_levels if is_pooled else variances_along_own_axes)(*own)
    return _columns([found], [np.arange(len(totals))], float(np.sqrt(strengths.noise)))


def deviations_of_classes(
    data: Data, datafit: LogLoss, W: np.ndarray, strengths: Strengths, axes: Axes
) -> Deviations:
    """Return the deviations of classification tasks by Laplace's approximation at W.

    Shapes: W (n_features, n_columns).
    """
    P = datafit.probabilities(datafit.logits(W))
    prior = _prior(strengths, datafit.n, data.fit_intercept)
    found, columns = [], []
    ends, widths = np.cumsum(data.widths), np.array(data.widths)
    # Only tasks with the same number of classes share coefficients.
    for k in np.unique(widths):
        blocks = [slice(end - k, end) for end in ends[widths == k]]
        columns.append(np.concatenate([np.arange(b.start, b.stop) for b in blocks]))
        if _is_small(data, len(blocks), int(k)):
            here = information_of_classes(datafit, P, blocks)
            found.append(variances_of_blocks(here, prior))
        else:
            sums = [class_curvature(datafit, P, b).sum(axis=0) for b in blocks]
            mean = _mean_row(data) if data.fit_intercept else None
            found.append(variances_along_axes(axes, np.stack(sums), mean, prior))
    return _columns(found, columns, 1.0)


def _is_small(data: Data, n_tasks: int, k: int) -> bool:
    """Return whether the Hessians of all tasks are small enough."""
    size = n_tasks * (k * data.X.shape[1]) ** 2
    return size <= MAX_HESSIAN and size * data.X.shape[0] <= MAX_PRODUCTS


def _mean_row(data: Data) -> np.ndarray:
    """Return the mean sample, (n_features, 1)."""
    weights = data.labels.row_weights()
    mean: np.ndarray = (data.X.T @ (weights / weights.sum()))[:, None]
    return mean


def _prior(strengths: Strengths, n: float, fit_intercept: bool | Pooling) -> Prior:
    """Return the prior in units of the noise variance."""
    level = None
    if isinstance(fit_intercept, Pooling):
        level = 1.0 / fit_intercept.strength
    return Prior(n * strengths.shared, 1.0 / (n * strengths.own), level)


def _columns(
    found: list[Variances], columns: list[np.ndarray], unit: float
) -> Deviations:
    """Return standard deviations in the order of the columns of W."""
    order = np.argsort(np.concatenate(columns))
    rows = np.vstack(
        [v.coefficients.reshape(-1, v.coefficients.shape[2]) for v in found]
    )
    intercepts = np.concatenate([v.intercepts.ravel() for v in found])
    # Rounding errors can make small variances negative.
    rows, intercepts = np.maximum(rows, 0.0), np.maximum(intercepts, 0.0)
    return Deviations(unit * np.sqrt(rows[order].T), unit * np.sqrt(intercepts[order]))
