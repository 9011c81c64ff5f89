"""Which inputs each task needs, as a picture."""

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
    """Importance of every feature for every task, in colours with zero in the middle.

    It is recommended to use `from_estimator` or `from_importance`.

    Parameters
    ----------
    importances : array-like of shape (n_tasks, n_features)
        Mean falls of the score.
    task_names : sequence of str of length n_tasks
        Names of the tasks.
    feature_names : sequence of str of length n_features
        Names of the features.

    Attributes
    ----------
    importances : ndarray of shape (n_tasks, n_features)
        The falls.
    task_names, feature_names : list of str
        The names.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    task_permutation_importance : Measure it.

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
        """Draw what `task_permutation_importance` returned.

        Parameters
        ----------
        importance : TaskImportance
            The importances.
        max_features : int, default=None
            Only so many features, those that matter most to any task; None takes all.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskImportanceDisplay
            The display, drawn.
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
            Fitted.
        X : array-like of shape (n_samples, n_features)
            Inputs.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels; NaN where missing.
        max_features : int, default=None
            Only so many features, those that matter most to any task; None takes all.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.
        **arguments : dict
            For `task_permutation_importance`, such as n_repeats.

        Returns
        -------
        TaskImportanceDisplay
            The display, drawn.
        """
        found = task_permutation_importance(estimator, X, y, **arguments)
        return cls.from_importance(found, max_features=max_features, ax=ax)

    def plot(self, *, ax: Axes | None = None) -> TaskImportanceDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskImportanceDisplay
            Itself.
        """
        ax = draw_heatmap(
            self.importances,
            self.task_names,
            self.feature_names,
            ax=ax,
            who=_WHO,
            label="fall of the score",
        )
        ax.set_xlabel("feature that is shuffled")
        ax.set_ylabel("task")
        self.ax_, self.figure_ = ax, ax.figure
        return self
