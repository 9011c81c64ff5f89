"""Reading of Parquet, Arrow and Excel files."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Any

from sklearn_mtl.datasets.table_files._header import ROW_NAMES_LEFT_OUT, check_header
from sklearn_mtl.datasets.table_files._missing import (
    NONE,
    count_words,
    missing_words,
    tell_words,
)
from sklearn_mtl.datasets.table_files._options import (
    FileOptions,
    UnreadableError,
    listed,
)
from sklearn_mtl.utils._guesses import with_guesses
from sklearn_mtl.utils._optional import import_optional

__all__ = ["read_arrow", "read_excel"]


def read_arrow(raw: bytes, kind: str, options: FileOptions) -> tuple[Any, list[str]]:
    """Return the DataFrame of a Parquet or Arrow file, and an empty list of notes."""
    del options  # they apply to text files
    who = "a Parquet file" if kind == "parquet" else "an Arrow file"
    import_optional("pyarrow", extra="parquet", who=who)
    from pyarrow import ArrowException, feather, ipc, parquet

    source = BytesIO(raw)
    try:
        if kind == "parquet":
            table = parquet.ParquetFile(source).read()
        elif kind == "arrow":
            table = feather.read_table(source)
        else:
            table = ipc.open_stream(source).read_all()
    except (ArrowException, OSError, ValueError) as error:
        raise UnreadableError(f"the file is damaged: {error}") from error
    names = check_header(table.column_names, "its schema")
    frame = table.rename_columns(names).to_pandas(ignore_metadata=True)
    # pandas gives this name to the column of an index without a name
    return frame.drop(columns=[n for n in names if n == "__index_level_0__"]), []


def read_excel(raw: bytes, kind: str, options: FileOptions) -> tuple[Any, list[str]]:
    """Return the DataFrame of a sheet, and notes on how it was read."""
    del kind
    import_optional("openpyxl", extra="excel", who="an Excel file")
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # formats and styles do not affect the values
        try:
            book = pd.ExcelFile(BytesIO(raw), engine="openpyxl")
            name, cells = _read_sheet(book, options)
        except UnreadableError:
            raise
        except Exception as error:  # invalid XML may raise any error in openpyxl
            raise UnreadableError(f"the file is damaged: {error}") from error
    notes = _tell_sheets(name, book.sheet_names, options)
    try:
        frame = _frame(cells, name)
    except UnreadableError as error:  # the table may be in another sheet
        raise UnreadableError("; ".join([str(error), *notes])) from error
    frame, told = _without_words(frame, options)
    notes += told
    if not frame.columns[0]:
        return frame.iloc[:, 1:], [*notes, ROW_NAMES_LEFT_OUT]
    return frame, notes


def _read_sheet(book: Any, options: FileOptions) -> tuple[str, Any]:
    """Return name and cells of the named sheet, or of the first that is not empty."""
    names = book.sheet_names
    if options.sheet is not None and options.sheet not in names:
        raise UnreadableError(
            f"the file has no sheet {with_guesses([options.sheet], names)}. Sheets: "
            f"{', '.join(names)}"
        )
    for name in names if options.sheet is None else [options.sheet]:
        cells = book.parse(
            name,
            header=None,
            dtype=object,
            keep_default_na=False,
            na_values=["", *options.missing],
        )
        if cells.notna().any(axis=None):
            return str(name), cells
    which = "all sheets are" if options.sheet is None else f"the sheet {name!r} is"
    raise UnreadableError(f"{which} empty")


def _frame(cells: Any, name: str) -> Any:
    """Return the filled part of a sheet as a DataFrame; its first row is the header."""
    is_named = cells.columns[cells.notna().any()]
    cells = cells[is_named]
    filled = cells.notna().any(axis=1)
    first, last = filled.idxmax(), filled[::-1].idxmax()
    header = check_header(cells.loc[first].tolist(), f"row {first + 1} of {name!r}")
    if first == last:
        raise UnreadableError(f"the sheet {name!r} has a header but no rows")
    frame = cells.loc[first + 1 : last].reset_index(drop=True)
    frame.columns = header
    return frame


def _tell_sheets(name: str, names: list[str], options: FileOptions) -> list[str]:
    """Return a note on the sheet that was read, if there are several."""
    if options.sheet is not None or len(names) == 1:
        return []
    others = listed([repr(other) for other in names if other != name], what="sheets")
    option = options.say("sheet", "NAME")
    return [f"sheet {name!r} (use {option} to read another one: {others})"]


def _without_words(frame: Any, options: FileOptions) -> tuple[Any, list[str]]:
    """Return the DataFrame with NaN for words that mean missing values, and notes."""
    from pandas.api import types

    found = frame
    frame = found.mask(found.isin(missing_words(options))).infer_objects()
    for place, name in enumerate(frame.columns):
        column = frame[name]
        if types.is_object_dtype(column) or types.is_string_dtype(column):
            is_none = column == NONE
            rest = column.mask(is_none).dropna()
            if len(rest) and all(not isinstance(value, str) for value in rest):
                frame.isetitem(place, column.mask(is_none).infer_objects())
    texts = [name for name in frame.columns if not types.is_numeric_dtype(frame[name])]
    counts = {name: count_words(found[name], options) for name in texts}
    return frame, tell_words(counts, options)
