"""Scatter plot of a representation for each task."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA

from sklearn_mtl.neighbors._views import task_view
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._colors import MISSING, SEQUENTIAL, load_pyplot, mark_of
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["EmbeddingDisplay"]

_WHO = "EmbeddingDisplay"
_LEGEND_ROWS = 12


class EmbeddingDisplay:
    """Scatter plots of items in two dimensions, one per task, coloured by its labels.

    They show which tasks a representation separates. The projection to two dimensions
    loses most of the information, so use `retrieval_report` to evaluate a
    representation. It is recommended to use `from_estimator`.

    Parameters
    ----------
    points : ndarray of shape (n_items, 2)
        Positions of the items.
    y : array-like of shape (n_items,) or (n_items, n_tasks)
        Labels; points without a label are grey.

    Attributes
    ----------
    task_set_ : TaskSet
        Tasks of y.
    codes_ : ndarray of shape (n_items, n_tasks)
        Indices of the classes, or values of regression tasks; NaN where missing.
    axes_ : ndarray of shape (n_tasks,) of matplotlib Axes
        Axes of the plots.
    figure_ : matplotlib Figure
        Figure of the plots.

    Raises
    ------
    ValueError
        If the points and the labels differ in length.

    See Also
    --------
    RetrievalDisplay : Plot queries and their neighbours.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mtl.neighbors import EmbeddingDisplay
    >>> X, y = load_digits(return_X_y=True)
    >>> display = EmbeddingDisplay.from_estimator(StandardScaler().fit(X), X, y)
    >>> display.points.shape
    (1797, 2)
    """

    def __init__(self, points: np.ndarray, y: TargetsLike) -> None:
        self.points = points
        self.y = y
        self.task_set_, self.codes_ = TaskSet.from_y(
            y, who=_WHO, on_empty_task="warn", warn=False
        )
        if len(self.codes_) != len(points):
            raise ValueError(
                f"{_WHO}: y has {len(self.codes_)} rows for {len(points)} points; both "
                "must have one row per item."
            )

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        task: str | int | None = None,
        view: str = "projection",
        projection: Any = None,
        ax: Axes | Sequence[Axes] | np.ndarray | None = None,
    ) -> EmbeddingDisplay:
        """Plot the representation of X by a fitted transformer.

        Parameters
        ----------
        estimator : transformer
            Fitted transformer, such as a net or a retriever.
        X : array-like of shape (n_items, n_features)
            Input data of the transformer.
        y : array-like of shape (n_items,) or (n_items, n_tasks)
            Labels of the tasks; NaN where missing.
        task : str or int, default=None
            Task whose view is drawn; None draws the shared representation.
        view : {"projection", "input", "probability"}, default="projection"
            Kind of view of the task, as in `transform_task`.
        projection : transformer, default=None
            Transformer to two dimensions; a clone is fitted to the representation. None
            uses PCA(2). sklearn.manifold.TSNE shows clusters more clearly, but distorts
            distances.
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on, one per task; None creates a figure.

        Returns
        -------
        EmbeddingDisplay
            The display after plotting.

        Raises
        ------
        ValueError
            If the representation has fewer than two columns, the projection does not
            have two columns, or the number of axes is not the number of tasks.
        """
        rows = task_view(estimator, X, task, view, _WHO)
        if projection is None and min(rows.shape) < 2:
            seen = "the shared representation"
            if task is not None:
                seen = f"the {view!r} view of task {task!r}"
            raise ValueError(
                f"{_WHO}: {seen} of X has shape {rows.shape}; it must have at least "
                "two rows and two columns. Binary and regression tasks have one column "
                "in all views except 'input'."
            )
        projection = PCA(2) if projection is None else clone(projection)
        points = np.asarray(projection.fit_transform(rows))
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(
                f"{_WHO}: {type(projection).__name__} returns shape {points.shape}; "
                f"it must return shape ({rows.shape[0]}, 2)."
            )
        return cls(points, y).plot(ax=ax)

    def plot(
        self, *, ax: Axes | Sequence[Axes] | np.ndarray | None = None
    ) -> EmbeddingDisplay:
        """Draw the scatter plots.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on, one per task; None creates a figure.

        Returns
        -------
        EmbeddingDisplay
            The display itself.

        Raises
        ------
        ValueError
            If the number of axes is not the number of tasks.
        """
        n_tasks = self.task_set_.n_tasks
        if ax is None:
            size = (4.8 * n_tasks, 3.6)
            ax = load_pyplot(_WHO).subplots(
                1, n_tasks, figsize=size, squeeze=False, layout="constrained"
            )[1]
        self.axes_ = np.atleast_1d(np.asarray(ax, dtype=object)).reshape(-1)
        if len(self.axes_) != n_tasks:
            raise ValueError(
                f"{_WHO}: ax has {len(self.axes_)} axes for the {n_tasks} tasks "
                f"{self.task_set_.names}; it must have one axes per task."
            )
        self.figure_ = self.axes_[0].figure
        for t, axis in enumerate(self.axes_):
            self._draw(t, axis)
        return self

    def _draw(self, t: int, axis: Any) -> None:
        """Draw the scatter plot of one task."""
        task, codes = self.task_set_.tasks[t], self.codes_[:, t]
        is_missing = np.isnan(codes)
        if is_missing.any():
            points = self.points[is_missing]
            axis.scatter(*points.T, s=6, color=MISSING, linewidths=0, label="no label")
        if task.is_classification and task.classes is not None:
            self._draw_classes(task.classes, codes, axis)
        else:
            points, values = self.points[~is_missing], codes[~is_missing]
            drawn = axis.scatter(
                *points.T, s=14, c=values, cmap=SEQUENTIAL, linewidths=0
            )
            self.figure_.colorbar(drawn, ax=axis)
        axis.set(title=task.name, xticks=[], yticks=[])

    def _draw_classes(self, classes: np.ndarray, codes: np.ndarray, axis: Any) -> None:
        """Draw the points of each class with a legend."""
        for code, label in enumerate(classes):
            axis.scatter(
                *self.points[codes == code].T,
                s=14,
                linewidths=0,
                label=str(label),
                **mark_of(code),
            )
        axis.legend(
            loc="upper left",
            bbox_to_anchor=(1, 1),
            fontsize="small",
            frameon=False,
            ncols=math.ceil(len(classes) / _LEGEND_ROWS),
        )
