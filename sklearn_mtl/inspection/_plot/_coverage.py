"""Plot of the empirical against the nominal coverage of intervals and sets."""

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
    """Empirical coverage of the intervals or sets of each task.

    The coverage of a task is correct where its line is on the diagonal. For
    classification tasks the line may be above the diagonal, because a set always
    contains the most likely class. It is recommended to use `from_estimator`.

    Parameters
    ----------
    levels : array-like of shape (n_levels,)
        Nominal coverages.
    coverage : array-like of shape (n_tasks, n_levels)
        Fraction of labels that are covered; NaN where a task has no label.
    task_names : sequence of str of length n_tasks
        Names of the tasks.

    Attributes
    ----------
    levels : ndarray of shape (n_levels,)
        Nominal coverages.
    coverage : ndarray of shape (n_tasks, n_levels)
        Fraction of labels that are covered.
    task_names : list of str
        Names of the tasks.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

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
        """Measure the coverage of intervals and sets and plot it.

        Parameters
        ----------
        estimator : estimator
            Fitted estimator with `predict_interval` or `predict_set`, or a `Pipeline`
            that ends in one.
        X : array-like of shape (n_samples, n_features)
            Input data that were not used in fit.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values; NaN where missing.
        levels : sequence of float, default=(0.1, 0.2, ..., 0.9, 0.95, 0.99)
            Nominal coverages.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        CoverageDisplay
            The display after plotting.

        Raises
        ------
        TypeError
            If the estimator predicts neither intervals nor sets.
        """
        task_set, found = coverage_of_tasks(estimator, X, y, levels, _WHO)
        return cls(levels, found, task_set.names).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> CoverageDisplay:
        """Draw the coverage.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        CoverageDisplay
            The display itself.
        """
        if ax is None:
            plt = import_optional("matplotlib.pyplot", extra="plot", who=_WHO)
            _, ax = plt.subplots(layout="constrained")
        ax.plot([0, 1], [0, 1], color="0.5", linestyle="--", label="exact coverage")
        draw_task_lines(ax, self.levels, self.coverage.T, self.task_names)
        ax.set(xlabel="nominal coverage", ylabel="fraction of labels covered")
        ax.set(xlim=(0, 1), ylim=(0, 1))
        self.ax_, self.figure_ = ax, ax.figure
        return self
