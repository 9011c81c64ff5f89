"""Group lasso over tasks."""

from __future__ import annotations

from numbers import Real

import numpy as np

from sklearn_mtl.penalties._base import Penalty
from sklearn_mtl.penalties._columns import TaskColumns, columns_of
from sklearn_mtl.utils._private import Interval

__all__ = ["TaskL21"]


class TaskL21(Penalty):
    """Sum over tasks of the norm of the task's coefficients, alpha sum_t ||W_t||.

    Use it as a part of a `Decomposition` together with `TraceNorm` for robust
    multi-task learning [1]_. This part is zero for all tasks but the outliers, which
    get coefficients that are not shared.

    Parameters
    ----------
    alpha : float, default=1.0
        Constant that multiplies the penalty.

    References
    ----------
    .. [1] J. Chen, J. Zhou, J. Ye, "Integrating low-rank and group-sparse structures
       for robust multi-task learning", KDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import TaskL21
    >>> TaskL21().prox(np.array([[3.0, 0.1], [4.0, 0.2]]))
    array([[2.4, 0. ],
           [3.2, 0. ]])
    """

    name = "task_l21"
    is_norm = True
    _alphas = ("alpha",)
    _parameter_constraints = {"alpha": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        return self.alpha * float(columns_of(W, columns).task_norms(W).sum())

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the columns of each task with their norm reduced by step alpha."""
        layout = columns_of(W, columns)
        norms = layout.task_norms(W)
        keep = np.maximum(norms - step * self.alpha, 0.0)
        factors = np.divide(keep, norms, out=np.zeros_like(norms), where=norms > 0)
        return W * factors[layout.task]

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to the subdifferential."""
        layout = columns_of(W, columns)
        norms = layout.task_norms(W)
        # At W_t = 0 the subdifferential is the ball of radius alpha; elsewhere it is
        # one point.
        safe = np.where(norms > 0, norms, 1.0)
        inside = layout.task_norms(gradient + self.alpha * W / safe[layout.task])
        outside = np.maximum(layout.task_norms(gradient) - self.alpha, 0.0)
        distances = np.where(norms > 0, inside, outside)
        return float(np.sqrt(distances @ distances))

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest norm of a task's columns, divided by alpha."""
        largest = float(columns_of(U, columns).task_norms(U).max(initial=0.0))
        return largest / self.alpha if self.alpha else (np.inf if largest else 0.0)
