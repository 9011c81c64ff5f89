"""Checks of the names of the columns."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sklearn_mtl.datasets.table_files._options import UnreadableError

__all__ = ["ROW_NAMES_LEFT_OUT", "check_header"]

ROW_NAMES_LEFT_OUT = "first column without a name ignored"


def check_header(names: Sequence[object], where: str) -> list[str]:
    """Return the stripped names of the columns, and raise if they are not a header.

    `where` is the position of the header, such as "line 1". Only the first name may be
    empty, because pandas and R write row names in a column without a name.
    """
    header = [_name(name) for name in names]
    n_unnamed = int(len(header) > 1 and not header[0])
    places = {i + 1: name for i, name in enumerate(header) if i >= n_unnamed}
    named = list(places.values())
    empty = [str(place) for place, name in places.items() if not name]
    if empty:
        columns = "column" if len(empty) == 1 else "columns"
        raise UnreadableError(
            f"the header, {where}, has no name for {columns} {', '.join(empty[:10])}; "
            "add a name"
        )
    if _are_values(named):
        shown = ", ".join(named[:5])
        raise UnreadableError(
            f"{where} must be a header, but contains values: {shown}; add a header "
            "with the names of the columns"
        )
    twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if twice:
        where_found = [str(i) for i, name in places.items() if name == twice[0]]
        raise UnreadableError(
            f"the header, {where}, contains {twice[0]!r} more than once, in columns "
            f"{', '.join(where_found)}; names must be unique"
        )
    return header


def _name(name: object) -> str:
    is_missing = name is None or name != name
    return "" if is_missing else str(name).strip().strip("\ufeff").strip()


def _are_values(header: list[str]) -> bool:
    """Return whether all names are numbers, or half of them including a fraction."""
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
