"""One vector for all tasks."""

from __future__ import annotations

from numbers import Real

import numpy as np

from sklearn_mtl.penalties._base import (
    Penalty,
    TaskCovarianceForm,
    frobenius,
    is_null,
)
from sklearn_mtl.penalties._columns import TaskColumns, columns_of
from sklearn_mtl.utils._private import Interval

__all__ = ["Shared"]


class Shared(Penalty):
    """A vector that all tasks have in common: alpha / 2 ||s||^2, and W = s 1'.

    A part of a `Decomposition`: what the tasks share is learned from all rows, and the
    other parts hold the deviations. Alone it pools all tasks. Tasks with K > 2 classes
    share one vector a class with all tasks of K classes.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the ridge on the shared vector; 0 leaves it free, as it may be
        beside parts of a `Decomposition` that hold the deviations.

    References
    ----------
    .. [1] T. Evgeniou, M. Pontil, "Regularized multi-task learning", KDD 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import Shared
    >>> Shared(alpha=0.0).prox(np.array([[1.0, 3.0]]))
    array([[2., 2.]])
    """

    name = "shared"
    _alphas = ("alpha",)
    _parameter_constraints = {"alpha": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W), infinite where the tasks differ."""
        shared, expanded = self._project(W, columns_of(W, columns), 0.0)
        if not is_null(W - expanded, frobenius(W)):
            return np.inf
        return 0.5 * self.alpha * float(np.vdot(shared, shared))

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the mean over tasks, shrunk, for every task."""
        return self._project(W, columns_of(W, columns), step * self.alpha)[1]

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of the gradient of the shared vector to zero."""
        layout = columns_of(W, columns)
        shared = self._project(W, layout, 0.0)[0]
        sums = gradient @ layout.indicator + self.alpha * shared
        # The distance in W: along a shared vector all columns of a slot move together.
        return frobenius(sums / np.sqrt(layout.indicator.sum(axis=0)))

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 1, or 0 where the free shared vector has a dual point."""
        sums = U @ columns_of(U, columns).indicator
        return 1.0 if self.alpha > 0 else float(is_null(sums, frobenius(U)))

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return ||sum_t U_t||^2 / (2 alpha)."""
        sums = U @ columns_of(U, columns).indicator
        return 0.5 * float(np.vdot(sums, sums)) / self.alpha if self.alpha else 0.0

    @property
    def is_off(self) -> bool:
        """False: without a ridge the tasks still have one vector."""
        return False

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return the directions in which all tasks move together."""
        if self.alpha > 0:
            return super().free_directions(columns)
        indicator = columns.indicator
        return indicator / np.sqrt(indicator.sum(axis=0))

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm:
        """Return K = 1 1' / alpha within each slot."""
        indicator, free = columns.indicator, self.free_directions(columns)
        if self.alpha == 0:
            return TaskCovarianceForm(np.zeros((columns.n_columns, 0)), free)
        return TaskCovarianceForm(indicator / np.sqrt(self.alpha), free)

    def _project(
        self, W: np.ndarray, columns: TaskColumns, weight: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the shared vectors (n_features, n_slots) and them for each column."""
        indicator = columns.indicator
        # The minimiser of sum_t ||W_t - s||^2 / 2 + weight / 2 ||s||^2.
        shared = W @ indicator / (indicator.sum(axis=0) + weight)
        return shared, shared[:, columns.slot]
