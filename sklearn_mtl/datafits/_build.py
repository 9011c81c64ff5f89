"""Choice of the cheapest form of the squared error for X, y and weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits._moments import Moments, Shift
from sklearn_mtl.datafits._operators import (
    FitOperator,
    SeparateSamples,
    SharedSamples,
    WeightedSamples,
)
from sklearn_mtl.datafits._pooling import Pooling, centres
from sklearn_mtl.datafits._quadratic import Centre, GramQuadratic, SampleQuadratic
from sklearn_mtl.tasks import Cells, sparse_cells

__all__ = [
    "make_moments",
    "make_quadratic",
    "make_separate_quadratic",
    "make_shift",
    "prefers_gram",
    "weights_are_shared",
]

#: Largest number of entries of the Gram matrices of all tasks (400 MB).
MAX_GRAM = 5e7


def weights_are_shared(weights: np.ndarray) -> bool:
    """Return whether all tasks have the same weights.

    Shapes: weights (n_samples, n_tasks).
    """
    # With missing labels the first sample often decides, so it is checked first.
    return all((some == some[:, :1]).all() for some in (weights[:1], weights))


def prefers_gram(shape: tuple[int, int], weights: np.ndarray) -> bool:
    """Return whether the Gram matrices are smaller than the samples.

    Shapes: weights (n_samples, n_tasks).
    """
    n_samples, n_features = shape
    if weights_are_shared(weights):
        # The Gram matrix of 5000 features takes 200 MB.
        return n_features <= min(n_samples, 5000)
    n_cells = int(np.count_nonzero(weights > 0))
    return _gram_is_small(n_features, n_cells, weights.shape[1])


def _gram_is_small(n_features: int, n_cells: int, n_tasks: int) -> bool:
    """Return whether one Gram matrix per task is smaller than the samples."""
    # n_tasks n_features^2 numbers compared with n_cells n_features.
    return n_features * n_tasks <= n_cells and n_tasks * n_features**2 <= MAX_GRAM


def make_moments(X: Any, Y: np.ndarray, weights: np.ndarray) -> Moments:
    """Return the moments of all samples, relative to their means.

    Shapes: X (n_samples, n_features), Y (n_samples, n_tasks), weights
    (n_samples, n_tasks).
    """
    is_shared = weights_are_shared(weights)
    cells = None if is_shared else sparse_cells(weights > 0)
    shift = make_shift(X, Y, weights, cells)
    return Moments.from_cells(X, Y, weights, shift, is_shared=is_shared, cells=cells)


def make_shift(
    X: Any, Y: np.ndarray, weights: np.ndarray, cells: Cells | None = None
) -> Shift:
    """Return the shift of X, if its means are large, and the means of the targets."""
    if cells is None:
        # For few columns einsum is three times as fast as sum.
        totals = np.einsum("it->t", weights)
        sums = np.einsum("it,it->t", weights, Y)
    else:
        w, n_tasks = weights[cells.rows, cells.tasks], weights.shape[1]
        totals = np.bincount(cells.tasks, w, n_tasks)
        sums = np.bincount(cells.tasks, w * Y[cells.rows, cells.tasks], n_tasks)
    y = sums / _positive(totals)
    x = np.zeros(X.shape[1])
    # Centring would fill the zeros of a sparse X.
    if not sparse.issparse(X):
        # A subset of the samples is sufficient for approximate means.
        means = X[:: max(len(X) // 200, 1)].mean(axis=0)
        if _is_far(X, means):
            x = means
    return Shift(x, y)


def _is_far(X: np.ndarray, means: np.ndarray) -> bool:
    """Return whether centring products of X instead of X would lose digits."""
    some = X[:: max(len(X) // 200, 1)]
    # A mean of three standard deviations costs one digit of the second moments. A
    # shifted copy of X takes a third of their time.
    return bool((np.abs(means) > 3.0 * some.std(axis=0)).any())


def make_quadratic(
    X: Any, Y: np.ndarray, weights: np.ndarray, fit_intercept: bool | Pooling
) -> GramQuadratic | SampleQuadratic:
    """Return sum w (y - x w)^2 / (2 n), with n the mean sum of weights of a task.

    Shapes: X (n_samples, n_features), Y (n_samples, n_tasks), weights
    (n_samples, n_tasks).
    """
    is_shared = weights_are_shared(weights)
    if not is_shared and not sparse.issparse(X):
        cells = sparse_cells(weights > 0)
        if cells is not None:
            at = cells.rows, cells.tasks
            return make_separate_quadratic(X, cells, Y[at], weights[at], fit_intercept)
    if prefers_gram(X.shape, weights):
        return make_moments(X, Y, weights).quadratic(fit_intercept)
    off, back = _centres(X, Y, weights, fit_intercept)
    roots = np.sqrt(weights / (weights.sum() / weights.shape[1]))
    operator = _operator(X, roots, off, is_shared)
    return SampleQuadratic(operator, roots * (Y - off.y), back)


def make_separate_quadratic(
    X: np.ndarray,
    cells: Cells,
    y: np.ndarray,
    weights: np.ndarray,
    fit_intercept: bool | Pooling,
) -> GramQuadratic | SampleQuadratic:
    """Return the data term of tasks with separate samples.

    Shapes: X (n_samples, n_features), y (n_cells,), weights (n_cells,).
    """
    n_features, n_tasks = X.shape[1], len(cells.ends)
    totals = np.bincount(cells.tasks, weights, n_tasks)
    off = back = Centre(np.zeros((n_features, n_tasks)), np.zeros(n_tasks))
    if fit_intercept:
        sums = np.bincount(cells.tasks, weights * y, n_tasks)
        x = _separate_means(X, cells, weights, totals)
        means = Centre(x, sums / _positive(totals))
        off, back = centres(means, totals, fit_intercept)
    if _gram_is_small(n_features, len(y), n_tasks):
        return _separate_gram(X, cells, y, weights, off, back)
    roots = np.sqrt(weights / totals.mean())
    z = roots * (y - off.y[cells.tasks])
    pairs = zip(cells.parts, off.x.T, strict=True)
    blocks = [roots[part, None] * (_take(X, cells.rows[part]) - x) for part, x in pairs]
    return SampleQuadratic(
        SeparateSamples(list(map(np.asfortranarray, blocks))), z, back
    )


def _separate_means(
    X: np.ndarray, cells: Cells, weights: np.ndarray, totals: np.ndarray
) -> np.ndarray:
    """Return the mean of each task's samples, (n_features, n_tasks)."""
    sums = [weights[part] @ _take(X, cells.rows[part]) for part in cells.parts]
    return np.array(sums).T / _positive(totals)


def _separate_gram(
    X: np.ndarray,
    cells: Cells,
    y: np.ndarray,
    weights: np.ndarray,
    off: Centre,
    back: Centre,
) -> GramQuadratic:
    """Return the Gram form, from one product of each task's samples (x, y)."""
    k, n_tasks = X.shape[1], len(cells.ends)
    n, y = weights.sum() / n_tasks, y - off.y[cells.tasks]
    roots = None if (weights == 1.0).all() else np.sqrt(weights)[:, None]
    sums = np.empty((n_tasks, k + 1, k + 1))
    # The samples of one task fit into the cache; a copy of X would need more memory.
    room = np.empty((max(part.stop - part.start for part in cells.parts), k + 1))
    for total, part, x in zip(sums, cells.parts, off.x.T, strict=True):
        Z = room[: part.stop - part.start]
        np.subtract(_take(X, cells.rows[part]), x, out=Z[:, :k])
        Z[:, k] = y[part]
        if roots is not None:
            Z *= roots[part]
        np.matmul(Z.T, Z, out=total)
    sums /= n
    constant = 0.5 * float(sums[:, k, k].sum())
    return GramQuadratic(sums[:, :k, :k], sums[:, :k, k].T, constant, back)


def _take(X: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return increasing rows of X, as a view if they are contiguous."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1:
        return X[rows[0] : rows[-1] + 1]
    return X[rows]


def _positive(totals: np.ndarray) -> np.ndarray:
    """Return sums of weights that can be divided by, with 1 in place of 0."""
    return np.where(totals > 0, totals, 1.0)


def _centres(
    X: Any, Y: np.ndarray, weights: np.ndarray, fit_intercept: bool | Pooling
) -> tuple[Centre, Centre]:
    if not fit_intercept:
        origin = Centre(np.zeros((X.shape[1], 1)), np.zeros(Y.shape[1]))
        return origin, origin
    totals = weights.sum(axis=0)
    safe = _positive(totals)
    columns = slice(0, 1) if weights_are_shared(weights) else slice(None)
    x = (X.T @ weights[:, columns]) / safe[columns]
    means = Centre(x, (weights * Y).sum(axis=0) / safe)
    return centres(means, totals, fit_intercept)


def _operator(
    X: Any, roots: np.ndarray, centre: Centre, is_shared: bool
) -> FitOperator:
    """Return the operator that needs the fewest multiplications."""
    if is_shared and not sparse.issparse(X):
        mean = centre.x[:, 0]
        if _is_far(X, mean):
            X, weights = X - mean, roots[:, 0] ** 2
            mean = weights @ X / weights.sum()  # remaining rounding error
        return SharedSamples(X, roots[:, :1], mean)
    means = np.broadcast_to(centre.x, (X.shape[1], roots.shape[1]))
    return WeightedSamples(X, roots, means)
