"""The names of the columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sklearn_mtl.datasets.table_files._options import UnreadableError

__all__ = ["check_header"]


def check_header(names: Sequence[object], where: str) -> list[str]:
    """Return the names without spaces around them; refuse what is no header.

    `where` is the place of the header, such as "line 1".
    """
    header = [_name(name) for name in names]
    empty = [i + 1 for i, name in enumerate(header) if not name]
    if empty:
        numbers = ", ".join(map(str, empty[:10]))
        columns = "column" if len(empty) == 1 else "columns"
        raise UnreadableError(
            f"the header, {where}, has no name for {columns} {numbers}; add one"
        )
    if _are_values(header):
        shown = ", ".join(header[:5])
        raise UnreadableError(
            f"{where} must name the columns, but has values: {shown}; add a header"
        )
    twice = [name for name in dict.fromkeys(header) if header.count(name) > 1]
    if twice:
        places = [str(i + 1) for i, name in enumerate(header) if name == twice[0]]
        raise UnreadableError(
            f"the header, {where}, has {twice[0]!r} more than once, in the columns "
            f"{', '.join(places)}; rename or delete all but one"
        )
    return header


def _name(name: object) -> str:
    is_missing = name is None or name != name
    return "" if is_missing else str(name).strip().strip("\ufeff").strip()


def _are_values(header: list[str]) -> bool:
    """Return whether all names are numbers, or half of them with some fractions."""
    numbers = [value for value in map(_number, header) if value is not None]
    if len(numbers) == len(header):
        return True
    has_fractions = any(value != math.floor(value) for value in numbers)
    return has_fractions and len(numbers) >= len(header) / 2


def _number(name: str) -> float | None:
    try:
        value = float(name.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
