"""Comparisons of numbers that treat differences by rounding as ties.

The last bits of a sum depend on the order of additions, which depends on the processor.
To make the same choice on every processor, numbers that equal the best one up to
rounding are ties, and the first of them is chosen.
"""

from __future__ import annotations

import numpy as np

__all__ = ["difference", "first_highest", "first_lowest", "level_ties"]

#: Numbers with a smaller relative difference are considered equal.
ROUNDING = 1e-10


def first_highest(
    values: np.ndarray, axis: int | None = None, size: float = 0.0
) -> np.ndarray:
    """Return the index of the first of the highest values."""
    values = np.where(np.isnan(values), -np.inf, values)
    best = values.max(axis=axis, keepdims=True)
    rounding = ROUNDING * np.maximum(np.where(np.isfinite(best), np.abs(best), 0), size)
    return np.asarray(np.argmax(values >= best - rounding, axis=axis))


def first_lowest(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """Return the index of the first of the lowest values."""
    return first_highest(-values, axis)


def level_ties(values: np.ndarray) -> np.ndarray:
    """Replace values that differ only by rounding by the same value.

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
    """Return one - other, with zeros for differences that are only due to rounding."""
    with np.errstate(invalid="ignore"):  # differences of infinities
        found = one - other
        rounding = ROUNDING * np.maximum(np.abs(one), np.abs(other))
        is_rounding = (np.abs(found) <= rounding) & np.isfinite(rounding)
        return np.where(is_rounding | (one == other), 0.0, found)
