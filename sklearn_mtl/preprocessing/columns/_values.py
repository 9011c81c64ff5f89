"""Conversion of columns to numbers or to strings of categories."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["as_categories", "as_numbers"]

_SECONDS_PER_DAY = 86400.0


def as_numbers(column: Any) -> np.ndarray:
    """Return a numeric column as floats, NaN where missing.

    Shapes: column (n_samples,) -> (n_samples,).
    """
    numbers = _numbers(column)
    if np.isinf(numbers).any():
        raise ValueError(f"TableInputs: column {column.name!r} has infinite values.")
    return numbers


def _numbers(column: Any) -> np.ndarray:
    import pandas as pd
    from pandas.api import types

    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "biuf":
        return np.asarray(column, dtype=np.float64)
    if types.is_timedelta64_dtype(column):
        return np.asarray(column.dt.total_seconds() / _SECONDS_PER_DAY)
    numbers = pd.to_numeric(column, errors="coerce")
    broken = column[numbers.isna() & column.notna()]
    if len(broken):
        raise ValueError(
            f"TableInputs: column {column.name!r} was numeric in fit, but has "
            f"{len(broken)} other values in X, such as {str(broken.iloc[0])!r}."
        )
    found = numbers.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    return np.asarray(found)


def as_categories(column: Any) -> Any:
    """Return categories as strings, NaN where missing; 1, 1.0 and "1" are equal.

    The same column may have another dtype in another file.

    Shapes: column (n_samples,) -> (n_samples,).
    """
    import pandas as pd

    places, values = pd.factorize(column.to_numpy(dtype=object))
    texts = np.array([*map(_text, values), np.nan], dtype=object)
    # -1 (missing) is the last entry; dtype=object because pandas would infer a dtype
    return pd.Series(texts[places], index=column.index, dtype=object)


def _text(value: Any) -> str:
    is_whole = isinstance(value, float) and value == np.floor(value)
    return str(int(value) if is_whole else value)
