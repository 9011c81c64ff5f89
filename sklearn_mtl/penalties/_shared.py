"""Penalty that gives all tasks the same coefficients."""

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
    """Coefficients that are equal for all tasks, W = s 1', with alpha / 2 ||s||^2.

    Use it as a part of a `Decomposition`: the shared vector is then learned from the
    samples of all tasks, and the other parts hold the deviations. As the only penalty
    it fits one model to all tasks. Tasks with K > 2 classes share one vector per class
    with the other tasks of K classes.

    Parameters
    ----------
    alpha : float, default=1.0
        Constant that multiplies the ridge on the shared vector. With 0 the vector is
        not penalised, which is common in a `Decomposition`.

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
        """Return R(W), infinite if the tasks differ."""
        shared, expanded = self._project(W, columns_of(W, columns), 0.0)
        if not is_null(W - expanded, frobenius(W)):
            return np.inf
        return 0.5 * self.alpha * float(np.vdot(shared, shared))

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the mean over tasks, shrunk, in every column."""
        return self._project(W, columns_of(W, columns), step * self.alpha)[1]

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the norm of the gradient along the shared vectors."""
        layout = columns_of(W, columns)
        shared = self._project(W, layout, 0.0)[0]
        sums = gradient @ layout.indicator + self.alpha * shared
        # A unit step along a shared vector moves all columns of its slot.
        return frobenius(sums / np.sqrt(layout.indicator.sum(axis=0)))

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 0 if alpha is 0 and the sum of U over tasks is not zero, else 1."""
        sums = U @ columns_of(U, columns).indicator
        return 1.0 if self.alpha > 0 else float(is_null(sums, frobenius(U)))

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return ||sum_t U_t||^2 / (2 alpha)."""
        sums = U @ columns_of(U, columns).indicator
        return 0.5 * float(np.vdot(sums, sums)) / self.alpha if self.alpha else 0.0

    @property
    def is_off(self) -> bool:
        """Return False: with alpha 0 the tasks must still be equal."""
        return False

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return the directions in which all tasks are equal, if alpha is 0."""
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
        """Return the shared vectors (n_features, n_slots), and W made of them."""
        indicator = columns.indicator
        # The minimiser of sum_t ||W_t - s||^2 / 2 + weight / 2 ||s||^2.
        shared = W @ indicator / (indicator.sum(axis=0) + weight)
        return shared, shared[:, columns.slot]
