"""Reading of text files with an inferred format."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

from sklearn_mtl.datasets.table_files._encoding import find_encoding
from sklearn_mtl.datasets.table_files._header import ROW_NAMES_LEFT_OUT
from sklearn_mtl.datasets.table_files._missing import (
    count_words,
    missing_words,
    tell_words,
)
from sklearn_mtl.datasets.table_files._numbers import Marks, read_grouped
from sklearn_mtl.datasets.table_files._options import FileOptions, UnreadableError
from sklearn_mtl.datasets.table_files._rows import Layout
from sklearn_mtl.datasets.table_files._separator import find_separator

__all__ = ["read_text"]

_SAMPLE_BYTES = 1 << 18
_SAMPLE_ROWS = 2000
# Start of a field that may be padded with zeros, such as 01.
_PADDED = re.compile(rb"(?<![\w.,:+-])0\d|[,;]0\d")
_NAMES = {"\t": "tab", " ": "space"}
_FOREIGN = {
    "<!doctype html": "a web page",
    "<html": "a web page",
    "<?xml": "XML",
    "{": "JSON",
    "[": "JSON",
    "@relation": "an ARFF file",
}


def read_text(raw: bytes, options: FileOptions) -> tuple[Any, list[str], bool | None]:
    """Return the DataFrame of a text file, notes on its format, and `day_first`.

    The day is assumed to come first in dates if the file has semicolons as separators
    or decimal commas.
    """
    encoding = find_encoding(raw, options)
    sample = _sample(raw, encoding)
    start = sample.lstrip().lower()
    for mark, what in _FOREIGN.items():
        if start.startswith(mark):
            raise UnreadableError(f"the file is {what}, not a table")
    sep = find_separator(sample, options, is_cut=len(raw) > _SAMPLE_BYTES)
    layout = Layout(raw, encoding, sep)
    text = _Text(raw, encoding, sep, layout, missing_words(options))
    frame, decimal = _read_numbers(text, options)
    notes = [f"separator {_NAMES.get(sep, sep)!r}"] if sep != "," else []
    notes += ["decimal comma"] if decimal == "," else []
    if encoding not in ("utf-8", "utf-8-sig"):
        is_guess = encoding == "cp1252" and options.encoding is None
        guess = f" (guessed; use {options.say('encoding', 'NAME')} to change it)"
        notes.append(f"encoding {encoding}{guess if is_guess else ''}")
    notes += _tell_missing(text, frame, options)
    if layout.has_row_names:
        frame = frame.iloc[:, 1:]
        notes.append(ROW_NAMES_LEFT_OUT)
    return frame, notes, True if sep == ";" or decimal == "," else None


def _sample(raw: bytes, encoding: str) -> str:
    """Return the first complete lines, separated by newlines."""
    part = raw[:_SAMPLE_BYTES]
    text = part.decode(encoding, errors="ignore").lstrip("\ufeff")
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\n")
    return text if len(raw) <= _SAMPLE_BYTES else text.rpartition("\n")[0]


class _Text:
    """Text file with known encoding, separator and header."""

    def __init__(
        self,
        raw: bytes,
        encoding: str,
        sep: str,
        layout: Layout,
        missing: list[str],
    ) -> None:
        self.raw = raw
        self.encoding = encoding
        self.sep = sep
        self.layout = layout
        self.missing = missing

    def read(
        self,
        most: int | None = None,
        missing: list[str] | None = None,
        **how: Any,
    ) -> Any:
        """Return the DataFrame, or some of its rows or columns, read by pandas."""
        import pandas as pd

        return pd.read_csv(
            BytesIO(self.raw),
            sep=self.sep,
            encoding=self.encoding,
            skiprows=self.layout.n_skipped,
            index_col=False,
            skipinitialspace=True,
            header=0,
            names=self.layout.header,
            keep_default_na=False,
            na_values=self.missing if missing is None else missing,
            nrows=min(self.layout.n_rows, most or self.layout.n_rows),
            **how,
        )


def _read_numbers(text: _Text, options: FileOptions) -> tuple[Any, str]:
    """Return the DataFrame and its decimal mark."""
    marks = Marks()
    marks.look(text.read(_SAMPLE_ROWS, dtype=str))
    while True:
        decimal = marks.decide(text.sep, options)
        kinds = dict.fromkeys(options.texts, str)
        frame = text.read(decimal=decimal, low_memory=False, dtype=kinds)
        marks.look(frame)  # numbers after the sample that are still text
        if options.decimal is not None or marks.decide(text.sep, options) == decimal:
            break
    codes = _codes(text, frame)
    for place, name in enumerate(frame.columns):
        if name in codes:
            frame.isetitem(place, codes[name])
        elif name not in options.texts:
            frame.isetitem(place, read_grouped(frame[name], decimal))
    return frame, decimal


def _codes(text: _Text, frame: Any) -> dict[str, Any]:
    """Return the columns of zero-padded digits, such as 01 and 10, as texts."""
    is_wide = text.encoding.lower().startswith(("utf-16", "utf-32"))
    if not is_wide and _PADDED.search(text.raw) is None:
        return {}
    names = [name for name in frame.columns if frame[name].dtype.kind in "if"]
    if not names:
        return {}
    texts = text.read(dtype=str, usecols=names)
    return {name: texts[name] for name in names if _is_padded(texts[name])}


def _is_padded(column: Any) -> bool:
    """Return whether all values have the same number of digits and some begin with 0.

    If the number of digits varies, a value such as 05 is a number.
    """
    values = column.dropna().str.strip()
    widths = values.str.len()
    if not len(values) or widths.min() < 2 or widths.min() != widths.max():
        return False
    return bool(values.str.startswith("0").any() and values.str.isdecimal().all())


def _tell_missing(text: _Text, frame: Any, options: FileOptions) -> list[str]:
    """Return notes on words in text columns that were read as missing values."""
    from pandas.api import types

    names = [
        name
        for name in frame.columns
        if not types.is_numeric_dtype(frame[name]) and frame[name].isna().any()
    ]
    if not names:
        return []
    # read again, because pandas does not report which missing values were words
    found = text.read(missing=[""], dtype=str, usecols=names)
    counts = {name: count_words(found[name], options) for name in names}
    return tell_words(counts, options)
