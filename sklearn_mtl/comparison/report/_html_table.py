"""Tables of the page, before a template writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["Cell", "HtmlTable", "make_table"]

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
    """A table; one that stacks becomes a card for each row on a phone."""

    label: str
    header: list[str]
    rows: list[Row]
    stacks: bool


def make_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str | Cell]],
    *,
    label: str,
    kinds: Sequence[str] | None = None,
    stacks: bool = False,
    marks_best: bool = False,
) -> HtmlTable:
    """Return a table whose first column names the rows."""
    made = [
        Row(str(name), [_cell(value) for value in values], kind)
        for (name, *values), kind in zip(rows, kinds or [""] * len(rows), strict=True)
    ]
    if marks_best:
        _mark_best(made)
    return HtmlTable(label, list(header), made, stacks)


def _cell(value: str | Cell) -> Cell:
    return Cell(value) if isinstance(value, str) else value


def _mark_best(rows: Sequence[Row]) -> None:
    """Mark the first of the largest numbers of each column."""
    for column, cells in enumerate(zip(*(row.cells for row in rows), strict=True)):
        numbers = [cell.number for cell in cells]
        if max(numbers) > float("-inf"):
            best = rows[numbers.index(max(numbers))].cells
            best[column] = replace(best[column], is_best=True)
