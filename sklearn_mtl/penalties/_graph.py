"""Penalty on the differences of tasks that are neighbours in a graph."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from sklearn_mtl.penalties._base import (
    Penalty,
    TaskCovarianceForm,
    frobenius,
    is_null,
)
from sklearn_mtl.penalties._columns import TaskColumns, columns_of
from sklearn_mtl.tasks import NamedTasks, square_by_task
from sklearn_mtl.utils._frames import is_frame
from sklearn_mtl.utils._numbers import as_numbers
from sklearn_mtl.utils._private import Interval, StrOptions

__all__ = ["TaskGraph"]

_STEEP = 1e8  # above this, adding the identity loses more than half of its digits


class TaskGraph(Penalty):
    """Squared differences along the edges of a task graph, alpha / 2 tr(W L W').

    L is the Laplacian of the graph: tr(W L W') = sum over edges of a_st ||w_s -
    w_t||^2. The common part of connected tasks is not penalised. Tasks with different
    numbers of classes are never neighbours.

    Parameters
    ----------
    alpha : float, default=1.0
        Constant that multiplies the penalty.
    graph : {"mean", "chain"} or array-like of shape (n_tasks, n_tasks), default="mean"
        "mean" shrinks all tasks towards their mean, sum_t ||w_t - mean||^2. "chain"
        shrinks each task towards the previous one (temporal smoothness). An array
        holds the weights of the edges, symmetric and not negative; its diagonal is
        ignored. The rows and columns of a DataFrame are matched to tasks by name.

    References
    ----------
    .. [1] T. Evgeniou, C. A. Micchelli, M. Pontil, "Learning multiple tasks with kernel
       methods", JMLR 6, 2005, sections 3.1.1 and 3.1.3.
    .. [2] J. Zhou, L. Yuan, J. Liu, J. Ye, "A multi-task learning formulation for
       predicting disease progression", KDD 2011.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import TaskGraph
    >>> TaskGraph(graph="chain").value(np.array([[1.0, 2.0, 4.0]]))
    2.5
    """

    name = "graph"
    _alphas = ("alpha",)
    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "graph": [StrOptions({"mean", "chain"}), "array-like"],
    }

    def __init__(self, alpha: float = 1.0, graph: Any = "mean") -> None:
        self.alpha = alpha
        self.graph = graph

    def check(self, columns: TaskColumns, n_features: int) -> None:
        """Raise if the graph does not fit the problem."""
        self._validate_params()
        self.laplacian(columns)

    def for_names(self, tasks: NamedTasks, who: str) -> Penalty:
        """Return the penalty with rows and columns of a DataFrame put in task order."""
        if not is_frame(self.graph):
            return super().for_names(tasks, who)
        return TaskGraph(self.alpha, square_by_task(self.graph, tasks, "graph", who))

    def for_tasks(self, kept: np.ndarray, n_tasks: int) -> Penalty:
        """Return the penalty on the subgraph of these tasks."""
        if isinstance(self.graph, str):
            return self
        edges = self._weights(TaskColumns.plain(n_tasks))
        return TaskGraph(self.alpha, edges[np.ix_(kept, kept)])

    def laplacian(self, columns: TaskColumns) -> np.ndarray:
        """Return the Laplacian over the columns of W.

        Parameters
        ----------
        columns : TaskColumns
            Layout of the columns.

        Returns
        -------
        ndarray of shape (n_columns, n_columns)
            Positive semi-definite.

        Raises
        ------
        ValueError
            If the graph has a wrong shape, is not symmetric, or has negative weights.
        """
        # Class k is compared with class k, and only if the numbers of classes are
        # equal.
        same = columns.slot[:, None] == columns.slot
        edges = same * self._weights(columns)[np.ix_(columns.task, columns.task)]
        np.fill_diagonal(edges, 0.0)
        if isinstance(self.graph, str) and self.graph == "mean":
            edges = edges / same.sum(axis=0)  # then L W' = W - mean
        return np.diag(edges.sum(axis=0)) - edges

    def _weights(self, columns: TaskColumns) -> np.ndarray:
        """Return the weights of the edges between tasks."""
        n_tasks = columns.n_tasks
        if isinstance(self.graph, str):
            steps = np.abs(np.subtract.outer(np.arange(n_tasks), np.arange(n_tasks)))
            return np.ones_like(steps, float) if self.graph == "mean" else steps == 1.0
        edges = as_numbers(self.graph, "graph", "TaskGraph")
        if edges.shape != (n_tasks, n_tasks):
            raise ValueError(
                f"TaskGraph: graph must have shape ({n_tasks}, {n_tasks}), one row and "
                f"one column per task; got shape {edges.shape}."
            )
        if not np.isfinite(edges).all() or (edges < 0).any():
            raise ValueError(
                "TaskGraph: the weights of graph must be finite and not negative."
            )
        if not np.allclose(edges, edges.T):
            s, t = np.argwhere(~np.isclose(edges, edges.T))[0]
            raise ValueError(
                f"TaskGraph: graph must be symmetric; got {edges[s, t]:g} for tasks "
                f"({s}, {t}) and {edges[t, s]:g} for ({t}, {s}). Pass (A + A.T) / 2."
            )
        return edges

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        smooth = W @ self.laplacian(columns_of(W, columns))
        return 0.5 * self.alpha * float(np.vdot(smooth, W))

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return W (I + step alpha L)^-1."""
        L, scale = self.laplacian(columns_of(W, columns)), step * self.alpha
        if scale * np.abs(L).max(initial=0.0) < _STEEP:
            return np.linalg.solve(np.eye(len(L)) + scale * L, W.T).T
        # Added to such an L, the identity and the common part of the tasks would be
        # lost.
        values, vectors = np.linalg.eigh(L)
        is_free = values <= 1e-10 * values[-1]
        return (
            W @ (vectors / (1.0 + scale * np.where(is_free, 0.0, values))) @ vectors.T
        )

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return ||gradient + alpha W L||."""
        smooth = W @ self.laplacian(columns_of(W, columns))
        return frobenius(gradient + self.alpha * smooth)

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 1 if U is orthogonal to the null space of the graph, else 0."""
        # The conjugate is finite only on the range of L, and scaling does not move U
        # there.
        free = U @ self.free_directions(columns_of(U, columns))
        return float(is_null(free, frobenius(U)))

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 1/2 tr(U L^+ U') / alpha."""
        form = self.task_covariance_form(columns_of(U, columns))
        return 0.5 * float(np.vdot(form.times_covariance(U), U))

    def free_directions(self, columns: TaskColumns) -> np.ndarray:
        """Return an orthonormal basis of the null space of the graph."""
        return self.task_covariance_form(columns).free

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm:
        """Return K = L^+ / alpha and the null space of L."""
        return TaskCovarianceForm.of_matrix(self.alpha * self.laplacian(columns))
