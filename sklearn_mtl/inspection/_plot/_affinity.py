"""Heatmap of task affinities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.inspection._affinity import TaskAffinity, task_affinity
from sklearn_mtl.inspection._plot._heatmap import draw_heatmap
from sklearn_mtl.tasks import task_name
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["TaskAffinityDisplay"]

_WHO = "TaskAffinityDisplay"
_LABELS = {
    "gain": "gain in score",
    "lookahead": "relative decrease of the loss",
    "gradient": "cosine of gradients",
    "label": "association of labels",
}


class TaskAffinityDisplay:
    """Heatmap of how much each task helps each other task, with a blank diagonal.

    It is recommended to use `from_affinity`, `from_estimator` or `from_search`.

    Parameters
    ----------
    values : array-like of shape (n_tasks, n_tasks)
        How much the task of the row helps the task of the column.
    task_names : sequence of str of length n_tasks
        Names of the tasks.
    method : str, default=None
        Method of `task_affinity` to name in the label of the colour bar.
    groups : sequence of sequence of str, default=None
        Groups of tasks. The tasks of a group are drawn next to each other.

    Attributes
    ----------
    values : ndarray of shape (n_tasks, n_tasks)
        Affinities in the order of the plot.
    task_names : list of str
        Names of the tasks in the order of the plot.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    Raises
    ------
    ValueError
        If the values do not have one row and column per name, or the groups do not
        contain each task once.

    See Also
    --------
    task_affinity : Measure task affinities.

    Examples
    --------
    >>> from sklearn_mtl.inspection import TaskAffinityDisplay
    >>> shown = TaskAffinityDisplay([[0, 1], [2, 0]], ["a", "b"], groups=[["b"], ["a"]])
    >>> shown.task_names
    ['b', 'a']
    """

    def __init__(
        self,
        values: Any,
        task_names: Sequence[str],
        *,
        method: str | None = None,
        groups: Sequence[Sequence[str]] | None = None,
    ) -> None:
        names = [task_name(name) for name in task_names]
        table = np.asarray(values, dtype=float)
        if table.shape != (len(names), len(names)):
            raise ValueError(
                f"{_WHO}: values has shape {table.shape}; for {len(names)} tasks it "
                f"must be ({len(names)}, {len(names)})."
            )
        wanted = names
        if groups is not None:
            wanted = [task_name(name) for one in groups for name in one]
        if sorted(wanted) != sorted(names):
            raise ValueError(
                f"{_WHO}: groups has the tasks {wanted}; it must contain each of "
                f"{names} once."
            )
        order = [names.index(name) for name in wanted]
        self.values = table[np.ix_(order, order)]
        self.task_names = wanted
        self.method = method
        self.group_sizes = [] if groups is None else [len(one) for one in groups]

    @classmethod
    def from_affinity(
        cls,
        affinity: TaskAffinity,
        *,
        groups: Sequence[Sequence[str]] | None = None,
        ax: Axes | None = None,
    ) -> TaskAffinityDisplay:
        """Draw affinities returned by `task_affinity`.

        Parameters
        ----------
        affinity : TaskAffinity
            Task affinities.
        groups : sequence of sequence of str, default=None
            Groups of tasks. The tasks of a group are drawn next to each other.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskAffinityDisplay
            The display after plotting.
        """
        return cls(
            affinity.values, affinity.names, method=affinity.method, groups=groups
        ).plot(ax=ax)

    @classmethod
    def from_search(cls, search: Any, *, ax: Axes | None = None) -> TaskAffinityDisplay:
        """Draw the affinities of a `TaskGroupSearchCV` in the order of its groups.

        Parameters
        ----------
        search : TaskGroupSearchCV
            Search that was fitted to three or more tasks.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskAffinityDisplay
            The display after plotting.

        Raises
        ------
        TypeError
            If the search is not fitted, or has too few tasks to need affinities.
        """
        affinity = getattr(search, "affinity_", None)
        if affinity is None:
            raise TypeError(
                f"{_WHO}: {type(search).__name__} has no affinities; it must be a "
                "TaskGroupSearchCV that was fitted to three or more tasks."
            )
        return cls.from_affinity(affinity, groups=search.groups_, ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        ax: Axes | None = None,
        **arguments: Any,
    ) -> TaskAffinityDisplay:
        """Measure affinities and draw them.

        Parameters
        ----------
        estimator : estimator
            The model, which is cloned.
        X : array-like of shape (n_samples, n_features)
            Input data.
        y : array-like of shape (n_samples, n_tasks)
            Target values; NaN where missing.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.
        **arguments : dict
            Further arguments of `task_affinity`, such as `method`.

        Returns
        -------
        TaskAffinityDisplay
            The display after plotting.
        """
        return cls.from_affinity(task_affinity(estimator, X, y, **arguments), ax=ax)

    def plot(self, *, ax: Axes | None = None) -> TaskAffinityDisplay:
        """Draw the heatmap.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskAffinityDisplay
            The display itself.
        """
        others = self.values.copy()
        np.fill_diagonal(others, np.nan)  # the diagonal would dominate the colours
        ax = draw_heatmap(
            others,
            self.task_names,
            self.task_names,
            ax=ax,
            who=_WHO,
            label=_LABELS.get(self.method or "", "affinity"),
        )
        for edge in np.cumsum(self.group_sizes)[:-1] - 0.5:
            ax.axhline(edge, color="0.2", linewidth=1.5)
            ax.axvline(edge, color="0.2", linewidth=1.5)
        ax.set_xlabel("task that is helped")
        ax.set_ylabel("task that helps")
        self.ax_, self.figure_ = ax, ax.figure
        return self
