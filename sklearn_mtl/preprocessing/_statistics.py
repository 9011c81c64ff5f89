"""Weighted statistics of columns, for several sets of row weights at once.

A whole-number weight counts like that many rows, to the last bit of what rounding
allows: medians average the two middle values, scales divide by the sum of weights.
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

_ONE_UNIT = 10.0  # largest values that differ by less are taken to be in one unit
_BLOCK = 2**21  # numbers of a block of columns; 16 MB
_ROW_NORM = 3.0  # of scaled rows; larger ones are learned by heart in a few steps


def column_blocks(
    X: np.ndarray, columns: np.ndarray, rows: np.ndarray | None = None
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield some columns at a time in float64, with their places among all of them.

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
    """Return the weighted mean and standard deviation of every column.

    Shapes: X (n_samples, n_features), weights (n_sets, n_samples) -> mean,
    scale (n_sets, n_features).
    """
    missing = np.isnan(X)
    has_gaps = missing.any()
    total = weights @ ~missing if has_gaps else weights.sum(axis=1, keepdims=True)
    total = np.where(total > 0, total, 1.0)
    mean = (weights @ (np.where(missing, 0.0, X) if has_gaps else X)) / total
    # two passes around a common centre: squares of large offsets would cancel
    centre = mean.mean(axis=0)
    deviation = X - centre
    if has_gaps:
        deviation[missing] = 0.0
    np.square(deviation, out=deviation)
    # Steiner's theorem leads from the common centre to the mean of each set.
    variance = np.maximum((weights @ deviation) / total - (mean - centre) ** 2, 0.0)
    return mean, usable_scale(mean, variance)


def usable_scale(mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Return standard deviations, 1 or more where a column does not vary."""
    tiny = 10 * np.finfo(np.float64).eps * np.maximum(np.abs(mean), 1e-300)
    scale = np.sqrt(variance)
    return np.where(scale > tiny, scale, np.maximum(tiny, 1.0))


def column_medians(X: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted median of every column.

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
                # As for repeated rows: the mean of both middle values.
                pair = order[[low, min(high, len(order) - 1)]]
                out[m, j] = column[pair].mean()
    return out


def column_quantiles(
    X: np.ndarray, weights: np.ndarray, levels: np.ndarray
) -> np.ndarray:
    """Return the smallest values with at least a share of the weight up to them.

    Shapes: X (n_samples, n_features), weights (n_samples,), levels
    (n_levels,) -> (n_levels, n_features).
    """
    order = np.argsort(X, axis=0, kind="stable")
    mass = np.cumsum(weights[order], axis=0)
    # whole-number weights are summed exactly; a share may round past its target
    wanted = levels * mass[-1, :1] * (1 - 1e-12) if len(mass) else levels
    place = [np.searchsorted(m, wanted) for m in mass.T]
    rows = np.minimum(np.stack(place, axis=1), len(X) - 1)
    return np.take_along_axis(X, np.take_along_axis(order, rows, axis=0), axis=0)


def sparse_scales(X: sparse.csr_array, weights: np.ndarray) -> np.ndarray:
    """Return the scale of every column of a sparse X: its deviation, with a floor.

    A column that is nearly always zero has a tiny standard deviation; divided by it, a
    word of two texts would be the loudest of all. With the share s_j of the deviation
    in the column's largest value, the scale is that value times the larger of s_j and
    the root mean square of all shares, so the unit of a column does not matter.

    Shapes: X (n_samples, n_features), weights (n_sets, n_samples) ->
    (n_sets, n_features).
    """
    X = X.astype(np.float64)  # bytes would overflow in squares
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
    """Return the scale of every column of a wide sparse X, such as TF-IDF of texts.

    Its columns are in one unit, and rare words are no louder than others: all get one
    scale, which makes the root mean square norm of a row 3. Only a column whose largest
    value is more than ten times off the median of all is first brought to this.

    Shapes: X (n_samples, n_features), weights (n_sets, n_samples) ->
    (n_sets, n_features).
    """
    X = X.astype(np.float64)  # bytes would overflow in squares
    size, square = abs(X), X.multiply(X)
    scales = np.ones((len(weights), X.shape[1]))
    for scale, weight in zip(scales, weights, strict=True):
        peak = size[weight > 0].max(axis=0).toarray().ravel()
        seen = peak > 0
        if seen.any():
            # the logarithm, so that no unit overflows
            distance = np.log(peak[seen]) - np.median(np.log(peak[seen]))
            unit = np.log(_ONE_UNIT)
            scale[seen] = np.exp(distance - np.clip(distance, -unit, unit))
            total = (weight @ square) @ scale**-2.0 / weight.sum()
            scale *= np.sqrt(total) / _ROW_NORM
    return scales
