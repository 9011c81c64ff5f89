"""Tables of the page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

__all__ = ["html_table"]


def html_table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    row_classes: Sequence[str] | None = None,
) -> str:
    """Return a table that scrolls sideways where the screen is narrow.

    Parameters
    ----------
    header : sequence of str
        Column titles.
    rows : sequence of sequence of str
        Cells as text; the first one is the title of its row. What follows a line break
        in a cell is a word of effect, and coloured.
    row_classes : sequence of str, default=None
        CSS class of every row.

    Returns
    -------
    str
        A `<div>` with the table in it; everything is escaped.
    """
    classes = row_classes or [""] * len(rows)
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "\n".join(_row(row, name) for row, name in zip(rows, classes, strict=True))
    # tabindex lets a keyboard scroll what a finger would push aside
    return (
        '<div class="scroll" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(cells: Sequence[str], name: str) -> str:
    first, *others = cells
    attribute = f' class="{escape(name)}"' if name else ""
    body = "".join(_cell(cell) for cell in others)
    return f'<tr{attribute}><th scope="row">{escape(first)}</th>{body}</tr>'


def _cell(text: str) -> str:
    number, _, word = text.partition("\n")
    if not word:
        return f"<td>{escape(text)}</td>"
    kind = escape(word.split()[-1])
    return f'<td>{escape(number)}<br><span class="{kind}">{escape(word)}</span></td>'
