"""A representation in the plane, coloured by each task."""

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
    """Items as points of a plane, in a panel for each task coloured by its labels.

    It shows what a representation has kept of each task. A projection to two dimensions
    loses most of it: judge a representation by `retrieval_report`. It is recommended to
    use `from_estimator`.

    Parameters
    ----------
    points : ndarray of shape (n_items, 2)
        Where the items are.
    y : array-like of shape (n_items,) or (n_items, n_tasks)
        Labels; where one is missing, the point is grey.

    Attributes
    ----------
    task_set_ : TaskSet
        The tasks of y.
    codes_ : ndarray of shape (n_items, n_tasks)
        Numbers of the classes, or values of regressions; NaN where missing.
    axes_ : ndarray of shape (n_tasks,) of matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        Their figure.

    Raises
    ------
    ValueError
        If there are not as many points as rows of labels.

    See Also
    --------
    RetrievalDisplay : Queries and what is found for them.

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
                "must have one for each item."
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
        """Draw what a fitted transformer makes of X.

        Parameters
        ----------
        estimator : transformer
            A fitted transformer, such as a net or a retriever.
        X : array-like of shape (n_items, n_features)
            Its inputs.
        y : array-like of shape (n_items,) or (n_items, n_tasks)
            Labels of the tasks.
        task : str or int, default=None
            Draw the view of this task; None draws the shared representation.
        view : {"projection", "input", "probability"}, default="projection"
            Which view of the task, as `transform_task` has them.
        projection : transformer, default=None
            Brings the representation to two columns; a clone is fitted to it. None is
            PCA(2); sklearn.manifold.TSNE shows groups better and distances worse.
        ax : matplotlib Axes or array of them, default=None
            Where to draw, an Axes for each task; None makes a figure.

        Returns
        -------
        EmbeddingDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the representation or its projection has not two columns, or there are
            not as many axes as tasks.
        """
        rows = task_view(estimator, X, task, view, _WHO)
        if projection is None and min(rows.shape) < 2:
            seen = "the shared representation"
            if task is not None:
                seen = f"the {view!r} view of task {task!r}"
            raise ValueError(
                f"{_WHO}: {seen} of X has shape {rows.shape}, but at least two rows "
                "and two columns are needed for a plane. A binary task and a "
                "regression have one column in all views but 'input'."
            )
        projection = PCA(2) if projection is None else clone(projection)
        points = np.asarray(projection.fit_transform(rows))
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(
                f"{_WHO}: {type(projection).__name__} returns shape {points.shape}; "
                f"it must be ({rows.shape[0]}, 2)."
            )
        return cls(points, y).plot(ax=ax)

    def plot(
        self, *, ax: Axes | Sequence[Axes] | np.ndarray | None = None
    ) -> EmbeddingDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or array of them, default=None
            Where to draw, an Axes for each task; None makes a figure.

        Returns
        -------
        EmbeddingDisplay
            Itself.

        Raises
        ------
        ValueError
            If there are not as many axes as tasks.
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
                f"{self.task_set_.names}."
            )
        self.figure_ = self.axes_[0].figure
        for t, axis in enumerate(self.axes_):
            self._draw(t, axis)
        return self

    def _draw(self, t: int, axis: Any) -> None:
        """Draw the panel of one task."""
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
        """Draw the points of each class, with a legend beside the panel."""
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
