"""Tables of the page, before a template writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.utils._ties import difference

__all__ = ["Cell", "HtmlTable", "layout_for", "make_table"]

# Columns of numbers that stand side by side on a phone of 360 CSS pixels.
_MOST_WHOLE = 5

# What a word says is also said by a sign, for readers who do not see its colour.
_SIGNS = {"helps": "▲ ", "better": "▲ ", "hurts": "▼ ", "worse": "▼ "}


@dataclass(frozen=True)
class Cell:
    """A number, a word that says what it means, and a note below it."""

    text: str
    word: str = ""
    note: str = ""
    is_best: bool = False

    @property
    def kind(self) -> str:
        """The last word, which gives the colour."""
        return self.word.split()[-1] if self.word else ""

    @property
    def sign(self) -> str:
        """What says the colour without one."""
        return _SIGNS.get(self.kind, "")


@dataclass(frozen=True)
class Row:
    """A row: its name, its cells, and what kind of model it is."""

    name: str
    cells: list[Cell]
    kind: str


@dataclass(frozen=True)
class HtmlTable:
    """A table, and what becomes of it on a phone.

    "scroll": it can be pushed aside; "stacks": a card for each row, a line for each of
    its cells; "whole": few columns, so that all fit; "cards": a card for each row,
    cells side by side.
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
    """Return a table whose first column names the rows.

    With the values of the cells given, the best of each column is marked.

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
    """Return how a table of so many columns of numbers is seen whole on a phone."""
    return "whole" if n_columns <= _MOST_WHOLE else "cards"


def _cell(value: str | Cell) -> Cell:
    return Cell(value) if isinstance(value, str) else value


def _mark_best(rows: Sequence[Row], values: np.ndarray) -> None:
    """Mark the largest value of each column, and those that differ by rounding."""
    # Not the numbers as they are shown: several may look alike.
    for column, found in enumerate(values.T):
        seen = np.where(np.isnan(found), -np.inf, found)
        is_best = np.isfinite(seen) & (difference(seen, seen.max()) == 0)
        for row in np.flatnonzero(is_best).tolist():
            cells = rows[row].cells
            cells[column] = replace(cells[column], is_best=True)
