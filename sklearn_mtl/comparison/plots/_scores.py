"""Plot of the scores of all models on each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.results._words import metric_label
from sklearn_mtl.metrics import mean_over_tasks
from sklearn_mtl.utils._colors import make_axes, mark_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["TaskScoreDisplay"]

_WHO = "TaskScoreDisplay"


class TaskScoreDisplay:
    """Test scores of several models on each task, with their range over splits.

    Markers show the mean over splits, and lines the range from the lowest to the
    highest split. All models have the same splits, so the means can be compared even if
    the lines overlap. Use `TaskGainDisplay` to see whether a difference is significant.
    It is recommended to use `from_comparison` or `Comparison.plot_scores`.

    Parameters
    ----------
    scores : array-like of shape (n_models, n_splits, n_tasks)
        Test scores, where greater is better. Missing scores are NaN.
    model_names : sequence of str of length n_models
        Names of the models.
    task_names : sequence of str of length n_tasks
        Names of the tasks.
    metric_names : sequence of str of length n_tasks, default=None
        Metric of each task, for the labels of the y axis.

    Attributes
    ----------
    scores : ndarray of shape (n_models, n_splits, n_tasks)
        The scores as an array.
    means_ : ndarray of shape (n_models, n_tasks)
        Mean scores over the splits.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    Raises
    ------
    ValueError
        If the shape of the scores does not match the number of names.

    See Also
    --------
    TaskGainDisplay : Gains from sharing with their intervals.

    Examples
    --------
    >>> from sklearn_mtl.comparison import TaskScoreDisplay
    >>> shown = TaskScoreDisplay(
    ...     [[[0.7], [0.9]]], model_names=["net"], task_names=["ill"]
    ... )
    >>> shown.means_.round(3)
    array([[0.8]])
    """

    def __init__(
        self,
        scores: Any,
        *,
        model_names: Sequence[str],
        task_names: Sequence[str],
        metric_names: Sequence[str] | None = None,
    ) -> None:
        self.scores = np.asarray(scores, dtype=float)
        self.model_names = list(model_names)
        self.task_names = list(task_names)
        self.metric_names = None if metric_names is None else list(metric_names)
        self._check_shapes()
        self.means_ = mean_over_tasks(self.scores.transpose(0, 2, 1))  # over splits

    def _check_shapes(self) -> None:
        n_tasks = len(self.task_names)
        expected = (len(self.model_names), n_tasks)
        if self.scores.ndim != 3 or self.scores.shape[::2] != expected:
            raise ValueError(
                f"{_WHO}: scores has shape {self.scores.shape}; for {expected[0]} "
                f"model_names and {n_tasks} task_names it must be ({expected[0]}, "
                f"n_splits, {n_tasks})."
            )
        if self.metric_names is not None and len(self.metric_names) != n_tasks:
            raise ValueError(
                f"{_WHO}: metric_names has length {len(self.metric_names)}, but "
                f"task_names has length {n_tasks}; they must be equal."
            )

    @classmethod
    def from_comparison(
        cls,
        comparison: ComparisonResult,
        *,
        tasks: Sequence[str] | None = None,
        models: Sequence[str] | None = None,
        ax: Axes | None = None,
    ) -> TaskScoreDisplay:
        """Draw the scores of a comparison.

        Parameters
        ----------
        comparison : Comparison
            Result of `compare`.
        tasks : sequence of str, default=None
            Names of the tasks to draw; None draws all. Use separate plots for tasks
            whose scores have different scales.
        models : sequence of str, default=None
            Names of the models to draw; None draws all.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskScoreDisplay
            The display after plotting.

        Raises
        ------
        ValueError
            If a task or model is unknown.
        """
        task_rows = _chosen(comparison.tasks, tasks, "task")
        model_rows = _chosen(comparison.models, models, "model")
        places = np.ix_(
            [comparison.models.index(row) for row in model_rows],
            range(comparison.n_splits),
            [comparison.tasks.index(row) for row in task_rows],
        )
        return cls(
            comparison.measured.scores[places],
            model_names=[row.name for row in model_rows],
            task_names=[row.name for row in task_rows],
            metric_names=[row.metric for row in task_rows],
        ).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> TaskScoreDisplay:
        """Draw the scores.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskScoreDisplay
            The display itself.
        """
        n_models, n_tasks = self.means_.shape
        step = 0.8 / n_models
        ax = make_axes(ax, _WHO, height=1.3 + n_tasks * max(0.4, 0.17 * n_models))
        places = np.arange(n_tasks)
        for m, name in enumerate(self.model_names):
            shift = step * (m - (n_models - 1) / 2)
            self._draw_model(ax, m, places + shift, name)
        for edge in places[1:] - 0.5:
            ax.axhline(edge, color="0.5", alpha=0.3, linewidth=1)
        ax.set_yticks(places, self._labels())
        ax.set_ylim(n_tasks - 0.5, -0.5)
        ax.set_xlabel("test score (mean and range over splits, greater is better)")
        ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_model(self, ax: Axes, m: int, places: np.ndarray, name: str) -> None:
        ends = self.scores[m]  # (n_splits, n_tasks)
        seen = ~np.isnan(ends).all(axis=0)
        low = np.min(np.where(np.isnan(ends), np.inf, ends), axis=0)[seen]
        high = np.max(np.where(np.isnan(ends), -np.inf, ends), axis=0)[seen]
        mark = mark_of(m)
        color = mark["color"]
        ax.hlines(places[seen], low, high, color=color, linewidth=1.2)
        means = self.means_[m, seen]
        ax.plot(means, places[seen], linestyle="none", markersize=5, label=name, **mark)

    def _labels(self) -> list[str]:
        if self.metric_names is None:
            return self.task_names
        pairs = zip(self.task_names, self.metric_names, strict=True)
        return [f"{name}\n{metric_label(metric)}" for name, metric in pairs]


def _chosen(rows: Sequence[Any], names: Sequence[str] | None, what: str) -> list[Any]:
    """Return the rows with the given names, in the order of the names."""
    if names is None:
        return list(rows)
    known = {row.name: row for row in rows}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"{_WHO}: no {what} {unknown[0]!r}. Known {what}s: {list(known)}."
        )
    return [known[name] for name in names]
