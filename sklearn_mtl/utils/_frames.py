"""Recognition and reading of DataFrames and Series of pandas, polars and pyarrow.

narwhals only checks libraries that are already imported. Its own DataFrames are only
used for concatenation. They have no index, which is needed to detect shuffled samples,
and they reject duplicate column names before we can raise a more helpful error.
"""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.stable.v2 import dependencies

__all__ = [
    "column_names",
    "frame_columns",
    "from_arrow",
    "is_frame",
    "is_lazy",
    "is_pandas",
    "is_pandas_frame",
    "is_polars_series",
    "is_series",
    "join_frames",
    "to_pandas",
]

is_lazy = dependencies.is_polars_lazyframe
is_polars_series = dependencies.is_polars_series


def is_pandas_frame(data: Any) -> bool:
    """Return whether data is a DataFrame of pandas, Modin or cuDF."""
    # the check for arrays saves 15 us of a prediction, which may take 150 us
    return not isinstance(data, np.ndarray) and dependencies.is_pandas_like_dataframe(
        data
    )


def is_pandas(data: Any) -> bool:
    """Return whether data is a pandas DataFrame or Series, with index and `iloc`."""
    return not isinstance(data, np.ndarray) and (
        is_pandas_frame(data) or dependencies.is_pandas_like_series(data)
    )


def is_frame(data: Any) -> bool:
    """Return whether data is a table with named columns."""
    return not isinstance(data, np.ndarray) and (
        is_pandas_frame(data)
        or dependencies.is_polars_dataframe(data)
        or _is_arrow(data)
    )


def is_series(data: Any) -> bool:
    """Return whether data is a Series, or a pandas Index, which is read like one."""
    return (
        dependencies.is_pandas_like_series(data)
        or dependencies.is_pandas_like_index(data)
        or is_polars_series(data)
    )


def column_names(data: Any) -> list[Any] | None:
    """Return the column names of a DataFrame, or None for anything else."""
    if not is_frame(data):
        return None
    # `columns` of a pyarrow table contains arrays
    return list(data.column_names if _is_arrow(data) else data.columns)


def frame_columns(X: Any) -> list[Any]:
    """Return the columns of a pandas or polars DataFrame, or [] for anything else."""
    if is_pandas_frame(X):
        return [X.iloc[:, j] for j in range(X.shape[1])]
    return list(X.get_columns()) if dependencies.is_polars_dataframe(X) else []


def from_arrow(data: Any) -> Any:
    """Return a pyarrow table as a pandas DataFrame, and anything else unchanged."""
    return data.to_pandas() if _is_arrow(data) else data


def to_pandas(data: Any) -> Any:
    """Return data of polars or pyarrow as pandas, and anything else unchanged."""
    # narwhals does not support pyarrow.Array
    return data.to_pandas() if hasattr(data, "to_pandas") else data


def join_frames(frames: list[Any]) -> Any:
    """Concatenate the rows of DataFrames of the same library with the same columns."""
    if is_pandas_frame(frames[0]):
        import pandas as pd

        return pd.concat(frames, ignore_index=True)
    return nw.concat([nw.from_native(one) for one in frames]).to_native()


def _is_arrow(data: Any) -> bool:
    pyarrow = dependencies.get_pyarrow()
    return pyarrow is not None and isinstance(data, pyarrow.Table | pyarrow.RecordBatch)
