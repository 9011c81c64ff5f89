"""Heatmap of permutation importances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.inspection._importance import (
    TaskImportance,
    task_permutation_importance,
)
from sklearn_mtl.inspection._plot._heatmap import draw_heatmap, largest_columns
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["TaskImportanceDisplay"]

_WHO = "TaskImportanceDisplay"


class TaskImportanceDisplay:
    """Heatmap of the importance of each feature for each task.

    The colour map is centred at zero. It is recommended to use `from_estimator` or
    `from_importance`.

    Parameters
    ----------
    importances : array-like of shape (n_tasks, n_features)
        Mean decreases of the score.
    task_names : sequence of str of length n_tasks
        Names of the tasks.
    feature_names : sequence of str of length n_features
        Names of the features.

    Attributes
    ----------
    importances : ndarray of shape (n_tasks, n_features)
        Mean decreases of the score.
    task_names, feature_names : list of str
        Names of the tasks and features.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    See Also
    --------
    task_permutation_importance : Measure permutation importances.

    Examples
    --------
    >>> from sklearn_mtl.inspection import TaskImportanceDisplay
    >>> shown = TaskImportanceDisplay([[0.4, 0.0]], ["grade"], ["age", "absences"])
    >>> shown.importances.shape
    (1, 2)
    """

    def __init__(
        self, importances: Any, task_names: Sequence[str], feature_names: Sequence[str]
    ) -> None:
        self.importances = np.asarray(importances, dtype=float)
        self.task_names = [str(name) for name in task_names]
        self.feature_names = [str(name) for name in feature_names]

    @classmethod
    def from_importance(
        cls,
        importance: TaskImportance,
        *,
        max_features: int | None = None,
        ax: Axes | None = None,
    ) -> TaskImportanceDisplay:
        """Draw importances returned by `task_permutation_importance`.

        Parameters
        ----------
        importance : TaskImportance
            Permutation importances.
        max_features : int, default=None
            Number of features to draw: those with the largest importance for any task.
            None draws all.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskImportanceDisplay
            The display after plotting.
        """
        means = importance.importances_mean
        kept = largest_columns(means, max_features)
        names = [importance.feature_names[i] for i in kept]
        return cls(means[:, kept], importance.task_names, names).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        max_features: int | None = None,
        ax: Axes | None = None,
        **arguments: Any,
    ) -> TaskImportanceDisplay:
        """Measure importances and draw them.

        Parameters
        ----------
        estimator : estimator
            Fitted estimator.
        X : array-like of shape (n_samples, n_features)
            Input data.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values; NaN where missing.
        max_features : int, default=None
            Number of features to draw: those with the largest importance for any task.
            None draws all.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.
        **arguments : dict
            Further arguments of `task_permutation_importance`, such as `n_repeats`.

        Returns
        -------
        TaskImportanceDisplay
            The display after plotting.
        """
        found = task_permutation_importance(estimator, X, y, **arguments)
        return cls.from_importance(found, max_features=max_features, ax=ax)

    def plot(self, *, ax: Axes | None = None) -> TaskImportanceDisplay:
        """Draw the heatmap.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskImportanceDisplay
            The display itself.
        """
        ax = draw_heatmap(
            self.importances,
            self.task_names,
            self.feature_names,
            ax=ax,
            who=_WHO,
            label="decrease of the score",
        )
        ax.set_xlabel("shuffled feature")
        ax.set_ylabel("task")
        self.ax_, self.figure_ = ax, ax.figure
        return self
