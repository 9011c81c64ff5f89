"""Separator of the columns of a text file."""

from __future__ import annotations

import csv
from io import StringIO

from sklearn_mtl.datasets.table_files._options import FileOptions, UnreadableError

__all__ = ["DIRECTIVE", "find_separator"]

_CANDIDATES = {",": ",", ";": ";", "\t": "tab", "|": "|"}
#: Start of the line before the header in which Excel writes the separator.
DIRECTIVE = "sep="
_MOST_ROWS = 200
_MOSTLY = 0.9


def find_separator(sample: str, options: FileOptions, *, is_cut: bool) -> str:
    """Return the separator of a text file from a sample of complete lines.

    `is_cut` is whether the file has more lines, in which a field with line breaks may
    continue.
    """
    if options.separator is not None:
        return options.separator
    first = sample.split("\n", 1)[0].strip()
    if first.lower().startswith(DIRECTIVE) and len(first) == len(DIRECTIVE) + 1:
        return first[-1]
    shares = {}
    for sep in _CANDIDATES:
        rows = _rows(sample, sep)
        rows = rows[:-1] if is_cut and 1 < len(rows) < _MOST_ROWS else rows
        n_columns = len(rows[0]) if rows else 0
        if n_columns > 1:
            shares[sep] = sum(len(row) == n_columns for row in rows) / len(rows)
    even = [sep for sep, share in shares.items() if share == 1]
    if len(even) == 1:
        return even[0]
    # Layout reports rows with a wrong number of fields.
    mostly = even or [sep for sep, share in shares.items() if share >= _MOSTLY]
    if len(mostly) == 1:
        return mostly[0]
    if len(shares) == 1:
        return next(iter(shares))
    if not shares:
        raise UnreadableError(
            f"the header {first[:60]!r} contains none of the separators comma, "
            "semicolon, tab and bar; set the separator, for example by "
            f"{options.say('sep', ':')}"
        )
    found = " or ".join(options.say("sep", _CANDIDATES[sep]) for sep in shares)
    raise UnreadableError(f"the separator of the columns is ambiguous; use {found}")


def _rows(sample: str, sep: str) -> list[list[str]]:
    """Return the first rows that are not blank, or none if the quotes are invalid."""
    rows: list[list[str]] = []
    try:
        reader = csv.reader(StringIO(sample), delimiter=sep, skipinitialspace=True)
        for row in reader:
            if any(row):
                rows.append(row)
            if len(rows) == _MOST_ROWS:
                break
    except csv.Error:
        return []
    return rows
