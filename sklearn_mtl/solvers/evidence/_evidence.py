"""Marginal likelihood of data terms, in coordinates where tasks are diagonal."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import LogLoss, Quadratic
from sklearn_mtl.solvers._closed_form import Spectrum
from sklearn_mtl.solvers.evidence._axes import Axes
from sklearn_mtl.solvers.evidence._empirical_bayes import Evidence
from sklearn_mtl.solvers.evidence._pooled_evidence import PooledEvidence

__all__ = [
    "evidence_of_classes",
    "evidence_of_levels",
    "evidence_of_squares",
    "evidence_with_common_axes",
]


def evidence_of_squares(
    datafit: Quadratic, totals: np.ndarray, n_intercepts: int
) -> Evidence:
    """Return the marginal likelihood of a quadratic data term.

    Shapes: totals (n_tasks,).
    """
    n = float(totals.mean())
    # Each intercept takes one degree of freedom.
    n_rows = max(float(totals.sum()) - n_intercepts, 1.0)
    zero = np.zeros((datafit.n_features, datafit.n_columns))
    # The loss at zero is y'y / (2 n), with centred targets.
    squares = 2.0 * n * datafit.evaluate(zero).value
    if datafit.has_shared_samples:
        spectrum = Spectrum(datafit)
        values = np.tile(n * spectrum.values, (datafit.n_columns, 1))
        targets = n * spectrum.targets.T
        axes = Axes.of_vectors(spectrum.values, spectrum.vectors)
        return Evidence(values, targets, None, squares, n_rows, common=axes)
    return Evidence(*_own_axes(datafit, n), squares, n_rows)


def evidence_of_levels(datafit: Quadratic, totals: np.ndarray) -> PooledEvidence:
    """Return the marginal likelihood of a quadratic data term with pooled intercepts.

    Shapes: totals (n_tasks,).
    """
    n = float(totals.mean())
    zero = np.zeros((datafit.n_features, datafit.n_columns))
    squares = 2.0 * n * datafit.evaluate(zero).value
    n_rows = max(float(totals.sum()) - 1.0, 1.0)
    x = np.broadcast_to(datafit.centre.x, zero.shape)
    parts = _own_axes(datafit, n)
    return PooledEvidence(
        *parts, squares, n_rows, totals=totals, x=x, y=datafit.centre.y
    )


def _own_axes(
    datafit: Quadratic, n: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return eigenvalues of n G_t, n b_t along eigenvectors, and the eigenvectors."""
    gram = datafit.gram()
    values, bases = np.linalg.eigh(gram.G)
    if gram.is_shared:
        values = np.tile(values, (gram.n_columns, 1))
        bases = np.broadcast_to(bases, (gram.n_columns, *bases.shape))
    targets = np.matmul(gram.B.T[:, None, :], bases)[:, 0]
    axes = np.ascontiguousarray(bases.transpose(1, 0, 2)).reshape(len(gram.B), -1)
    return n * np.maximum(values, 0.0), n * targets, axes


def evidence_with_common_axes(
    datafit: Quadratic,
    totals: np.ndarray,
    n_intercepts: int,
    axes: Axes,
) -> Evidence:
    """Return an approximation: each task's samples are treated as a random subset.

    Shapes: totals (n_tasks,).
    """
    n = float(totals.mean())
    zero = datafit.evaluate(np.zeros((datafit.n_features, datafit.n_columns)))
    targets = -n * axes.project(zero.gradient).T
    n_rows = max(float(totals.sum()) - n_intercepts, 1.0)
    values = np.outer(totals, axes.values)
    squares = 2.0 * n * zero.value
    return Evidence(values, targets, None, squares, n_rows, common=axes)


def evidence_of_classes(
    datafit: LogLoss, W: np.ndarray, axes: Axes, slot: np.ndarray
) -> Evidence:
    """Return the marginal likelihood of a log-loss, by a quadratic model at W.

    This is one step of Laplace's approximation. The curvature of a column is taken as
    its mean p (1 - p) times the Gram matrix of all samples, so all tasks have the same
    axes.

    Shapes: W (n_features, n_columns), slot (n_columns,) as in `TaskColumns`.
    """
    n = datafit.n
    probabilities = datafit.probabilities(datafit.logits(W))
    # The curvature along differences of K equally likely classes is p, not p (1 - p).
    widths = np.diff(datafit.ends, prepend=0)
    share = np.repeat(np.where(widths > 1, 1.0 - 1.0 / widths, 1.0), widths)
    curvature = n * datafit.mean_curvature(probabilities) / share
    precision = curvature[:, None] * axes.values
    gradient = n * axes.project(datafit.pull_back(probabilities))
    # The working response of iteratively reweighted least squares.
    targets = precision * axes.project(W).T - gradient.T
    n_rows = float(datafit.n_columns * n)
    # The coefficients of the classes sum to zero, so one shared vector would be zero.
    slots = slot if slot.any() else None
    return Evidence(precision, targets, None, 0.0, n_rows, 1.0, slot=slots, share=share)
