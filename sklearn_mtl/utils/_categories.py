"""Categories of input columns, compared by value and not by type."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from numbers import Number
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import UnseenCategoryWarning
from sklearn_mtl.utils._frames import is_polars_series

__all__ = [
    "Categories",
    "category_texts",
    "holds_categories",
    "warn_of_unseen",
    "warning_once",
]

_UNSEEN = -1.0
# Columns with a warning already issued, while several models read the same inputs.
_said: ContextVar[set[str] | None] = ContextVar("said", default=None)
# Prefixes of the categorical and text dtypes of pandas, pyarrow and polars.
_DTYPES = ("category", "categorical", "enum", "dictionary<", "string", "large_string")


def holds_categories(column: Any) -> bool:
    """Return whether a column is categorical by its dtype or its values."""
    dtype = str(column.dtype).lower()
    if dtype.startswith(_DTYPES) or dtype in ("str", "null", "null[pyarrow]"):
        return True
    if dtype != "object":
        return False
    is_missing = column.is_null() if is_polars_series(column) else column.isna()
    return any(isinstance(value, str | bytes) for value in column) or is_missing.all()


@dataclass(frozen=True)
class Categories:
    """Categories of a column that were seen in fit.

    Values that are equal in Python are the same category: 1, 1.0, True and NumPy's 1
    are one category, and the text "1" is another one.

    Attributes
    ----------
    name : object
        Name or index of the column.
    codes : dict
        Code of each category. Numbers come first in ascending order, followed by texts
        in alphabetical order.
    """

    name: Any
    codes: dict[Any, int]

    @classmethod
    def learn(cls, column: Any, name: Any, who: str) -> Categories:
        """Return the categories of a column.

        Shapes: column (n_samples,).
        """
        values, places = _read(column)
        if places is not None:  # ignore declared categories that do not occur
            values = [values[place] for place in np.unique(places) if place >= 0]
        with _naming(name, who):
            found = set(values)
        known = sorted((v for v in found if not _is_missing(v)), key=_order)
        return cls(name, {value: code for code, value in enumerate(known)})

    def more(self, column: Any, who: str) -> Categories:
        """Return these categories extended by the new ones of another column."""
        others = Categories.learn(column, self.name, who).codes
        new = [value for value in others if value not in self.codes]
        first = len(self.codes)
        numbers = range(first, first + len(new))
        return Categories(self.name, self.codes | dict(zip(new, numbers, strict=True)))

    def in_order(self) -> tuple[Categories, np.ndarray]:
        """Return the categories as `learn` numbers them, and each one's new number."""
        known = sorted(self.codes, key=_order)
        codes = {value: code for code, value in enumerate(known)}
        return Categories(self.name, codes), np.array([codes[v] for v in self.codes])

    def encode(self, column: Any, who: str) -> tuple[np.ndarray, Any]:
        """Return the code of each value, and the first unseen value or None.

        Shapes: column (n_samples,) -> codes (n_samples,).
        """
        values, places = _read(column)
        with _naming(self.name, who):
            found = [self.codes.get(value, _UNSEEN) for value in values]
        codes = np.array(found, dtype=np.float64)
        for i in np.flatnonzero(codes == _UNSEEN):
            if _is_missing(values[i]):
                codes[i] = np.nan
        if places is None:
            places = np.arange(len(values))
        else:
            codes = np.append(codes, np.nan)[places]  # -1 is missing
        unseen = np.flatnonzero(codes == _UNSEEN)
        return codes, values[places[unseen[0]]] if len(unseen) else None


def category_texts(column: Any, name: Any, who: str) -> np.ndarray:
    """Return the category of each value as text, the same text for equal values.

    Shapes: column (n_samples,) -> (n_samples,).
    """
    values, places = _read(column)
    texts: dict[Any, str] = {}
    taken: set[str] = set()
    with _naming(name, who):
        known = {value for value in values if not _is_missing(value)}
    for value in sorted(known, key=_order):
        text = str(value)
        texts[value] = repr(value) if text in taken else text
        taken.add(texts[value])
    out = np.array([*(texts.get(value, np.nan) for value in values), np.nan], object)
    return out[: len(values)] if places is None else out[places]


@contextmanager
def _naming(name: Any, who: str) -> Iterator[None]:
    """Add the name of the column to errors for unhashable values, such as lists."""
    try:
        yield
    except TypeError as error:
        raise ValueError(
            f"{who}: column {name!r} of X has values that cannot be categories: "
            f"{error}. Categories must be numbers, texts or booleans."
        ) from None


def _read(column: Any) -> tuple[list[Any], np.ndarray | None]:
    """Return the values and None, or the declared categories and their codes."""
    if str(getattr(column, "dtype", "")) == "category":
        return column.cat.categories.tolist(), column.cat.codes.to_numpy()
    return column.to_list() if hasattr(column, "to_list") else column.tolist(), None


def _is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, NaT or pandas.NA."""
    if value is None:
        return True
    is_equal = value == value
    # a comparison of pandas.NA is neither True nor False
    return not isinstance(is_equal, bool | np.bool_) or not is_equal


def _order(value: Any) -> tuple[int, Any, str]:
    """Return a sort key: numbers first, then texts, then other values by their text."""
    if isinstance(value, Number) and not isinstance(value, complex):
        return 0, value, ""
    return 1 if isinstance(value, str) else 2, 0, str(value)


def warn_of_unseen(
    columns: Sequence[Categories], codes: np.ndarray, unseen: Sequence[Any], who: str
) -> None:
    """Warn about columns in which most values were not seen in fit.

    Shapes: codes (n_samples, n_columns).
    """
    n_unseen = np.count_nonzero(codes == _UNSEEN, axis=0)
    n_values = np.count_nonzero(~np.isnan(codes), axis=0)
    said = _said.get()
    found = [
        f"column {column.name!r}: {few} of {many} values, such as {one!r}"
        for column, few, many, one in zip(
            columns, n_unseen, n_values, unseen, strict=True
        )
        if few > many / 2 and not (said and column.name in said)
    ]
    if found:
        warnings.warn(
            f"{who}: X has categories that were not seen in fit, in "
            f"{'; '.join(found)}. They are treated as unknown. Note that the text '1' "
            "and the number 1 are different categories.",
            UnseenCategoryWarning,
            stacklevel=2,
        )
    if said is not None:
        said.update(column.name for column in columns)


@contextmanager
def warning_once() -> Iterator[None]:
    """Restrict several models that read the same inputs to one warning per column."""
    if _said.get() is not None:
        yield
        return
    token = _said.set(set())
    try:
        yield
    finally:
        _said.reset(token)
