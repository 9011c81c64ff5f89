"""Conversion of inputs in different containers to a common form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.utils._frames import (
    frame_columns,
    from_arrow,
    is_frame,
    is_lazy,
    is_pandas_frame,
)
from sklearn_mtl.utils._typing import Estimator

__all__ = [
    "column_numbers",
    "fill_masked",
    "frame_numbers",
    "plain_inputs",
    "refuse_lazy",
]

# Missing value by the kind of the dtype; None for other kinds.
_MISSING: dict[str, Any] = {
    **dict.fromkeys("fc", np.nan),
    "m": np.timedelta64("NaT"),
    "M": np.datetime64("NaT"),
}


def fill_masked(values: Any) -> Any:
    """Return a masked array as an array in which masked values are missing.

    NumPy's functions and scikit-learn's checks ignore the mask and read the data.
    """
    if not isinstance(values, np.ma.MaskedArray):
        return values
    data, is_masked = np.asarray(values.data), np.ma.getmaskarray(values)
    if not is_masked.any():
        return data
    if data.dtype.kind in "biu":
        out = data.astype(np.float64)
    elif data.dtype.kind in _MISSING:
        out = data.copy()
    else:
        out = data.astype(object)
    out[is_masked] = _MISSING.get(out.dtype.kind)
    return out


def plain_inputs(X: Any, who: str) -> Any:
    """Return inputs in a container that all estimators can read."""
    refuse_lazy(X, "X", who)
    if isinstance(X, Mapping) and not sparse.issparse(X):  # a dok_array is a dict
        raise TypeError(
            f"{who}: X is a {type(X).__name__}, whose columns have no defined order. "
            "Pass a DataFrame, such as pandas.DataFrame(X)."
        )
    if is_pandas_frame(X):
        twice = X.columns[X.columns.duplicated()].unique().tolist()
        if twice:
            raise ValueError(
                f"{who}: the column names {twice} of X occur more than once; names "
                "must be unique."
            )
        return _plain_frame(X)
    X = from_arrow(X)
    if hasattr(X, "detach"):  # a tensor, which may require gradients
        X = X.detach().cpu().numpy()
    X = fill_masked(X)
    if isinstance(X, list | tuple) and _has_pandas_na(X):
        X = np.array(X, dtype=object)
    if sparse.issparse(X) or isinstance(X, np.ndarray):
        if not X.dtype.isnative:
            X = X.astype(X.dtype.newbyteorder("="))
        if X.dtype == np.longdouble:
            X = X.astype(np.float64)  # longer floats are not supported by PyTorch
        if X.dtype == object:
            X = _without_pandas_na(X)
    return X


def refuse_lazy(data: Any, name: str, who: str) -> None:
    """Raise TypeError for a polars LazyFrame, whose rows are not computed yet."""
    if is_lazy(data):
        raise TypeError(
            f"{who}: {name} is a {type(data).__name__}, whose rows are not computed "
            f"yet. Pass {name}.collect()."
        )


def _plain_frame(frame: Any) -> Any:
    """Return a pandas DataFrame without sparse columns and pandas.NA in objects."""
    # Only columns that change are copied.
    changed = frame
    for j, dtype in enumerate(frame.dtypes):
        if hasattr(dtype, "fill_value"):
            column = frame.iloc[:, j].sparse.to_dense()
        elif dtype.kind == "O" and isinstance(dtype, np.dtype):
            values = frame.iloc[:, j].to_numpy()
            column = _without_pandas_na(values)
            if column is values:
                continue
        else:
            continue
        if changed is frame:
            changed = frame.copy(deep=False)
        changed.isetitem(j, column)
    return changed


def _has_pandas_na(rows: Any) -> bool:
    """Return whether a list of lists contains pandas.NA."""
    import pandas as pd

    return any(
        value is pd.NA for row in rows if isinstance(row, list | tuple) for value in row
    )


def _without_pandas_na(array: np.ndarray) -> np.ndarray:
    """Return objects with None for pandas.NA, which cannot be converted to float."""
    import pandas as pd

    is_na = np.array([value is pd.NA for value in array.flat]).reshape(array.shape)
    if is_na.any():
        array = array.copy()
        array[is_na] = None
    return array


def frame_numbers(X: Any, model: Estimator) -> np.ndarray | None:
    """Return the columns of a DataFrame as floats, or None if all are plain numbers.

    Shapes: -> (n_samples, n_features).
    """
    if not is_frame(X) or all(map(_is_plain, getattr(X, "dtypes", ()))):
        return None
    columns = frame_columns(X)
    out = np.empty((X.shape[0], len(columns)))
    for j, column in enumerate(columns):
        out[:, j] = column_numbers(column, j, model)
    return out


def _is_plain(dtype: Any) -> bool:
    if hasattr(dtype, "is_integer"):  # polars
        return bool(dtype.is_integer() or dtype.is_float())
    return isinstance(dtype, np.dtype) and dtype.kind in "biuf"


def column_numbers(column: Any, place: int, model: Estimator) -> np.ndarray:
    """Return a column as floats.

    Shapes: column (n_samples,) -> (n_samples,).
    """
    try:
        is_plain = _is_plain(column.dtype)
        if not is_plain and hasattr(column, "isna") and column.isna().any():
            values = column.to_numpy(na_value=np.nan)
        else:
            values = np.asarray(column)
        # the unit of dates as numbers would depend on their dtype
        if values.dtype.kind not in "mMc":
            return values.astype(np.float64)
    except (TypeError, ValueError):
        pass  # raised below, with the name of the column
    name = getattr(column, "name", None)
    known = hasattr(model, "categorical_features")
    raise ValueError(
        f"{type(model).__name__}: column {place if name is None else name!r} of X is "
        f"of dtype {column.dtype}; numbers are needed. Encode it as numbers first"
        f"{', or name it in categorical_features' if known else ''}."
    )
