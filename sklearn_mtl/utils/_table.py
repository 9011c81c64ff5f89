"""Targets as a table of which rows and columns can be taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.utils._weights import weightless_labels

__all__ = ["as_table", "drop_weightless", "take_tasks"]


def as_table(y: Any) -> Any:
    """Return the targets as a pandas DataFrame, or as a 2-D array."""
    if hasattr(y, "to_pandas"):  # polars
        y = y.to_pandas()
    if hasattr(y, "to_frame") and not hasattr(y, "columns"):
        return y.to_frame(name=y.name if y.name is not None else "task0")
    if hasattr(y, "iloc"):
        return y
    if sparse.issparse(y):
        y = y.toarray()
    array = y if hasattr(y, "dtype") else _from_list(y)
    return array[:, None] if array.ndim == 1 else array


def _from_list(y: Any) -> np.ndarray:
    """Return an array that does not turn None and numbers into text."""
    array = np.asarray(y, dtype=object)
    is_number = all(isinstance(v, int | float | np.number) for v in array.flat)
    return np.asarray(y) if is_number else array


def take_tasks(table: Any, columns: Sequence[int]) -> Any:
    """Return some columns of a table, in its form."""
    chosen = list(columns)
    return table.iloc[:, chosen] if hasattr(table, "iloc") else table[:, chosen]


def drop_weightless(y: Any, sample_weight: Any, who: str) -> Any:
    """Return y with missing labels where the weight is 0: itself where none is."""
    if sample_weight is None:
        return y
    table = as_table(y)
    weightless = weightless_labels(sample_weight, table.shape, who)
    if weightless is None:
        return y
    if hasattr(table, "iloc"):
        return table.mask(weightless)
    is_number = table.dtype.kind in "iuf"
    out = table.astype(np.float64 if is_number else object)
    out[weightless] = np.nan
    return out
