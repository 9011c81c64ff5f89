"""Plot of the conflicts between the gradients of the tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.inspection._plot._lines import name_epochs
from sklearn_mtl.inspection._steps import require
from sklearn_mtl.utils._colors import COLORS, make_axes
from sklearn_mtl.utils._typing import Estimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["GradientConflictDisplay"]

_WHO = "GradientConflictDisplay"
_HINT = "a net of this package that was fitted with monitor='gradients'"


class GradientConflictDisplay:
    """Cosine of the gradients of the tasks and fraction of conflicting pairs.

    Two tasks conflict in an epoch if the cosine of the exact gradients of their losses
    with respect to the shared parameters is negative: a small step that improves one
    task then worsens the other. It is recommended to use `from_estimator`.

    Parameters
    ----------
    cosine : array-like of shape (n_epochs,)
        Mean cosine over pairs of tasks in each epoch.
    conflict : array-like of shape (n_epochs,), default=None
        Fraction of the pairs with a negative cosine in each epoch.

    Attributes
    ----------
    cosine : ndarray of shape (n_epochs,)
        Mean cosine in each epoch.
    conflict : ndarray of shape (n_epochs,) or None
        Fraction of conflicting pairs in each epoch.
    ax_ : matplotlib Axes
        Axes of the plot.
    figure_ : matplotlib Figure
        Figure of the plot.

    References
    ----------
    .. [1] T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman, C. Finn, "Gradient surgery
       for multi-task learning", NeurIPS 2020, definition 1.

    Examples
    --------
    >>> from sklearn_mtl.inspection import GradientConflictDisplay
    >>> GradientConflictDisplay([0.4, 0.1, -0.1]).cosine.round(1)
    array([ 0.4,  0.1, -0.1])
    """

    def __init__(self, cosine: Any, conflict: Any = None) -> None:
        self.cosine = np.asarray(cosine, dtype=float)
        self.conflict = None if conflict is None else np.asarray(conflict, dtype=float)

    @classmethod
    def from_estimator(
        cls, estimator: Estimator, *, ax: Axes | None = None
    ) -> GradientConflictDisplay:
        """Draw the cosines that a net recorded during fit.

        Parameters
        ----------
        estimator : estimator
            Net of this package that was fitted with ``monitor="gradients"``, or a
            pipeline that ends in one.
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        GradientConflictDisplay
            The display after plotting.

        Raises
        ------
        TypeError
            If the estimator is not a fitted net.
        ValueError
            If it was not fitted with ``monitor="gradients"``.
        """
        history = require(estimator, "history_", _WHO, _HINT)
        if "gradient_cosine" not in history:
            raise ValueError(
                f"{_WHO}: no gradients were recorded; the estimator must be {_HINT}."
            )
        return cls(history["gradient_cosine"], history["gradient_conflict"]).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> GradientConflictDisplay:
        """Draw the cosines and the fraction of conflicting pairs.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; None creates a figure.

        Returns
        -------
        GradientConflictDisplay
            The display itself.
        """
        ax = make_axes(ax, _WHO)
        epochs = np.arange(1, len(self.cosine) + 1)
        ax.axhline(0, color="0.5", linewidth=1)
        ax.plot(epochs, self.cosine, color=COLORS["blue"], label="mean cosine")
        if self.conflict is not None:
            ax.plot(
                epochs,
                self.conflict,
                color=COLORS["vermilion"],
                linestyle="--",
                label="fraction of conflicting pairs",
            )
        ax.set_ylim(-1.05, 1.05)
        name_epochs(ax)
        ax.set_ylabel("gradients of the tasks")
        ax.legend(loc="best", frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
