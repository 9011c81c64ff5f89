"""Metrics of intervals, sets and quantiles of one task.

Every function takes values or class indices `y` (n,), predictions `given`, and positive
weights `w` (n,).
"""

from __future__ import annotations

import numpy as np

__all__ = [
    "interval_coverage",
    "interval_width",
    "mean_pinball_loss",
    "set_coverage",
    "set_size",
]


def interval_coverage(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the proportion of labels in their interval (n, 2), including its ends."""
    is_in = (given[:, 0] <= y) & (y <= given[:, 1])
    return float(np.average(is_in, weights=w))


def interval_width(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the mean width of intervals (n, 2)."""
    return float(np.average(given[:, 1] - given[:, 0], weights=w))


def set_coverage(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the proportion of labels in their set (n, n_classes) of ones and zeros."""
    return float(np.average(given[np.arange(len(y)), y], weights=w))


def set_size(y: np.ndarray, given: np.ndarray, w: np.ndarray) -> float:
    """Return the mean number of classes in sets (n, n_classes) of ones and zeros."""
    return float(np.average(given.sum(axis=1), weights=w))


def mean_pinball_loss(
    y: np.ndarray, given: np.ndarray, w: np.ndarray, *, levels: np.ndarray
) -> float:
    """Return the pinball loss of quantiles (n, n_levels), averaged over the levels."""
    error = y[:, None] - given
    loss = np.where(error >= 0, levels * error, (levels - 1) * error)
    return float(np.average(loss.mean(axis=1), weights=w))
