"""Optimality and gauge of any penalty, computed from its proximal operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.penalties._columns import TaskColumns

if TYPE_CHECKING:
    from sklearn_mtl.penalties._base import Penalty

__all__ = ["gauge_by_prox", "prox_residual", "step_between"]

#: The gauge is searched within this factor of a first guess.
WIDEST = 1e8
PRECISION = 1e-10


def step_between(W: np.ndarray, U: np.ndarray) -> float:
    """Return a step with which step U and W have the same norm."""
    lengths = float(np.linalg.norm(W)), float(np.linalg.norm(U))
    return lengths[0] / lengths[1] if all(lengths) else 1.0


def prox_residual(
    penalty: Penalty, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None
) -> np.ndarray:
    """Return the change of W in a proximal gradient step, divided by the step size.

    Its norm is at most the distance of -gradient to the subdifferential at W, and it is
    zero at the same points.
    """
    step = step_between(W, gradient)
    moved = W - penalty.checked_prox(W - step * gradient, step, columns)
    residual: np.ndarray = moved / step
    return residual


def gauge_by_prox(
    penalty: Penalty, U: np.ndarray, columns: TaskColumns | None
) -> float:
    """Return the smallest f with U in f dR(0) by bisection; 0 if prox is never zero.

    U is in f dR(0) exactly if the proximal point of U with step f is zero.
    """

    def vanishes(f: float) -> bool:
        # See the docstring: 0 is the proximal point exactly if U lies in f dR(0).
        return not penalty.checked_prox(U, f, columns).any()

    if not U.any():
        return 0.0
    value = penalty.value(U, columns)
    # For a norm this is a lower bound of the dual norm of U.
    first = float(np.vdot(U, U)) / value if 0.0 < value < np.inf else 1.0
    low = high = first
    while not vanishes(high):
        low, high = high, 4.0 * high
        if high > WIDEST * first:
            # A penalty such as a ridge has no threshold: prox shrinks U and never
            # reaches 0.
            return 0.0
    while low == high or vanishes(low):
        low, high = 0.25 * low, low
        if low < first / WIDEST:
            return 0.0
    while high - low > PRECISION * high:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if vanishes(middle) else (middle, high)
    # At the upper end prox is known to be zero.
    return high
