"""Observed labels of one column, and their natural dtype."""

from __future__ import annotations

import sys
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.utils._finite import LARGEST

__all__ = [
    "drop_missing",
    "is_categorical",
    "is_gap",
    "is_missing",
    "natural",
    "refuse_tags",
]

_INFINITE = (
    "{who}: task {name!r}: Input y contains infinity or a value too large for "
    "dtype('float64')."
)


def refuse_tags(values: np.ndarray, who: str) -> None:
    """Raise for labels that are collections, such as several tags per sample."""
    collections = (list, tuple, set, frozenset, np.ndarray)
    found = next((v for v in values.flat if isinstance(v, collections)), None)
    if found is not None:
        raise TaskError(
            f"{who}: y has entries of type {type(found).__name__}, but it must have "
            "one label per sample and task. If they are tags of the tokens of texts, "
            "put the lists into a pandas Series or a column of a DataFrame, or set "
            "task_types='tokens' if the estimator has this parameter, and use "
            "MultiTaskClassifier(trunk=Text()). If they are several tags for each "
            "sample, convert each tag to a task: "
            "y = sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y)."
        )


def is_categorical(column: Any) -> bool:
    dtype = str(getattr(column, "dtype", "")).lower()
    return dtype.startswith(("category", "categorical", "enum"))


def _is_pandas_na(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def is_gap(value: Any) -> bool:
    return value is None or value is np.ma.masked or _is_pandas_na(value)


def is_missing(value: Any) -> bool:
    if is_gap(value):
        return True
    return isinstance(value, float | np.floating) and bool(value != value)


def drop_missing(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the observed labels of one column and the mask of observed labels."""
    if hasattr(column, "is_null"):  # polars
        column = np.fromiter(column.to_list(), dtype=object)
    elif hasattr(column, "isna"):  # pandas, and its arrays
        seen = ~np.asarray(column.isna(), dtype=bool)
        return np.asarray(column[seen].to_numpy()), seen
    if column.dtype.kind == "T":  # NumPy's variable-width strings
        column = column.astype(object)
    if column.dtype.kind == "f":
        seen = ~np.isnan(column)
    elif column.dtype.kind in "mM":
        seen = ~np.isnat(column)
    elif column.dtype.kind == "O":
        # isinstance first: most values are strings, and there may be many tags
        present = [isinstance(v, str) or not is_missing(v) for v in column]
        seen = np.array(present, dtype=bool)
    else:
        seen = np.ones(len(column), dtype=bool)
    return column[seen], seen


def natural(values: np.ndarray, name: str, who: str) -> np.ndarray:
    """Convert object columns to the dtype of their values; raise for mixed types."""
    if values.dtype.kind == "O" and len(values):
        refuse_tags(values, who)
        types = {_family(v) for v in {type(v): v for v in values}.values()}
        if "other" in types or len(types) > 1:
            shown = sorted({type(v).__name__ for v in values})
            raise TaskError(
                f"{who}: task {name!r} has labels of the types {shown}. Unknown label "
                "type: all labels of a task must be strings, all numbers, or all "
                "booleans."
            )
        found = np.array(values.tolist())
        values = values.astype(np.float64) if found.dtype.kind == "O" else found
    if values.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported\n{who}: task {name!r} has complex labels."
        )
    if values.dtype.kind == "f" and len(values):
        largest = np.abs(values).max()
        if not np.isfinite(largest):
            raise TaskError(_INFINITE.format(who=who, name=name))
        if largest > LARGEST:
            raise TaskError(
                f"{who}: task {name!r} has labels with absolute values of up to "
                f"{largest:g}. At most {LARGEST:g} is allowed, because products of "
                "labels must not overflow. Divide them by a constant."
            )
    return values


def _family(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, Real | Decimal):
        return "number"
    if isinstance(value, str | bytes):
        return type(value).__name__
    return "complex" if isinstance(value, complex | np.complexfloating) else "other"
