"""Penalty multiplied by a constant."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real

import numpy as np

from sklearn_mtl.penalties._base import Penalty, TaskCovarianceForm
from sklearn_mtl.penalties._columns import TaskColumns
from sklearn_mtl.utils._private import Interval

__all__ = ["Scaled"]


class Scaled(Penalty):
    """Penalty multiplied by a constant, alpha R(W).

    The attribute `penalty_` of a fitted estimator is a `Scaled` if the penalty is a
    user-defined class, because R need not be proportional to any of its parameters.

    Parameters
    ----------
    penalty : Penalty
        The penalty R.
    alpha : float, default=1.0
        Constant that multiplies R.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import L1, Scaled
    >>> Scaled(L1(), alpha=2.0).value(np.array([[3.0, -0.5]]))
    7.0
    """

    name = "scaled"
    _alphas = ("alpha",)
    _parameter_constraints = {
        "penalty": [Penalty],
        "alpha": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, penalty: Penalty, alpha: float = 1.0) -> None:
        self.penalty = penalty
        self.alpha = alpha

    def check(self, columns: TaskColumns, n_features: int) -> None:
        """Raise if alpha or the penalty does not fit the problem."""
        self._validate_params()
        self.penalty.check(columns, n_features)

    def for_tasks(self, kept: np.ndarray, n_tasks: int) -> Penalty:
        """Return the penalty restricted to these tasks."""
        return Scaled(self.penalty.for_tasks(kept, n_tasks), self.alpha)

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return alpha R(W), or infinity if R(W) is infinite."""
        # 0 times infinity would be NaN. A constraint remains one at alpha = 0.
        value = self.penalty.value(W, columns)
        return value if np.isinf(value) else self.alpha * value

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the proximal point of R with the step multiplied by alpha."""
        return self.penalty.prox(W, step * self.alpha, columns)

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return alpha times the distance of R for gradient / alpha."""
        if not self.alpha:
            return super().optimality(W, gradient, columns)
        return self.alpha * self.penalty.optimality(W, gradient / self.alpha, columns)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the gauge of R divided by alpha."""
        if not self.alpha:
            return np.inf if U.any() else 0.0
        return self.penalty.gauge(U, columns) / self.alpha

    def certificate(
        self, U: np.ndarray, W: np.ndarray, columns: TaskColumns | None = None
    ) -> tuple[float, Callable[[float], float]]:
        """Return alpha times the conjugate of R at U / alpha."""
        # (alpha R)*(U) = alpha R*(U / alpha), the indicator of U = 0 at alpha = 0.
        if not self.alpha:
            return float(not U.any()), lambda s: 0.0
        scale, conjugate = self.penalty.certificate(U / self.alpha, W, columns)
        return scale, lambda s: self.alpha * conjugate(s)

    @property
    def is_off(self) -> bool:
        """Return whether R is off, or is a norm (finite everywhere) with alpha 0."""
        return self.penalty.is_off or (self.penalty.is_norm and not self.alpha)

    def split(self, columns: TaskColumns) -> tuple[np.ndarray | None, Penalty | None]:
        """Return both parts of R multiplied by alpha."""
        if self.is_off:
            return super().split(columns)
        matrix, rest = self.penalty.split(columns)
        return (
            None if matrix is None else self.alpha * matrix,
            None if rest is None else Scaled(rest, self.alpha),
        )

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return a basis of the directions that R does not penalise."""
        if self.is_off:
            return super().free_directions(columns)
        return self.penalty.free_directions(columns)

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm | None:
        """Return the form of R with its covariance divided by alpha."""
        if self.is_off:
            return TaskCovarianceForm.none(columns)
        form = self.penalty.task_covariance_form(columns)
        if form is None or not self.alpha:
            return None
        return form.scaled(self.alpha)

    def feature_group_form(self, n_features: int) -> tuple[np.ndarray, float] | None:
        """Return the form of R multiplied by alpha."""
        form = self.penalty.feature_group_form(n_features)
        return None if form is None else (self.alpha * form[0], self.alpha * form[1])

    def covariance(self, W: np.ndarray) -> np.ndarray | None:
        """Return the task covariance that R has learned."""
        return self.penalty.covariance(W)
