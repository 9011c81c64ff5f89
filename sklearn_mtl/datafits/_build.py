"""From X, y and weights to the form of the squared error that is cheapest."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits._moments import Moments, Shift
from sklearn_mtl.datafits._operators import (
    CenteredRows,
    FitOperator,
    ImplicitRows,
    OwnRows,
)
from sklearn_mtl.datafits._quadratic import Centre, GramQuadratic, RowQuadratic
from sklearn_mtl.utils._columns import Cells, sparse_cells

__all__ = [
    "make_moments",
    "make_quadratic",
    "make_shift",
    "prefers_gram",
    "weights_are_shared",
]

#: Most numbers that the Gram matrices of all tasks together may hold (400 MB).
MAX_GRAM = 5e7


def weights_are_shared(weights: np.ndarray) -> bool:
    """Whether all tasks have the same weights.

    Parameters
    ----------
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of cells, 0 where a label is missing.

    Returns
    -------
    bool
        The answer.
    """
    # With missing labels the first row often says no.
    return all((some == some[:, :1]).all() for some in (weights[:1], weights))


def prefers_gram(shape: tuple[int, int], weights: np.ndarray) -> bool:
    """Whether Gram matrices are smaller than the rows they stand for.

    Parameters
    ----------
    shape : tuple of int
        (n_samples, n_features).
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of cells, 0 where a label is missing.

    Returns
    -------
    bool
        The answer.
    """
    n_samples, n_features = shape
    if weights_are_shared(weights):
        return n_features <= min(n_samples, 5000)
    n_rows = np.count_nonzero(weights > 0) / weights.shape[1]
    n_numbers = weights.shape[1] * n_features**2
    return bool(n_features <= n_rows and n_numbers <= MAX_GRAM)


def make_moments(X: Any, Y: np.ndarray, weights: np.ndarray) -> Moments:
    """Return the moments of all rows, measured from their means.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    Y : ndarray of shape (n_samples, n_tasks)
        Targets, anything finite where the weight is 0.
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of cells.

    Returns
    -------
    Moments
        The sums.
    """
    is_shared = weights_are_shared(weights)
    cells = None if is_shared else sparse_cells(weights > 0)
    shift = make_shift(X, Y, weights, cells)
    return Moments.from_cells(X, Y, weights, shift, is_shared=is_shared, cells=cells)


def make_shift(
    X: Any, Y: np.ndarray, weights: np.ndarray, cells: Cells | None = None
) -> Shift:
    """Return the means of X, 0 where X is sparse or centred enough, and of targets."""
    if cells is None:
        totals, sums = weights.sum(axis=0), np.einsum("it,it->t", weights, Y)
    else:
        w, n_tasks = weights[cells.rows, cells.tasks], weights.shape[1]
        totals = np.bincount(cells.tasks, w, n_tasks)
        sums = np.bincount(cells.tasks, w * Y[cells.rows, cells.tasks], n_tasks)
    y = sums / np.where(totals > 0, totals, 1.0)
    x = np.zeros(X.shape[1])
    if not sparse.issparse(X):
        means, some = X.mean(axis=0), X[:: max(len(X) // 200, 1)]
        # A mean of three deviations costs one digit of the second moments, and a
        # shifted copy of X a third of the time that they take.
        if (np.abs(means) > 3.0 * some.std(axis=0)).any():
            x = means
    return Shift(x, y)


def make_quadratic(
    X: Any, Y: np.ndarray, weights: np.ndarray, fit_intercept: bool
) -> GramQuadratic | RowQuadratic:
    """Return the data term sum w (y - x w)^2 / (2 n), n the mean weight of a task.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    Y : ndarray of shape (n_samples, n_tasks)
        Targets, anything finite where the weight is 0.
    weights : ndarray of shape (n_samples, n_tasks)
        Weights of cells, 0 where a label is missing.
    fit_intercept : bool
        Whether each task has an unpenalised intercept.

    Returns
    -------
    GramQuadratic or RowQuadratic
        The data term.
    """
    if prefers_gram(X.shape, weights):
        return make_moments(X, Y, weights).quadratic(fit_intercept)
    centre = _centre(X, Y, weights, fit_intercept)
    roots = np.sqrt(weights / (weights.sum() / weights.shape[1]))
    z = roots * (Y - centre.y)
    operator = _operator(X, roots, centre)
    if isinstance(operator, OwnRows):
        z = np.concatenate([z[roots[:, t] > 0, t] for t in range(z.shape[1])])
    return RowQuadratic(operator, z, centre)


def _centre(X: Any, Y: np.ndarray, weights: np.ndarray, fit_intercept: bool) -> Centre:
    if not fit_intercept:
        return Centre(np.zeros((X.shape[1], 1)), np.zeros(Y.shape[1]))
    totals = weights.sum(axis=0)
    safe = np.where(totals > 0, totals, 1.0)
    columns = slice(0, 1) if weights_are_shared(weights) else slice(None)
    x = (X.T @ weights[:, columns]) / safe[columns]
    return Centre(x, (weights * Y).sum(axis=0) / safe)


def _operator(X: Any, roots: np.ndarray, centre: Centre) -> FitOperator:
    """Return the map that multiplies least."""
    n_features, n_tasks = X.shape[1], roots.shape[1]
    if not sparse.issparse(X):
        if weights_are_shared(roots):
            scaled = roots[:, :1] * (X - centre.x[:, 0])
            return CenteredRows(np.asfortranarray(scaled))
        if (roots > 0).sum() <= 2 * len(X):
            means = np.broadcast_to(centre.x, (n_features, n_tasks))
            return OwnRows(
                [_own_block(X, roots[:, t], means[:, t]) for t in range(n_tasks)]
            )
    means = np.broadcast_to(centre.x, (n_features, n_tasks))
    return ImplicitRows(X, roots, means)


def _own_block(X: np.ndarray, roots: np.ndarray, mean: np.ndarray) -> np.ndarray:
    rows = roots > 0
    return np.asfortranarray(roots[rows, None] * (X[rows] - mean))
