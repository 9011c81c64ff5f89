"""Ridge penalty, with one alpha for all tasks or one per task."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.penalties._base import (
    Penalty,
    TaskCovarianceForm,
    column_alphas,
    frobenius,
    is_null,
)
from sklearn_mtl.penalties._columns import TaskColumns, columns_of

__all__ = ["Ridge"]


class Ridge(Penalty):
    """Squared norm of each task's coefficients, sum_t alpha_t / 2 ||w_t||^2.

    As the only penalty it fits every task separately. As a part of a `Decomposition` it
    penalises the deviations of the tasks from their shared part.

    Parameters
    ----------
    alpha : float, array-like of shape (n_tasks,) or dict, default=1.0
        Constants that multiply the penalty: one number for all tasks, or one per task
        in task order or by task name. With 0 a task is not penalised.

    References
    ----------
    .. [1] A. E. Hoerl, R. W. Kennard, "Ridge regression: biased estimation for
       nonorthogonal problems", Technometrics 12(1), 1970.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import Ridge
    >>> Ridge(alpha=2.0).value(np.array([[3.0, 4.0]]))
    25.0
    """

    name = "ridge"
    _alphas = ("alpha",)

    def __init__(self, alpha: Any = 1.0) -> None:
        self.alpha = alpha

    def check(self, columns: TaskColumns, n_features: int) -> None:
        """Raise if alpha does not fit the problem."""
        column_alphas(self, self.alpha, columns)

    def for_tasks(self, kept: np.ndarray, n_tasks: int) -> Penalty:
        """Return the penalty with the alphas of these tasks."""
        return Ridge(column_alphas(self, self.alpha, TaskColumns.plain(n_tasks))[kept])

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        alphas = column_alphas(self, self.alpha, columns_of(W, columns))
        return 0.5 * float(alphas @ np.einsum("jc,jc->c", W, W))

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return W shrunk by 1 / (1 + step alpha_t)."""
        alphas = column_alphas(self, self.alpha, columns_of(W, columns))
        return W / (1.0 + step * alphas)

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return ||gradient + alpha W||."""
        alphas = column_alphas(self, self.alpha, columns_of(W, columns))
        return frobenius(gradient + alphas * W)

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 1, or 0 if U is not zero for a task with alpha 0."""
        # For a task with alpha 0 the conjugate is finite only at U_t = 0.
        free = column_alphas(self, self.alpha, columns_of(U, columns)) == 0
        return float(is_null(U[:, free], frobenius(U))) if free.any() else 1.0

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return sum_t ||U_t||^2 / (2 alpha_t)."""
        alphas = column_alphas(self, self.alpha, columns_of(U, columns))
        squares = np.einsum("jc,jc->c", U, U)
        return 0.5 * float(np.sum(squares[alphas > 0] / alphas[alphas > 0]))

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return the unit vectors of the columns with alpha 0."""
        alphas = column_alphas(self, self.alpha, columns)
        free = np.flatnonzero(alphas == 0)
        directions = np.zeros((columns.n_columns, len(free)))
        directions[free, np.arange(len(free))] = 1.0
        return directions

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm:
        """Return K = diag(1 / alpha)."""
        alphas, free = (
            column_alphas(self, self.alpha, columns),
            self.free_directions(columns),
        )
        if alphas[0] > 0 and (alphas == alphas[0]).all():
            factor = np.zeros((columns.n_columns, 0))
            return TaskCovarianceForm(factor, free, 1.0 / float(alphas[0]))
        inverse = np.divide(1.0, alphas, out=np.zeros_like(alphas), where=alphas > 0)
        return TaskCovarianceForm(np.diag(np.sqrt(inverse)), free)

    def feature_group_form(self, n_features: int) -> tuple[np.ndarray, float] | None:
        """Return (0, alpha) if alpha is one number, else None."""
        alpha = np.asarray(self.alpha, dtype=float)
        return (np.zeros(n_features), float(alpha)) if alpha.ndim == 0 else None
