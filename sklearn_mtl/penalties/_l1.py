"""L1 norm: selection of single coefficients."""

from __future__ import annotations

from numbers import Real

import numpy as np

from sklearn_mtl.penalties._base import Penalty, frobenius
from sklearn_mtl.penalties._columns import TaskColumns
from sklearn_mtl.utils._private import Interval

__all__ = ["L1"]


class L1(Penalty):
    """Sum of absolute coefficients, ``alpha sum_jt |W_jt|``.

    Every task selects its own features. As a part of a `Decomposition` together with
    `L21` it gives the dirty model [1]_, with features for all tasks and for single
    tasks.

    Parameters
    ----------
    alpha : float, default=1.0
        Constant that multiplies the penalty.

    References
    ----------
    .. [1] A. Jalali, P. Ravikumar, S. Sanghavi, C. Ruan, "A dirty model for multi-task
       learning", NeurIPS 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import L1
    >>> L1().prox(np.array([[3.0, -0.5]]))
    array([[ 2., -0.]])
    """

    name = "l1"
    is_norm = True
    _alphas = ("alpha",)
    _parameter_constraints = {"alpha": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        return self.alpha * float(np.abs(W).sum())

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the coefficients soft-thresholded by step alpha."""
        return np.sign(W) * np.maximum(np.abs(W) - step * self.alpha, 0.0)

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to the subdifferential."""
        # The subdifferential is [-alpha, alpha] at 0, and alpha sign(W) elsewhere.
        at_zero = np.maximum(np.abs(gradient) - self.alpha, 0.0)
        off_zero = gradient + self.alpha * np.sign(W)
        return frobenius(np.where(W == 0, at_zero, off_zero))

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest absolute value, divided by alpha."""
        largest = float(np.abs(U).max(initial=0.0))
        # Without a penalty only U = 0 is feasible.
        return largest / self.alpha if self.alpha else (np.inf if largest else 0.0)
