"""Tables of the page, before a template writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["Cell", "HtmlTable", "layout_for", "make_table"]

# Columns of numbers that stand side by side on a phone of 360 CSS pixels.
_MOST_WHOLE = 5

# What a word says is also said by a sign, for readers who do not see its colour.
_SIGNS = {"helps": "▲ ", "better": "▲ ", "hurts": "▼ ", "worse": "▼ "}


@dataclass(frozen=True)
class Cell:
    """A number, and a word that says what it means."""

    text: str
    word: str = ""
    is_best: bool = False

    @property
    def kind(self) -> str:
        """The last word, which gives the colour."""
        return self.word.split()[-1] if self.word else ""

    @property
    def sign(self) -> str:
        """What says the colour without one."""
        return _SIGNS.get(self.kind, "")

    @property
    def number(self) -> float:
        """Its value; "-" stands for none."""
        return float("-inf") if self.text == "-" else float(self.text)


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
    marks_best: bool = False,
) -> HtmlTable:
    """Return a table whose first column names the rows."""
    made = [
        Row(str(name), [_cell(value) for value in values], kind)
        for (name, *values), kind in zip(rows, kinds or [""] * len(rows), strict=True)
    ]
    if marks_best:
        _mark_best(made)
    return HtmlTable(label, list(header), made, layout)


def layout_for(n_columns: int) -> str:
    """Return how a table of so many columns of numbers is seen whole on a phone."""
    return "whole" if n_columns <= _MOST_WHOLE else "cards"


def _cell(value: str | Cell) -> Cell:
    return Cell(value) if isinstance(value, str) else value


def _mark_best(rows: Sequence[Row]) -> None:
    """Mark the first of the largest numbers of each column."""
    for column, cells in enumerate(zip(*(row.cells for row in rows), strict=True)):
        numbers = [cell.number for cell in cells]
        if max(numbers) > float("-inf"):
            best = rows[numbers.index(max(numbers))].cells
            best[column] = replace(best[column], is_best=True)
