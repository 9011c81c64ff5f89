"""Regression metrics of one task.

Every function takes true values `y` (n,), predictions `given` (n,) and positive weights
`w` (n,). Undefined metrics are NaN.
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "d2_absolute_error_score",
    "explained_variance",
    "mean_absolute_error",
    "mean_squared_error",
    "r2",
    "relative_root_mean_squared_error",
    "root_mean_squared_error",
]


def mean_squared_error(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the mean squared error."""
    return float(np.average((y - given) ** 2, weights=w))


def root_mean_squared_error(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(mean_squared_error(y, given, w)))


def mean_absolute_error(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the mean absolute error."""
    return float(np.average(np.abs(y - given), weights=w))


def r2(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return 1 - squared error / squared deviation of y from its mean."""
    return _relative(mean_squared_error(y, given, w), y, w)


def explained_variance(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return 1 - variance of the residuals / variance of y."""
    return _relative(_variance(y - given, w), y, w)


def d2_absolute_error_score(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return 1 - absolute error / absolute deviation of y from its median."""
    if len(y) < 2:
        return np.nan
    order = np.argsort(y, kind="stable")
    shares = np.cumsum(w[order])
    # The lower median: every median minimises the absolute error.
    median = y[order[np.searchsorted(shares, 0.5 * shares[-1])]]
    deviation = mean_absolute_error(y, np.full_like(y, median), w)
    error = mean_absolute_error(y, given, w)
    return 1.0 - error / deviation if deviation > 0 else float(error <= 0)


def relative_root_mean_squared_error(
    y: np.ndarray, given: np.ndarray, w: np.ndarray
) -> float:
    """Return the root of squared error / squared deviation of y from its mean."""
    deviation = _variance(y, w)
    if deviation <= 0:
        return np.nan
    return float(np.sqrt(mean_squared_error(y, given, w) / deviation))


def _variance(values: np.ndarray, w: np.ndarray) -> float:
    return float(np.average((values - np.average(values, weights=w)) ** 2, weights=w))


def _relative(error: float, y: np.ndarray, w: np.ndarray) -> float:
    """Return 1 - error / variance; 1 or 0 if y is constant, like r2_score."""
    if len(y) < 2:
        return np.nan
    variance = _variance(y, w)
    if variance <= 0:
        return float(error <= 0)
    return 1.0 - error / variance
