"""Tell frames and series of pandas, polars and pyarrow apart, and read their columns.

narwhals looks at the libraries that are loaded already, and loads none itself. Its own
frames are only used to join others: they know no index, by which shuffled samples are
found, and refuse columns of one name before our errors can say whose they are.
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
    """Tell whether data is a frame of pandas, Modin or cuDF."""
    # arrays are known at once: 15 us of a prediction, which may take 150
    return not isinstance(data, np.ndarray) and dependencies.is_pandas_like_dataframe(
        data
    )


def is_pandas(data: Any) -> bool:
    """Tell whether data is a frame or series of pandas, with an index and `iloc`."""
    return not isinstance(data, np.ndarray) and (
        is_pandas_frame(data) or dependencies.is_pandas_like_series(data)
    )


def is_frame(data: Any) -> bool:
    """Tell whether data is a table with names of its columns."""
    return not isinstance(data, np.ndarray) and (
        is_pandas_frame(data)
        or dependencies.is_polars_dataframe(data)
        or _is_arrow(data)
    )


def is_series(data: Any) -> bool:
    """Tell whether data is a series, or an index of pandas, which is read like one."""
    return (
        dependencies.is_pandas_like_series(data)
        or dependencies.is_pandas_like_index(data)
        or is_polars_series(data)
    )


def column_names(data: Any) -> list[Any] | None:
    """Return the names of the columns of a frame; None for anything else."""
    if not is_frame(data):
        return None
    # in pyarrow `columns` are the columns themselves
    return list(data.column_names if _is_arrow(data) else data.columns)


def frame_columns(X: Any) -> list[Any]:
    """Return the columns of a frame of pandas or polars; none of anything else."""
    if is_pandas_frame(X):
        return [X.iloc[:, j] for j in range(X.shape[1])]
    return list(X.get_columns()) if dependencies.is_polars_dataframe(X) else []


def from_arrow(data: Any) -> Any:
    """Return a table of pyarrow as a frame of pandas, anything else as it is."""
    return data.to_pandas() if _is_arrow(data) else data


def to_pandas(data: Any) -> Any:
    """Return what polars or pyarrow hold in the form of pandas, the rest as it is."""
    # asked for by name: narwhals does not know pyarrow's arrays of one chunk
    return data.to_pandas() if hasattr(data, "to_pandas") else data


def join_frames(frames: list[Any]) -> Any:
    """Return frames of one library and one list of columns below each other."""
    if is_pandas_frame(frames[0]):
        import pandas as pd

        return pd.concat(frames, ignore_index=True)
    return nw.concat([nw.from_native(one) for one in frames]).to_native()


def _is_arrow(data: Any) -> bool:
    pyarrow = dependencies.get_pyarrow()
    return pyarrow is not None and isinstance(data, pyarrow.Table | pyarrow.RecordBatch)
