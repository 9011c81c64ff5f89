"""Choices among numbers that should tie but for rounding.

Which of two equal sums is larger by its last bit depends on the order in which the
processor adds. So the last bits must not decide: the first of those that are as good as
the best is chosen, which is the same on every processor.
"""

from __future__ import annotations

import numpy as np

__all__ = ["difference", "first_highest", "first_lowest", "level_ties"]

#: Numbers with a smaller relative difference differ by rounding alone.
ROUNDING = 1e-10


def first_highest(
    values: np.ndarray, axis: int | None = None, size: float = 0.0
) -> np.ndarray:
    """Return where the first of the highest values is."""
    values = np.where(np.isnan(values), -np.inf, values)
    best = values.max(axis=axis, keepdims=True)
    rounding = ROUNDING * np.maximum(np.where(np.isfinite(best), np.abs(best), 0), size)
    return np.asarray(np.argmax(values >= best - rounding, axis=axis))


def first_lowest(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Return where the first of the lowest values is."""
    return first_highest(-values, axis)


def level_ties(values: np.ndarray) -> np.ndarray:
    """Make those values equal that differ by rounding alone.

    Shapes: values (n,) -> (n,).
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.ones(len(values), dtype=bool)
    begins[1:] = difference(ordered[1:], ordered[:-1]) != 0
    out = np.empty_like(ordered)
    out[order] = ordered[np.flatnonzero(begins)[np.cumsum(begins) - 1]]
    return out


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return one less other, with zeros where it is nothing but rounding."""
    with np.errstate(invalid="ignore"):  # of two infinities
        found = one - other
        rounding = ROUNDING * np.maximum(np.abs(one), np.abs(other))
        is_rounding = (np.abs(found) <= rounding) & np.isfinite(rounding)
        return np.where(is_rounding | (one == other), 0.0, found)
