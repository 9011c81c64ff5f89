"""Weighted statistics of columns, for several sets of sample weights at once.

An integer weight is equivalent to repeated samples, up to rounding: medians average the
two middle values, and scales divide by the sum of weights.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import sparse

__all__ = [
    "column_blocks",
    "column_medians",
    "column_moments",
    "column_quantiles",
    "sparse_scales",
    "usable_scale",
    "wide_scales",
]

_ONE_UNIT = 10.0  # columns whose maxima differ by a smaller factor share one unit
_BLOCK = 2**21  # size of a block of columns; 16 MB
_ROW_NORM = 3.0  # norm of scaled samples; larger ones are memorised in a few steps


def column_blocks(
    X: np.ndarray, columns: np.ndarray, rows: np.ndarray | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of columns in float64, with their positions in `columns`.

    Shapes: X (n_samples, n_features), columns (n_columns,), rows (n_rows,) ->
    (n_rows, n_block).
    """
    n_rows = len(X) if rows is None else len(rows)
    size = max(1, _BLOCK // max(n_rows, 1))
    for start in range(0, len(columns), size):
        place = slice(start, min(start + size, len(columns)))
        at = columns[place]
        block = X[:, at] if rows is None else X[np.ix_(rows, at)]
        yield place, block.astype(np.float64, copy=False)


def column_moments(X: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted mean and standard deviation of each column.

    Shapes: X (n_samples, n_features), weights (n_sets, n_samples) -> mean,
    scale (n_sets, n_features).
    """
    missing = np.isnan(X)
    has_gaps = missing.any()
    total = weights @ ~missing if has_gaps else weights.sum(axis=1, keepdims=True)
    total = np.where(total > 0, total, 1.0)
    mean = (weights @ (np.where(missing, 0.0, X) if has_gaps else X)) / total
    # two passes around a common centre, because squares of large offsets would cancel
    centre = mean.mean(axis=0)
    deviation = X - centre
    if has_gaps:
        deviation[missing] = 0.0
    np.square(deviation, out=deviation)
    # The parallel axis theorem gives the variance around the mean of each set.
    variance = np.maximum((weights @ deviation) / total - (mean - centre) ** 2, 0.0)
    return mean, usable_scale(mean, variance)


def usable_scale(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return standard deviations, at least 1 for constant columns."""
    tiny = 10 * np.finfo(np.float64).eps * np.maximum(np.abs(mean), 1e-300)
    scale = np.sqrt(variance)
    return np.where(scale > tiny, scale, np.maximum(tiny, 1.0))


def column_medians(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted median of each column.

    Shapes: X (n_samples, n_features), weights (n_sets, n_samples) ->
    (n_sets, n_features).
    """
    out = np.zeros((len(weights), X.shape[1]))
    for j, column in enumerate(X.T):
        order = np.argsort(column, kind="stable")
        order = order[: np.count_nonzero(~np.isnan(column))]
        cumulated = np.cumsum(weights[:, order], axis=1)
        for m, mass in enumerate(cumulated):
            if len(mass) and mass[-1] > 0:
                half = mass[-1] / 2
                low = np.searchsorted(mass, half, side="left")
                high = np.searchsorted(mass, half, side="right")
                # the mean of both middle values, as with repeated samples
                pair = order[[low, min(high, len(order) - 1)]]
                out[m, j] = column[pair].mean()
    return out


def column_quantiles(
    X: np.ndarray, weights: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """Return weighted quantiles: the smallest values that reach a share of the weight.

    Shapes: X (n_samples, n_features), weights (n_samples,), levels
    (n_levels,) -> (n_levels, n_features).
    """
    order = np.argsort(X, axis=0, kind="stable")
    mass = np.cumsum(weights[order], axis=0)
    # integer weights are summed exactly, but a share may be rounded above its target
    wanted = levels * mass[-1, :1] * (1 - 1e-12) if len(mass) else levels
    place = [np.searchsorted(m, wanted) for m in mass.T]
    rows = np.minimum(np.stack(place, axis=1), len(X) - 1)
    return np.take_along_axis(X, np.take_along_axis(order, rows, axis=0), axis=0)


def sparse_scales(X: sparse.csr_array, weights: np.ndarray) -> np.ndarray:
    """Return the scale of each column of a sparse X: its deviation, with a floor.

    A column that is almost always zero has a very small standard deviation. Division by
    it would let a word that occurs in two texts dominate the other features. Let s_j be
    the standard deviation divided by the largest absolute value of column j. The scale
    is this value times the maximum of s_j and the root mean square of all s_j, so it
    does not depend on the unit of the column.

    Shapes: X (n_samples, n_features), weights (n_sets, n_samples) ->
    (n_sets, n_features).
    """
    X = X.astype(np.float64)  # squares of uint8 would overflow
    total = weights.sum(axis=1, keepdims=True)
    mean = np.asarray((X.T @ weights.T).T) / total
    square = np.asarray((X.multiply(X).T @ weights.T).T) / total
    variance = square - mean**2
    varies = variance > 1e-12 * np.maximum(square, np.finfo(np.float64).tiny)
    size = abs(X)
    largest = [size[w > 0].max(axis=0).toarray().ravel() for w in weights]
    peak = np.where(varies, largest, 1.0)
    share = np.sqrt(np.where(varies, variance, 0.0)) / peak
    n_varying = np.maximum(varies.sum(axis=1, keepdims=True), 1)
    floor = np.sqrt((share**2).sum(axis=1, keepdims=True) / n_varying)
    return np.where(varies, peak * np.maximum(share, floor), 1.0)


def wide_scales(X: sparse.csr_array, weights: np.ndarray) -> np.ndarray:
    """Return the scale of each column of a wide sparse X, such as TF-IDF of texts.

    The columns have the same unit, so all get the same scale, which gives the samples a
    root mean square norm of 3. Only if the largest value of a column differs from the
    median of these values by a factor of more than ten, the column is rescaled first.

    Shapes: X (n_samples, n_features), weights (n_sets, n_samples) ->
    (n_sets, n_features).
    """
    X = X.astype(np.float64)  # squares of uint8 would overflow
    size, square = abs(X), X.multiply(X)
    scales = np.ones((len(weights), X.shape[1]))
    for scale, weight in zip(scales, weights, strict=True):
        peak = size[weight > 0].max(axis=0).toarray().ravel()
        seen = peak > 0
        if seen.any():
            # logarithms, to avoid overflow
            distance = np.log(peak[seen]) - np.median(np.log(peak[seen]))
            unit = np.log(_ONE_UNIT)
            scale[seen] = np.exp(distance - np.clip(distance, -unit, unit))
            total = (weight @ square) @ scale**-2.0 / weight.sum()
            scale *= np.sqrt(total) / _ROW_NORM
    return scales
