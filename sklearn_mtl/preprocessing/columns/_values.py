"""Values of columns as numbers or as the texts of categories."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["as_categories", "as_numbers"]

_SECONDS_PER_DAY = 86400.0


def as_numbers(column: Any) -> Any:
    """Return a column that was numeric in fit as floats, NaN where missing.

    Shapes: column (n_samples,).
    """
    import pandas as pd
    from pandas.api import types

    if types.is_timedelta64_dtype(column):
        return column.dt.total_seconds() / _SECONDS_PER_DAY
    numbers = pd.to_numeric(column, errors="coerce")
    broken = column[numbers.isna() & column.notna()]
    if len(broken):
        raise ValueError(
            f"TableInputs: column {column.name!r} holds numbers in fit, but now "
            f"{len(broken)} other values, such as {str(broken.iloc[0])!r}."
        )
    numbers = numbers.astype("Float64").to_numpy(np.float64, na_value=np.nan)
    if np.isinf(numbers).any():
        raise ValueError(f"TableInputs: column {column.name!r} has infinite values.")
    return pd.Series(numbers, index=column.index)


def as_categories(column: Any) -> Any:
    """Return categories as texts, NaN where missing; 1, 1.0 and "1" are the same.

    A file with other rows may have the codes of the same column in another dtype.
    Shapes: column (n_samples,).
    """
    import pandas as pd

    values = column.astype(object)
    texts = {value: _text(value) for value in values.dropna().unique()}
    return pd.Series(
        [
            texts.get(value, np.nan) if not pd.isna(value) else np.nan
            for value in values
        ],
        index=column.index,
        dtype=object,
    )


def _text(value: Any) -> str:
    is_whole = isinstance(value, float) and value == np.floor(value)
    return str(int(value) if is_whole else value)
