"""Tables of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["html_table"]

# What a word says is also said by a sign, for readers who do not see its colour.
_SIGNS = {"helps": "▲", "better": "▲", "hurts": "▼", "worse": "▼"}


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    label: str,
    row_classes: Sequence[str] | None = None,
    stacks: bool = False,
    best_columns: Sequence[int] = (),
) -> str:
    """Return a table for wide and narrow screens."""
    classes = row_classes or [""] * len(rows)
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    best = {column: _best(rows, column) for column in best_columns}
    body = "\n".join(
        _row(header, row, name, {c for c, r in best.items() if r == i})
        for i, (row, name) in enumerate(zip(rows, classes, strict=True))
    )
    table = f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    if stacks:
        return f'<div class="stacks"><table aria-label="{escape(label)}">{table}'
    # tabindex lets a keyboard scroll what a finger would push aside
    return (
        '<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(label)}"><table>{table}'
    )


def _best(rows: Sequence[Sequence[str]], column: int) -> int:
    """Return the row with the largest number; -1 if there is none."""
    numbers = [_number(row[column]) for row in rows]
    return numbers.index(max(numbers)) if max(numbers) > float("-inf") else -1


def _number(text: str) -> float:
    return float("-inf") if text == "-" else float(text)


def _row(header: Sequence[str], cells: Sequence[str], name: str, best: set[int]) -> str:
    first, *others = cells
    attribute = f' class="{escape(name)}"' if name else ""
    body = "".join(
        _cell(text, header[i], is_best=i in best) for i, text in enumerate(others, 1)
    )
    return f'<tr{attribute}><th scope="row">{escape(first)}</th>{body}</tr>'


def _cell(text: str, column: str, *, is_best: bool) -> str:
    shown, _, word = text.partition("\n")
    opening = f'<td data-label="{escape(column)}"' + ' class="top"' * is_best + ">"
    if not word:
        return f"{opening}{escape(shown)}</td>"
    kind = word.split()[-1]
    sign = f"{_SIGNS[kind]} " if kind in _SIGNS else ""
    said = f'<span class="{escape(kind)}">{sign}{escape(word)}</span>'
    return f"{opening}{escape(shown)}<br>{said}</td>"
