"""Text tables with aligned columns."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["in_blocks", "layout", "text_width"]

_GAP = 2


def layout(header: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """Return a table with a line below its header."""
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = []
    for row in [header, *rows]:
        cells = [
            cell.rjust(w) if side == "r" else cell.ljust(w)
            for cell, w, side in zip(row, widths, align, strict=True)
        ]
        lines.append((" " * _GAP).join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def in_blocks(rows: Sequence[Sequence[str]], width: int) -> str:
    """Return a wide table as several blocks of columns, one below the other."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    blocks: list[list[int]] = [[]]
    used = widths[0]
    for column in range(1, len(widths)):
        used += _GAP + widths[column]
        if used > width and blocks[-1]:
            blocks.append([])
            used = widths[0] + _GAP + widths[column]
        blocks[-1].append(column)
    return "\n\n".join(_block(rows, columns) for columns in blocks)


def _block(rows: Sequence[Sequence[str]], columns: Sequence[int]) -> str:
    chosen = [[row[0], *(row[i] for i in columns)] for row in rows]
    return layout(chosen[0], chosen[1:], "l" + "r" * len(columns))


def text_width(text: str) -> int:
    """Return the length of the longest line."""
    return max(map(len, text.splitlines()))
