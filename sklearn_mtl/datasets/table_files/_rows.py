"""Header of a text file, and check of the number of fields in each row."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import BytesIO, TextIOWrapper

from sklearn_mtl.datasets.table_files._header import check_header
from sklearn_mtl.datasets.table_files._options import UnreadableError
from sklearn_mtl.datasets.table_files._separator import DIRECTIVE

__all__ = ["Layout"]


class Layout:
    """Header and number of rows of a text file.

    Attributes
    ----------
    header : list of str
        Names of the columns; "" for a first column with row names.
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
            raise UnreadableError(f"the file has a header, {where}, but no rows")

    def _count(self, rows: Iterator[tuple[int, list[str]]]) -> int:
        """Return the number of rows; raise unless all have the length of the header."""
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
            f"the header has {n_fields} names, but all rows have {found} fields; add "
            "the missing name"
        )
    others = f" (other wrong lines: {len(broken) - 1})" if len(broken) > 1 else ""
    return (
        f"line {line} has {found} fields, but the header has {n_fields} columns"
        f"{others}; a field that contains a separator must be in double quotes"
    )


def _records(raw: bytes, encoding: str, sep: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the number of its first line."""
    text = TextIOWrapper(BytesIO(raw), encoding=encoding, newline="")
    reader = csv.reader(text, delimiter=sep, skipinitialspace=True, strict=True)
    line = 1
    try:
        for row in reader:
            if len(row) > 1 or (row and row[0].strip()):
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableError(f"line {line}: {_explained(str(error))}") from error


def _explained(error: str) -> str:
    if "unexpected end of data" in error or "field larger" in error:
        return "a field begins with a double quote that is never closed"
    if "expected after" in error:
        return "text follows the closing double quote of a field"
    return error
