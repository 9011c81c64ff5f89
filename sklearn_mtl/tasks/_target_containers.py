"""Conversion of all containers of targets to a form that can be indexed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.utils._containers import fill_masked, refuse_lazy
from sklearn_mtl.utils._frames import from_arrow, is_pandas, is_polars_series, to_pandas
from sklearn_mtl.utils._typing import TargetsLike

__all__ = ["as_pandas_or_array", "as_targets"]


def as_targets(y: Any, who: str) -> Any:
    """Return targets in a form that can be indexed, with masked entries as missing."""
    refuse_lazy(y, "y", who)
    if isinstance(y, Mapping) and not sparse.issparse(y):  # a dok_array is a dict
        return _frame({name: _column(values) for name, values in y.items()}, who)
    fields = getattr(getattr(y, "dtype", None), "names", None)
    if fields and isinstance(y, np.ndarray):
        return _frame({name: as_targets(y[name], who) for name in fields}, who)
    if hasattr(y, "detach"):  # a torch tensor, which may require gradients
        return y.detach().cpu().numpy()
    y = from_arrow(y)
    if isinstance(y, list) and any(isinstance(v, np.ma.MaskedArray) for v in y):
        y = np.ma.array(y, dtype=object)
    if isinstance(y, np.ma.MaskedArray) and not _fits_float(y):
        y = y.astype(object)
    return fill_masked(y)


def _fits_float(y: np.ma.MaskedArray) -> bool:
    """Return whether labels are exact as floats, unlike booleans and large integers."""
    seen = y.compressed()
    if y.dtype.kind not in "iu" or not len(seen):
        return y.dtype.kind != "b"
    return max(-int(seen.min()), int(seen.max())) <= 2**53


def _frame(columns: dict[Any, Any], who: str) -> Any:
    import pandas as pd

    shapes = {name: column.shape for name, column in columns.items()}
    if len(set(shapes.values())) > 1 or any(len(one) != 1 for one in shapes.values()):
        raise TaskError(
            f"{who}: the columns of y have the shapes {shapes}; all must have the same "
            "shape (n_samples,)."
        )
    return pd.DataFrame(columns)


def _column(values: Any) -> Any:
    """Return one column of a dict as an array."""
    if is_pandas(values):
        return values.array  # drop the index, so that pandas does not reorder
    if is_polars_series(values):
        return np.asarray(values.to_list(), dtype=object)
    values = as_targets(values, "y")
    array = values if hasattr(values, "dtype") else _from_list(values)
    # targets of Keras may have the shape (n_samples, 1)
    return array.reshape(-1) if array.shape[1:] == (1,) else array


def as_pandas_or_array(y: Any, who: str) -> Any:
    """Return the targets as a pandas DataFrame or Series, or as an array."""
    y = to_pandas(as_targets(y, who))
    if is_pandas(y):
        return y
    if sparse.issparse(y):
        y = y.toarray()
    return y if hasattr(y, "dtype") else _from_list(y)


def _from_list(y: TargetsLike) -> np.ndarray:
    """Return an array without converting None and numbers to strings."""
    array = np.asarray(y, dtype=object)
    is_number = all(isinstance(v, int | float | np.number) for v in array.flat)
    return np.asarray(y) if is_number else array
