"""Heatmap with a diverging colour map centred at zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.utils._colors import DIVERGING, make_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["draw_heatmap", "largest_columns"]

_MAX_ANNOTATED = 12  # maximum number of columns for which the numbers are written
_DARK = 0.6  # fraction of the largest value above which the text is white


def largest_columns(values: np.ndarray, n_most: int | None) -> np.ndarray:
    """Return the indices of the columns with the largest values in increasing order."""
    if n_most is None or n_most >= values.shape[1]:
        return np.arange(values.shape[1])
    largest = np.nan_to_num(values, nan=-np.inf).max(axis=0)
    return np.sort(np.argsort(-largest, kind="stable")[:n_most])


def draw_heatmap(
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    ax: Axes | None,
    who: str,
    label: str,
) -> Any:
    """Draw a heatmap with a diverging colour map centred at zero.

    Shapes: values (n_rows, n_columns).
    """
    n_rows, n_columns = values.shape
    longest = max((len(name) for name in columns), default=0)
    width = min(max(4.0, 2.2 + 0.5 * n_columns), 12.0)
    # column names are rotated, so long names need height
    height = min(1.2 + 0.4 * n_rows + 0.05 * longest, 12.0)
    ax = make_axes(ax, who, width=width, height=height)
    known = np.abs(values[np.isfinite(values)])
    limit = float(known.max()) if known.size and known.max() > 0 else 1.0
    image = ax.imshow(values, cmap=DIVERGING, vmin=-limit, vmax=limit, aspect="auto")
    ax.set_xticks(range(n_columns), columns, rotation=45, ha="right")
    ax.set_yticks(range(n_rows), rows)
    if n_columns <= _MAX_ANNOTATED:
        _write(ax, values, limit)
    ax.figure.colorbar(image, ax=ax, label=label)
    return ax


def _write(ax: Axes, values: np.ndarray, limit: float) -> None:
    """Write the numbers with at least two significant digits for the largest."""
    decimals = int(np.clip(1 - np.floor(np.log10(limit)), 0, 5))
    for (i, j), value in np.ndenumerate(values):
        if np.isfinite(value):
            color = "white" if abs(value) > _DARK * limit else "black"
            text = f"{round(value, decimals) + 0.0:.{decimals}f}"  # no -0.0
            ax.text(j, i, text, ha="center", va="center", color=color, fontsize=8)
