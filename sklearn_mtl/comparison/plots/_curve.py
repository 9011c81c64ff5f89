"""Plot of scores against the number of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.results._gains import MEAN
from sklearn_mtl.comparison.results._rows import paired_names, shared_row
from sklearn_mtl.tasks import task_name
from sklearn_mtl.utils._colors import make_axes, mark_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["SampleEfficiencyDisplay"]

_WHO = "SampleEfficiencyDisplay"
# Tick labels that are closer than this fraction of the axis would overlap.
_CLOSE = 0.1


class SampleEfficiencyDisplay:
    """Learning curves of a shared model and its twin.

    The horizontal distance between the two curves shows how many labels sharing saves,
    and the vertical distance shows the gain from sharing. It is recommended to use
    `from_comparison` or `Comparison.plot_learning_curve`.

    Parameters
    ----------
    n_labels : array-like of shape (n_shares,)
        Number of training labels, in increasing order.
    shared, twin : array-like of shape (n_shares,)
        Mean test scores.
    gain_low, gain_high : array-like of shape (n_shares,), default=None
        Bounds of the interval of shared - twin, drawn as a band around the shared
        curve. The gain is significant where the curve of the twin is outside the band.
    name : str, default="shared"
        Name of the shared model.
    title : str, default=""
        Description of the scores in the label of the y axis.

    Attributes
    ----------
    n_labels, shared, twin : ndarray of shape (n_shares,)
        The parameters as arrays.
    gain_low, gain_high : ndarray of shape (n_shares,)
        The parameters as arrays, NaN if they are None.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    Raises
    ------
    ValueError
        If the arrays differ in length.

    Examples
    --------
    >>> from sklearn_mtl.comparison import SampleEfficiencyDisplay
    >>> shown = SampleEfficiencyDisplay([20, 80], [0.7, 0.8], [0.5, 0.8])
    >>> (shown.shared - shown.twin).round(2)
    array([0.2, 0. ])
    """

    def __init__(
        self,
        n_labels: Any,
        shared: Any,
        twin: Any,
        *,
        gain_low: Any = None,
        gain_high: Any = None,
        name: str = "shared",
        title: str = "",
    ) -> None:
        self.n_labels, self.shared, self.twin = (
            np.asarray(values, dtype=float) for values in (n_labels, shared, twin)
        )
        self.gain_low, self.gain_high = (
            np.full(self.shared.shape, np.nan)
            if ends is None
            else np.asarray(ends, dtype=float)
            for ends in (gain_low, gain_high)
        )
        self.name, self.title = name, title
        shapes = [
            array.shape for array in vars(self).values() if hasattr(array, "ndim")
        ]
        if len(set(shapes)) > 1 or len(shapes[0]) != 1:
            raise ValueError(
                f"{_WHO}: n_labels, shared, twin, gain_low and gain_high must be 1D "
                f"arrays of the same length; got the shapes {shapes}."
            )

    @classmethod
    def from_comparison(
        cls,
        comparison: ComparisonResult,
        *,
        model: str | None = None,
        task: str = MEAN,
        ax: Axes | None = None,
    ) -> SampleEfficiencyDisplay:
        """Draw the learning curves of a shared model of a comparison and its twin.

        Parameters
        ----------
        comparison : Comparison
            Result of `compare` with `learning_curve`.
        model : str, default=None
            Name of a shared model; None uses the last one that has a twin.
        task : str, default="mean"
            Name of a task, or "mean" for the mean over tasks.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        SampleEfficiencyDisplay
            The display after plotting.

        Raises
        ------
        ValueError
            If no learning curve was measured, the model or the task is unknown, or the
            model has no twin.
        """
        name = shared_row(comparison.models, model, _WHO)
        frame = comparison.learning_curve
        if name not in paired_names(comparison.models):
            raise ValueError(
                f"{_WHO}: model {name!r} has no twin, so there is no learning curve."
            )
        rows = frame[(frame["model"] == name) & (frame["task"] == task_name(task))]
        if not len(rows):
            known = [row.name for row in comparison.tasks]
            raise ValueError(
                f"{_WHO}: no task {task!r}. Known tasks: {[*known, MEAN]}."
            )
        made = cls(
            rows["labels"],
            rows["score"],
            rows["twin"],
            gain_low=rows["low"],
            gain_high=rows["high"],
            name=name,
            title="mean over tasks" if task == MEAN else task,
        )
        return made.plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> SampleEfficiencyDisplay:
        """Draw the learning curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        SampleEfficiencyDisplay
            The display itself.
        """
        ax = make_axes(ax, _WHO, width=5.6, height=3.8)
        shared, twin = mark_of(0), mark_of(1)
        # The band is the curve of the twin plus the interval of the gain.
        ax.fill_between(
            self.n_labels,
            self.twin + self.gain_low,
            self.twin + self.gain_high,
            color=shared["color"],
            alpha=0.15,
            linewidth=0,
        )
        ax.plot(self.n_labels, self.shared, label=f"{self.name} (shared)", **shared)
        ax.plot(
            self.n_labels,
            self.twin,
            linestyle="--",
            label="twin (one model per task)",
            **twin,
        )
        ax.set_xscale("log")
        ax.set_ylim(*self._score_range())
        ticks = self._ticks()
        ax.set_xticks(ticks, [f"{tick:.0f}" for tick in ticks])
        ax.minorticks_off()
        ax.set_xlabel("training labels per task")
        ax.set_ylabel(f"test score, {self.title}" if self.title else "test score")
        ax.legend(loc="lower right", frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _score_range(self) -> tuple[float | None, float | None]:
        """Return the range of the y axis, which may cut off wide parts of the band."""
        # With few labels the band may be so wide that the curves would look flat.
        seen = np.concatenate([self.shared, self.twin])
        seen = seen[np.isfinite(seen)]
        if not len(seen):
            return None, None
        span = max(float(np.ptp(seen)), 0.02)
        ends = self.twin + np.stack([self.gain_low, self.gain_high])
        near = np.clip(ends, seen.min() - span, seen.max() + span)
        low = np.nanmin(near, initial=seen.min()) - 0.05 * span
        return low, np.nanmax(near, initial=seen.max()) + 0.05 * span

    def _ticks(self) -> list[float]:
        """Return the numbers of labels whose tick labels do not overlap."""
        known = self.n_labels[np.isfinite(self.n_labels) & (self.n_labels > 0)]
        if not len(known):
            return []
        least = _CLOSE * np.log(known.max() / known.min())
        ticks = [float(known[0])]
        for labels in known[1:].tolist():
            if np.log(labels / ticks[-1]) >= least:
                ticks.append(labels)
        return ticks
