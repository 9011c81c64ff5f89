"""Plot of the gains of a shared model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison.results._rows import SELECTED, shared_row
from sklearn_mtl.utils._colors import make_axes, mark_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["TaskGainDisplay"]

STYLES = {
    TWIN: {**mark_of(0), "label": "gain from sharing"},
    SELECTED: {**mark_of(1), "label": "gain over automatically selected"},
}


class TaskGainDisplay:
    """Gains of one shared model on each task with their intervals.

    It is recommended to use `from_comparison` or `Comparison.plot`.

    Parameters
    ----------
    gains : sequence of Gain
        Gains of one model over its twin and over the automatically selected model.
    confidence : float, default=0.95
        Confidence level of the intervals, for the label of the x axis.

    Attributes
    ----------
    gains_ : dict of str to ndarray of shape (n_tasks + 1, 3)
        Gain and lower and upper bound of its interval for each reference. The last row
        is the mean over tasks.
    task_names_ : list of str
        Names of the tasks, followed by "mean".
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    Examples
    --------
    >>> from sklearn_mtl.comparison import TaskGainDisplay
    >>> hasattr(TaskGainDisplay, "from_comparison")
    True
    """

    def __init__(self, gains: Sequence[Gain], *, confidence: float = 0.95) -> None:
        self.gains = gains
        self.confidence = confidence
        self.gains_: dict[str, np.ndarray] = {}
        for against in STYLES:
            rows = [gain.adjusted for gain in gains if gain.against == against]
            if rows:
                ends = [[row.mean, row.low, row.high] for row in rows]
                self.gains_[against] = np.array(ends)
        first = next(iter(self.gains_), TWIN)
        self.task_names_ = [gain.task for gain in gains if gain.against == first]

    @classmethod
    def from_comparison(
        cls,
        comparison: ComparisonResult,
        *,
        model: str | None = None,
        ax: Axes | None = None,
    ) -> TaskGainDisplay:
        """Draw the gains of one shared model of a comparison.

        Parameters
        ----------
        comparison : Comparison
            Result of `compare`.
        model : str, default=None
            Name of a shared model; None uses the last one that has a twin.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskGainDisplay
            The display after plotting.

        Raises
        ------
        ValueError
            If the comparison has no shared model of that name.
        """
        chosen = shared_row(comparison.models, model, cls.__name__)
        return cls(comparison.gains_of(chosen), confidence=comparison.confidence).plot(
            ax=ax
        )

    def plot(self, *, ax: Axes | None = None) -> TaskGainDisplay:
        """Draw the gains.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        TaskGainDisplay
            The display itself.
        """
        ax = make_axes(
            ax, type(self).__name__, height=1.2 + 0.4 * len(self.task_names_)
        )
        places = np.arange(len(self.task_names_))
        ax.axvline(0, color="0.5", linewidth=1)
        if self.task_names_[-1:] == [MEAN]:
            ax.axhline(len(places) - 1.5, color="0.5", alpha=0.3, linewidth=1)
        for shift, (against, ends) in zip(
            (-0.13, 0.13), self.gains_.items(), strict=False
        ):
            mean, low, high = ends.T
            ax.errorbar(
                mean,
                places + shift,
                xerr=np.nan_to_num([mean - low, high - mean]),
                linestyle="none",
                capsize=3,
                **STYLES[against],
            )
        ax.set_yticks(places, self.task_names_)
        ax.invert_yaxis()
        ax.set_xlabel(f"gain in score ({self.confidence:.0%} interval)")
        ax.legend(loc="best", frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
