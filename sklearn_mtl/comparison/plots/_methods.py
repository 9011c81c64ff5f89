"""The pictures of a comparison, each made by its Display."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from sklearn_mtl.comparison.results._gains import MEAN

if TYPE_CHECKING:
    from sklearn_mtl.comparison._comparison import Comparison
    from sklearn_mtl.comparison.plots._curve import SampleEfficiencyDisplay
    from sklearn_mtl.comparison.plots._gain import TaskGainDisplay
    from sklearn_mtl.comparison.plots._scores import TaskScoreDisplay

__all__ = ["PlotsMixin"]


class PlotsMixin:
    """Methods of `Comparison` that draw; matplotlib is loaded by them alone."""

    def plot(self, *, model: str | None = None, ax: Any = None) -> TaskGainDisplay:
        """Draw the gains of a shared model with their intervals.

        Parameters
        ----------
        model : str, default=None
            The shared model; None takes the last one.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskGainDisplay
            Holds what was drawn: `gains_`, `ax_`, `figure_`.
        """
        from sklearn_mtl.comparison.plots._gain import TaskGainDisplay

        return TaskGainDisplay.from_comparison(
            cast("Comparison", self), model=model, ax=ax
        )

    def plot_scores(
        self,
        *,
        tasks: Sequence[str] | None = None,
        models: Sequence[str] | None = None,
        ax: Any = None,
    ) -> TaskScoreDisplay:
        """Draw the scores of all models, task by task.

        Parameters
        ----------
        tasks, models : sequence of str, default=None
            Which; None takes all.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        TaskScoreDisplay
            Holds what was drawn: `scores`, `means_`, `ax_`, `figure_`.
        """
        from sklearn_mtl.comparison.plots._scores import TaskScoreDisplay

        return TaskScoreDisplay.from_comparison(
            cast("Comparison", self), tasks=tasks, models=models, ax=ax
        )

    def plot_learning_curve(
        self, *, model: str | None = None, task: str = MEAN, ax: Any = None
    ) -> SampleEfficiencyDisplay:
        """Draw score against number of labels, shared and twin.

        Parameters
        ----------
        model : str, default=None
            The shared model; None takes the last one.
        task : str, default="mean"
            The task, or "mean" for the mean over tasks.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        SampleEfficiencyDisplay
            Holds what was drawn.

        Raises
        ------
        ValueError
            If `compare` was called without `learning_curve`.
        """
        from sklearn_mtl.comparison.plots._curve import SampleEfficiencyDisplay

        return SampleEfficiencyDisplay.from_comparison(
            cast("Comparison", self), model=model, task=task, ax=ax
        )
