"""Plot of the task weights over the epochs of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.inspection._plot._lines import draw_task_lines, name_epochs
from sklearn_mtl.inspection._steps import require
from sklearn_mtl.utils._colors import make_axes
from sklearn_mtl.utils._typing import Estimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["TaskWeightDisplay"]

_WHO = "TaskWeightDisplay"


class TaskWeightDisplay:
    """Weight of each task over the epochs of the fit of a net.

    The weights are `history_["task_weight"]`, the mean factor by which balancing scales
    the loss or gradient of a task in an epoch. It is recommended to use
    `from_estimator`.

    Parameters
    ----------
    weights : array-like of shape (n_epochs, n_tasks)
        Weights; NaN in an epoch without a label of the task.
    task_names : sequence of str of length n_tasks
        Names of the tasks.

    Attributes
    ----------
    weights : ndarray of shape (n_epochs, n_tasks)
        Weights.
    task_names : list of str
        Names of the tasks.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    Examples
    --------
    >>> from sklearn_mtl.inspection import TaskWeightDisplay
    >>> shown = TaskWeightDisplay([[1.0, 1.0], [0.5, 1.5]], ["grade", "drop-out"])
    >>> shown.weights.shape
    (2, 2)
    """

    def __init__(self, weights: Any, task_names: Sequence[str]) -> None:
        self.weights = np.asarray(weights, dtype=float)
        self.task_names = [str(name) for name in task_names]

    @classmethod
    def from_estimator(
        cls, estimator: Estimator, *, ax: Axes | None = None
    ) -> TaskWeightDisplay:
        """Draw the task weights of a fitted net.

        Parameters
        ----------
        estimator : estimator
            A fitted net of this package, or a pipeline that ends in one.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskWeightDisplay
            The display after plotting.

        Raises
        ------
        TypeError
            If the estimator has no history.
        """
        hint = "a fitted net of this package, or a pipeline that ends in one"
        history = require(estimator, "history_", _WHO, hint)
        names = require(estimator, "task_names_in_", _WHO, hint)
        return cls(history["task_weight"], names).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> TaskWeightDisplay:
        """Draw the weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskWeightDisplay
            The display itself.
        """
        ax = make_axes(ax, _WHO)
        ax.axhline(1, color="0.7", linewidth=1)
        epochs = np.arange(1, len(self.weights) + 1)
        draw_task_lines(ax, epochs, self.weights, self.task_names)
        name_epochs(ax)
        ax.set_ylabel("weight of the task")
        self.ax_, self.figure_ = ax, ax.figure
        return self
