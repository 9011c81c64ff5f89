"""Coverage of intervals and sets against what was asked for, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.inspection._coverage import coverage_of_tasks
from sklearn_mtl.inspection._plot._lines import draw_task_lines
from sklearn_mtl.utils._optional import import_optional
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["CoverageDisplay"]

_WHO = "CoverageDisplay"
_LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class CoverageDisplay:
    """Share of labels in their intervals or sets, for each task.

    Intervals hold what they promise where the line of a task is on the diagonal. The
    line of a classification may be above it: a set always has the likeliest class. It
    is recommended to use `from_estimator`.

    Parameters
    ----------
    levels : array-like of shape (n_levels,)
        The coverage that was asked for.
    coverage : array-like of shape (n_tasks, n_levels)
        The share of labels that was covered; NaN where a task has no label.
    task_names : sequence of str of length n_tasks
        Names of the tasks.

    Attributes
    ----------
    levels : ndarray of shape (n_levels,)
        The coverage that was asked for.
    coverage : ndarray of shape (n_tasks, n_levels)
        The share of labels that was covered.
    task_names : list of str
        Names of the tasks.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

    See Also
    --------
    sklearn_mtl.multioutput.ConformalPredictor : Intervals and sets of any estimator.

    Examples
    --------
    >>> from sklearn_mtl.inspection import CoverageDisplay
    >>> shown = CoverageDisplay([0.5, 0.9], [[0.52, 0.91]], ["grade"])
    >>> shown.coverage.shape
    (1, 2)
    """

    def __init__(self, levels: Any, coverage: Any, task_names: Sequence[str]) -> None:
        self.levels = np.asarray(levels, dtype=float)
        self.coverage = np.asarray(coverage, dtype=float)
        self.task_names = [str(name) for name in task_names]

    @classmethod
    def from_estimator(
        cls,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        *,
        levels: Sequence[float] = _LEVELS,
        ax: Axes | None = None,
    ) -> CoverageDisplay:
        """Count how many labels are covered, and draw it.

        Parameters
        ----------
        estimator : estimator
            Fitted, with `predict_interval` or `predict_set`; it may be the last step of
            a `Pipeline`.
        X : array-like of shape (n_samples, n_features)
            Inputs that were not used in fit.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Labels; NaN where missing.
        levels : sequence of float, default=(0.1, 0.2, ..., 0.9, 0.95, 0.99)
            The coverage to ask for.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        CoverageDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator has neither intervals nor sets.
        """
        task_set, found = coverage_of_tasks(estimator, X, y, levels, _WHO)
        return cls(levels, found, task_set.names).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> CoverageDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        CoverageDisplay
            Itself.
        """
        if ax is None:
            plt = import_optional("matplotlib.pyplot", extra="plots", who=_WHO)
            _, ax = plt.subplots(layout="constrained")
        ax.plot([0, 1], [0, 1], color="0.5", linestyle="--", label="as asked for")
        draw_task_lines(ax, self.levels, self.coverage.T, self.task_names)
        ax.set(xlabel="coverage asked for", ylabel="share of labels covered")
        ax.set(xlim=(0, 1), ylim=(0, 1))
        self.ax_, self.figure_ = ax, ax.figure
        return self
