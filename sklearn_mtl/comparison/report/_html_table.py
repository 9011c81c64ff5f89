"""Records of HTML tables, which the templates render."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.utils._ties import difference

__all__ = ["Cell", "HtmlTable", "layout_for", "make_table"]

# Number of numeric columns that fit side by side on a phone of 360 CSS pixels.
_MOST_WHOLE = 5

# Signs repeat the meaning of the colours for readers who cannot distinguish them.
_SIGNS = {"helps": "▲ ", "better": "▲ ", "hurts": "▼ ", "worse": "▼ "}


@dataclass(frozen=True)
class Cell:
    """Text of a cell, a word for its effect, and a note below it."""

    text: str
    word: str = ""
    note: str = ""
    is_best: bool = False

    @property
    def kind(self) -> str:
        """Return the last word, which determines the colour."""
        return self.word.split()[-1] if self.word else ""

    @property
    def sign(self) -> str:
        """Return the sign with the meaning of the colour."""
        return _SIGNS.get(self.kind, "")


@dataclass(frozen=True)
class Row:
    """Name and cells of a row, and the role of its model."""

    name: str
    cells: list[Cell]
    kind: str


@dataclass(frozen=True)
class HtmlTable:
    """Table and its layout on a phone.

    The layout "scroll" scrolls sideways. "stacks" shows a card for each row with one
    line per cell. "whole" is for few columns, which all fit. "cards" shows a card for
    each row with the cells side by side.
    """

    label: str
    header: list[str]
    rows: list[Row]
    layout: str


def make_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    label: str,
    kinds: Sequence[str] | None = None,
    layout: str = "scroll",
    values: np.ndarray | None = None,
) -> HtmlTable:
    """Return a table whose first column contains the names of the rows.

    If the values of the cells are given, the best value of each column is marked.

    Shapes: values (n_rows, n_columns - 1).
    """
    made = [
        Row(str(name), [_cell(value) for value in values], kind)
        for (name, *values), kind in zip(rows, kinds or [""] * len(rows), strict=True)
    ]
    if values is not None:
        _mark_best(made, values)
    return HtmlTable(label, list(header), made, layout)


def layout_for(n_columns: int) -> str:
    """Return the layout in which so many numeric columns fit on a phone."""
    return "whole" if n_columns <= _MOST_WHOLE else "cards"


def _cell(value: str | Cell) -> Cell:
    return Cell(value) if isinstance(value, str) else value


def _mark_best(rows: Sequence[Row], values: np.ndarray) -> None:
    """Mark the largest value of each column, and values that are equal to it."""
    # Compare exact values, because displayed values are rounded.
    for column, found in enumerate(values.T):
        seen = np.where(np.isnan(found), -np.inf, found)
        is_best = np.isfinite(seen) & (difference(seen, seen.max()) == 0)
        for row in np.flatnonzero(is_best).tolist():
            cells = rows[row].cells
            cells[column] = replace(cells[column], is_best=True)
