"""Whether the tasks pull what they share in different directions."""

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
    """Mean cosine of the tasks' gradients, and share of pairs in conflict, by epoch.

    Two tasks are in conflict where the cosine of the exact gradients of their losses,
    with respect to all that the tasks share, is below zero: a step for one is a step
    against the other. It is recommended to use `from_estimator`.

    Parameters
    ----------
    cosine : array-like of shape (n_epochs,)
        Mean cosine over pairs of tasks.
    conflict : array-like of shape (n_epochs,), default=None
        Share of the pairs whose cosine is below zero.

    Attributes
    ----------
    cosine : ndarray of shape (n_epochs,)
        The cosines.
    conflict : ndarray of shape (n_epochs,) or None
        The shares.
    ax_ : matplotlib Axes
        Where it was drawn.
    figure_ : matplotlib Figure
        The figure of `ax_`.

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
        """Draw what a net recorded while it was fitted.

        Parameters
        ----------
        estimator : estimator
            A net of this package, or a pipeline that ends in one, fitted with
            ``monitor="gradients"``.
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        GradientConflictDisplay
            The display, drawn.

        Raises
        ------
        TypeError
            If the estimator is no net.
        ValueError
            If its gradients were not recorded.
        """
        history = require(estimator, "history_", _WHO, _HINT)
        if "gradient_cosine" not in history:
            raise ValueError(f"{_WHO}: no gradients were recorded; it needs {_HINT}.")
        return cls(history["gradient_cosine"], history["gradient_conflict"]).plot(ax=ax)

    def plot(self, *, ax: Axes | None = None) -> GradientConflictDisplay:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure.

        Returns
        -------
        GradientConflictDisplay
            Itself.
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
                label="share of pairs in conflict",
            )
        ax.set_ylim(-1.05, 1.05)
        name_epochs(ax)
        ax.set_ylabel("gradients of the tasks")
        ax.legend(loc="best", frameon=False)
        self.ax_, self.figure_ = ax, ax.figure
        return self
