"""The header of a text, and whether every row has as many fields."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper

from sklearn_mtl.datasets.table_files._header import check_header
from sklearn_mtl.datasets.table_files._options import UnreadableError
from sklearn_mtl.datasets.table_files._separator import DIRECTIVE

__all__ = ["Layout"]


class Layout:
    """The names of the columns, and what else the lines of a text say.

    Attributes
    ----------
    header : list of str
        The names; "" for a first column without one, which numbers the rows.
    n_skipped : int
        Number of lines before the header.
    has_row_names : bool
        Whether the first column has no name.
    n_rows : int
        Number of rows, without blank lines and empty rows at the end.
    """

    def __init__(self, raw: bytes, encoding: str, sep: str) -> None:
        rows = _records(raw, encoding, sep)
        line, names = next(rows)
        self.n_skipped = 0
        if names[0].lower().startswith(DIRECTIVE) and len(names) <= 2:
            self.n_skipped = line
            line, names = next(rows, (line, []))
        where = f"line {line}"
        self.header = check_header(names, where)
        self.has_row_names = not self.header[0]
        self.n_rows = self._count(rows)
        if not self.n_rows:
            raise UnreadableError(f"the file has no rows, only a header, {where}")

    def _count(self, rows: Iterator[tuple[int, list[str]]]) -> int:
        """Return the number of rows; refuse one with other fields than the header."""
        n_fields, n_rows, last = len(self.header), 0, 0
        broken: list[tuple[int, int]] = []
        for line, row in rows:
            n_rows += 1
            if len(row) != n_fields:
                broken.append((line, len(row)))
            elif any(row):
                last = n_rows
        if broken:
            raise UnreadableError(_tell_broken(broken, n_fields, n_rows))
        return last


def _tell_broken(broken: list[tuple[int, int]], n_fields: int, n_rows: int) -> str:
    line, found = broken[0]
    if len(broken) == n_rows and all(n == n_fields + 1 for _, n in broken):
        return (
            f"the header names {n_fields} columns, but all rows have {found} fields; "
            "name the column that has no name"
        )
    more = f", and {len(broken) - 1} other lines are broken" if len(broken) > 1 else ""
    return (
        f"line {line} has {found} fields, but the header has {n_fields} columns{more}; "
        "a field with a separator in it must be in double quotes"
    )


def _records(raw: bytes, encoding: str, sep: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, with the lines where they begin."""
    text = TextIOWrapper(BytesIO(raw), encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=sep, skipinitialspace=True, strict=True)
    line = 1
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError(f"in line {line}: {_explained(str(error))}") from error


def _explained(error: str) -> str:
    if "unexpected end of data" in error or "field larger" in error:
        return "a double quote opens a field that is never closed"
    if "expected after" in error:
        return "a field goes on after its closing double quote"
    return error
