"""Ways to write the same table of numbers, and the same column of categories."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

NAMES = ["a", "b", "c", "d"]


class Subclass(np.ndarray):
    """An array of a type that nobody knows."""


def read_only(array):
    """Return a copy that may not be written to."""
    array = array.copy()
    array.flags.writeable = False
    return array


def memory_map(array):
    """Return the array in a file that may not be written to."""
    with tempfile.TemporaryDirectory() as folder:  # the map outlives the name
        path = Path(folder) / "array.npy"
        np.save(path, array)
        return np.load(path, mmap_mode="r")


ARRAYS = {
    "list": lambda array: array.tolist(),
    "objects": lambda array: array.astype(object),
    "Fortran order": np.asfortranarray,
    "every other row": lambda array: np.repeat(array, 2, axis=0)[::2],
    "every other column": lambda array: np.repeat(array, 2, axis=1)[:, ::2],
    "negative strides": lambda array: array[::-1, ::-1].copy()[::-1, ::-1],
    "big-endian": lambda array: array.astype(">f8"),
    "big-endian float32": lambda array: array.astype(">f4"),
    "read-only": read_only,
    "memory map": memory_map,
    "masked": lambda array: np.ma.masked_invalid(array),
    "subclass": lambda array: array.view(Subclass),
    "long double": lambda array: array.astype(np.longdouble),
}


def frame(array):
    """Return a pandas frame."""
    return pd.DataFrame(array, columns=NAMES)


def objects(array):
    """Return a pandas frame of objects with every kind of gap."""
    table = frame(array).astype(object)
    for name, gap in zip(NAMES, [None, pd.NA, np.nan, None], strict=True):
        table[name] = table[name].where(table[name].notna(), gap)
    return table


FRAMES = {
    "pandas": frame,
    "other index": lambda array: frame(array).set_index(np.arange(len(array))[::-1]),
    "nullable": lambda array: frame(array).astype("Float64"),
    "pyarrow-backed": lambda array: frame(array).astype("double[pyarrow]"),
    "sparse": lambda array: frame(array).astype(pd.SparseDtype(float, np.nan)),
    "sparse, filled by 0": lambda array: frame(array).astype(
        pd.SparseDtype(float, 0.0)
    ),
    "objects": objects,
    "polars": lambda array: pl.DataFrame(array, schema=NAMES).fill_nan(None),
    "pyarrow": lambda array: pa.Table.from_pandas(frame(array)),
}

# Dtypes of a column of pandas; all hold the numbers of the tests exactly.
DTYPES = [
    *("float64", "Float64", "double[pyarrow]", "object", pd.SparseDtype(float, np.nan)),
    *("float32", "Float32", "float[pyarrow]", pd.SparseDtype("float32", np.nan)),
]

TEXTS = {
    "object": lambda column: pd.Series(column, dtype=object),
    "object with pandas.NA": lambda column: pd.Series(column, dtype=object).where(
        pd.Series(column).notna(), pd.NA
    ),
    "str": lambda column: pd.Series(column, dtype="str"),
    "string": lambda column: pd.Series(column, dtype="string"),
    "category": lambda column: pd.Series(column, dtype="category"),
    "other categories": lambda column: pd.Series(
        pd.Categorical(column, categories=["z", "v", "w", "u"])
    ),
    "string[pyarrow]": lambda column: arrow(column, pa.string()),
    "large_string[pyarrow]": lambda column: arrow(column, pa.large_string()),
    "dictionary": lambda column: arrow(column, pa.dictionary(pa.int8(), pa.string())),
    "polars": lambda column: pl.Series(column, dtype=pl.String),
    "polars categories": lambda column: pl.Series(column, dtype=pl.Categorical),
    "polars enum": lambda column: pl.Series(column, dtype=pl.Enum(["v", "u", "w"])),
}

CODES = {
    "int": lambda column: pd.Series(column).astype("int64"),
    "int8": lambda column: pd.Series(column).astype("int8"),
    "float": lambda column: pd.Series(column, dtype=float),
    "Int64": lambda column: pd.Series(column, dtype="Int64"),
    "object": lambda column: pd.Series(column, dtype=object),
    "objects of floats": lambda column: pd.Series(
        [None if code is None else float(code) for code in column], dtype=object
    ),
    "category": lambda column: pd.Series(column, dtype="category"),
    "category of floats": lambda column: pd.Series(column, dtype=float).astype(
        "category"
    ),
    "int64[pyarrow]": lambda column: arrow(column, pa.int64()),
    "dictionary": lambda column: arrow(column, pa.dictionary(pa.int8(), pa.int64())),
    "polars": lambda column: pl.Series(column, dtype=pl.Int64),
}


def arrow(column, dtype):
    """Return a pyarrow-backed column of pandas."""
    return pd.Series(pa.array(list(column), dtype), dtype=pd.ArrowDtype(dtype))


def beside(column, numbers):
    """Return a frame of a column of categories, named "s", and one of numbers."""
    if isinstance(column, pl.Series):
        return pl.DataFrame({"s": column, "f": numbers})
    return pd.DataFrame({"s": column, "f": numbers})
