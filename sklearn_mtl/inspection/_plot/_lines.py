"""A line for each task over the epochs of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.utils._colors import mark_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["draw_task_lines", "name_epochs"]

_MARKS = 8  # marks on a line: enough to tell it without its colour


def draw_task_lines(
    ax: Axes,
    x: np.ndarray,
    values: np.ndarray,
    names: Sequence[str],
) -> None:
    """Draw a line for each task, told apart by colour and marker.

    Shapes: x (n_points,), values (n_points, n_tasks).
    """
    every = max(1, len(x) // _MARKS)
    for t, name in enumerate(names):
        ax.plot(
            x, values[:, t], label=name, markersize=5, markevery=every, **mark_of(t)
        )
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)


def name_epochs(ax: Axes) -> None:
    """Name the x axis, and mark whole epochs only."""
    ax.set_xlabel("epoch")
    ax.locator_params(axis="x", integer=True)
