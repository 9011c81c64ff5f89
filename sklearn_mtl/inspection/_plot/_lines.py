"""Line plots with one line per task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.utils._colors import mark_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["draw_task_lines", "name_epochs"]

_MARKS = 8  # markers per line, enough to identify it without colour


def draw_task_lines(
    ax: Axes,
    x: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
) -> None:
    """Draw one line per task, with its own colour and marker.

    Shapes: x (n_points,), values (n_points, n_tasks).
    """
    every = max(1, len(x) // _MARKS)
    for t, name in enumerate(names):
        ax.plot(
            x, values[:, t], label=name, markersize=5, markevery=every, **mark_of(t)
        )
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def name_epochs(ax: Axes) -> None:
    """Label the x axis and use integer ticks."""
    ax.set_xlabel("epoch")
    ax.locator_params(axis="x", integer=True)
