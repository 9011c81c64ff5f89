"""Kinds of columns: numbers, categories, dates, free text, or not usable."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.preprocessing.columns._dates import date_format

__all__ = [
    "ColumnKind",
    "find_kind",
    "identifier_reason",
    "is_date",
    "is_free_text",
    "is_text",
]

# With fewer samples than this, all values may differ by chance.
_FEW_ROWS = 10
_FEW_LEVELS = 30
# Names of places and job titles have fewer words, sentences more.
_WORDS_OF_TEXT = 4
# Words are counted in at most this many values, which is sufficient.
_ENOUGH_VALUES = 1000
_ID_NAME = re.compile(
    r"(^|[\W_])(?i:(id|uuid|guid|key|index|idx|row|nr|no)\.?|\w*(number|nummer))$"
    r"|[a-z](Id|ID|Nr|No|Key|Number|Nummer)\.?$",
    re.ASCII,
)
# Consecutive years are not row numbers, but a possible trend.
_YEAR_NAME = re.compile(
    r"(^|[\W_\d])(?i:(year|yr|jahr|ann[eé]e|a[nñ]o|anno)s?)($|[\W_\d])|[a-z]Year$"
)
_NUMBERS = ("integer", "floating", "mixed-integer-float", "decimal", "boolean")
_DATES = ("date", "datetime", "datetime64")
_CATEGORIES = ("string", "mixed-integer", "categorical")


@dataclass(frozen=True)
class ColumnKind:
    """Kind of a column, and how it is encoded.

    Attributes
    ----------
    kind : {"numeric", "categorical", "date", "text", "left out"}
        Kind of the column.
    reason : str, default=""
        Reason why the column is left out.
    can_be_kept : bool, default=False
        Whether a column that is left out can be used on request.
    n_levels : int, default=0
        Number of different values of a categorical column.
    date_format : str or None, default=None
        Format of dates that are strings; None for a column of dtype date.
    date_order : {"", "day first", "month first"}, default=""
        Order of day and month if the dates are ambiguous.
    """

    kind: str
    reason: str = ""
    can_be_kept: bool = False
    n_levels: int = 0
    date_format: str | None = None
    date_order: str = ""


def find_kind(
    column: Any, *, is_kept: bool, day_first: bool | None = None
) -> ColumnKind:
    """Return the kind of a pandas column.

    Shapes: column (n_samples,).
    """
    observed = column.dropna()
    if not len(observed):
        return ColumnKind("left out", "empty")
    if observed.dtype.kind == "f" and _has_fractions(observed):
        return ColumnKind("numeric")  # shortcut for most columns of wide tables
    family = _family(observed)
    if family not in ("numeric", "date", "categorical"):
        return ColumnKind("left out", f"holds {family}, which cannot be inputs")
    n_levels = int(observed.nunique())
    if n_levels == 1 and 1 < len(column) == len(observed) and not is_kept:
        return ColumnKind("left out", "constant", can_be_kept=True)
    if family == "categorical":
        written = date_format(observed, day_first) if is_text(observed) else None
        if written is not None:
            return ColumnKind("date", date_format=written[0], date_order=written[1])
        return _kind_of_texts(observed, n_levels, is_kept=is_kept)
    if family == "numeric" and not is_kept and _counts_rows(column, n_levels):
        return ColumnKind("left out", "unique per row", can_be_kept=True)
    return ColumnKind(family)


def _has_fractions(observed: Any) -> bool:
    values = observed.to_numpy()
    return bool((values != np.floor(values)).any() and values.min() < values.max())


def _family(observed: Any) -> str:
    """Return "numeric", "date" or "categorical", or the name of other types."""
    from pandas.api import types

    dtype = observed.dtype
    if isinstance(getattr(dtype, "kind", None), str) and dtype.kind == "c":
        raise ValueError("Complex data not supported")  # message of scikit-learn
    if types.is_datetime64_any_dtype(dtype):
        return "date"
    if types.is_numeric_dtype(dtype) or types.is_timedelta64_dtype(dtype):
        return "numeric"
    found = str(types.infer_dtype(observed))
    for family, names in (
        ("numeric", _NUMBERS),
        ("date", _DATES),
        ("categorical", _CATEGORIES),
    ):
        if found in names:
            return family
    return type(observed.iloc[0]).__name__ + "s"


def _kind_of_texts(observed: Any, n_levels: int, *, is_kept: bool) -> ColumnKind:
    """Return the kind of a column of strings or other categories."""
    if is_text(observed) and is_free_text(observed):
        return ColumnKind("text")
    reason = identifier_reason(observed)
    if reason and not is_kept:
        return ColumnKind("left out", reason, can_be_kept=True)
    return ColumnKind("categorical", n_levels=n_levels)


def identifier_reason(column: Any) -> str:
    """Return why strings are identifiers, not categories; "" if they are categories.

    Shapes: column (n_samples,).
    """
    observed = column.dropna()
    n, n_levels = len(observed), int(observed.nunique())
    if n_levels == n >= _FEW_ROWS:
        return "unique per row"
    return (
        f"{n_levels} levels in {n} rows" if n_levels > max(n / 2, _FEW_LEVELS) else ""
    )


def _counts_rows(column: Any, n_levels: int) -> bool:
    """Return whether numbers are row numbers or identifiers."""
    n = len(column)
    if n_levels < n or n < _FEW_ROWS or column.dtype == bool:
        return False
    values = np.asarray(column.to_numpy(), dtype=np.float64)
    if not np.array_equal(values, np.floor(values)):
        return False
    # different integers without gaps are row numbers, in any order
    is_count = values.max() - values.min() == n - 1
    name = str(column.name).strip()
    if is_count and _YEAR_NAME.search(name):
        return False
    return is_count or _ID_NAME.search(name) is not None


def is_text(column: Any) -> bool:
    """Return whether the values that are not missing are strings.

    Shapes: column (n_samples,).
    """
    from pandas.api import types

    return str(types.infer_dtype(column.dropna())) == "string"


def is_date(column: Any) -> bool:
    """Return whether a column contains dates, or only strings with dates.

    Shapes: column (n_samples,).
    """
    observed = column.dropna()
    if not len(observed):
        return False
    family = _family(observed)
    return family == "date" or (is_text(observed) and date_format(observed) is not None)


def is_free_text(column: Any) -> bool:
    """Return whether a column contains sentences, most of which differ.

    Shapes: column (n_samples,).
    """
    observed = column.dropna()
    values = observed.unique()
    if len(values) <= max(_FEW_LEVELS, len(observed) / 5):
        return False
    words = [len(str(value).split()) for value in values[:_ENOUGH_VALUES]]
    return bool(np.mean(words) >= _WORDS_OF_TEXT)
