"""Render a table of figures as reStructuredText."""

from __future__ import annotations

from typing import Any

MINUS = "−"


def cell_text(value: Any, form: str | None) -> str:
    """Return a cell as the guide shows it; a form with "~" drops a leading 0."""
    if isinstance(value, str) or form is None:
        return str(value)
    # a best rival's 0 is exact, and shown without decimals
    is_exact = value == 0 and isinstance(value, int)
    text = "0" if is_exact else format(value, form.removeprefix("~"))
    text = text.replace("-", MINUS)
    return text.replace("0.", ".", 1) if form.startswith("~") else text


def row_texts(table: dict[str, Any]) -> list[list[str]]:
    """Return the cells of the rows as text."""
    forms = table["formats"]
    return [
        [cell_text(value, form) for value, form in zip(row, forms, strict=True)]
        for row in table["rows"]
    ]


def list_table(table: dict[str, Any], indent: str) -> list[str]:
    """Return the lines of a list-table directive."""
    head = f".. list-table:: {table.get('title', '')}".rstrip()
    lines = [head, *(f"   :{key}: {value}" for key, value in table["options"].items())]
    lines.append("")
    for row in [table["columns"], *row_texts(table)]:
        for number, cell in enumerate(row):
            mark = "     -" if number else "   * -"
            lines.append(f"{mark} {cell}".rstrip())
    return [f"{indent}{line}".rstrip() for line in lines]


def simple_table(table: dict[str, Any], indent: str) -> list[str]:
    """Return the lines of a simple table."""
    rows = [table["columns"], *row_texts(table)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rule = "  ".join("=" * width for width in widths)
    lines = [
        "  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows
    ]
    return [
        f"{indent}{line}".rstrip() for line in [rule, lines[0], rule, *lines[1:], rule]
    ]


def table_lines(table: dict[str, Any], indent: str) -> list[str]:
    """Return the lines of a table in the form that its page uses."""
    is_simple = table["form"] == "simple"
    return simple_table(table, indent) if is_simple else list_table(table, indent)
