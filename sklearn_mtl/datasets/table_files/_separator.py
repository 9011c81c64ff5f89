"""What separates the columns of a text, refused where two characters may."""

from __future__ import annotations

import csv
from io import StringIO

from sklearn_mtl.datasets.table_files._options import FileOptions, UnreadableError

__all__ = ["DIRECTIVE", "find_separator"]

_CANDIDATES = {",": ",", ";": ";", "\t": "tab", "|": "|"}
#: Excel writes its separator in a line before the header.
DIRECTIVE = "sep="
_MOST_ROWS = 200
_MOSTLY = 0.9


def find_separator(sample: str, options: FileOptions, *, is_cut: bool) -> str:
    """Return the separator of a text, given its first lines, complete ones.

    `is_cut` says that others follow: a field with line breaks may go on in them.
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
    # A row with a field too many is named when the rows are counted.
    mostly = even or [sep for sep, share in shares.items() if share >= _MOSTLY]
    if len(mostly) == 1:
        return mostly[0]
    if len(shares) == 1:
        return next(iter(shares))
    if not shares:
        raise UnreadableError(
            f"the header has one column, {first[:60]!r}, with none of the separators "
            f"comma, semicolon, tab and bar; name it, such as {options.say('sep', ':')}"
        )
    found = " or ".join(options.say("sep", _CANDIDATES[sep]) for sep in shares)
    raise UnreadableError(f"what separates the columns is not clear; say {found}")


def _rows(sample: str, sep: str) -> list[list[str]]:
    """Return the first rows that are not blank; none where quotes do not fit."""
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
