"""One and the same y, as people hold it."""

from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

NAMES = ["a", "b"]


def columns_of(y):
    """Return the columns of an array as lists, None where it is NaN."""
    return [[None if v != v else v for v in column] for column in y.T.tolist()]


def _masked(columns):
    """Return a masked array with junk below the mask."""
    mask = np.array([[v is None for v in column] for column in columns]).T
    seen = [v for column in columns for v in column if v is not None]
    # what is masked must neither be read nor decide what dtype the labels have
    junk = seen[0] if isinstance(seen[0], str | bool) else -9999
    filled = [[junk if v is None else v for v in column] for column in columns]
    dtype = object if any(isinstance(v, str) for v in seen) else None
    return np.ma.masked_array(np.array(filled, dtype=dtype).T, mask=mask)


def _structured(columns):
    fields = [(name, object) for name in NAMES]
    return np.array(list(zip(*columns, strict=True)), dtype=fields)


def _series(columns):
    """Return a dict of series whose indexes are in another order."""
    first, second = columns
    backwards = np.arange(len(second))[::-1]
    return {"a": pd.Series(first), "b": pd.Series(second, index=backwards)}


CONTAINERS = {
    "samples": lambda c: [list(sample) for sample in zip(*c, strict=True)],
    "objects": lambda c: np.array(c, dtype=object).T,
    "masked": _masked,
    "masked samples": lambda c: list(_masked(c)),
    "pandas": lambda c: pd.DataFrame(dict(zip(NAMES, c, strict=True))),
    "nullable": lambda c: CONTAINERS["pandas"](c).convert_dtypes(),
    "arrow": lambda c: CONTAINERS["pandas"](c).convert_dtypes(dtype_backend="pyarrow"),
    "polars": lambda c: pl.DataFrame(dict(zip(NAMES, c, strict=True)), strict=False),
    "table of arrow": lambda c: pa.table(CONTAINERS["polars"](c).to_arrow()),
    "dict": lambda c: dict(zip(NAMES, c, strict=True)),
    "dict of columns": lambda c: {
        name: np.array(column, dtype=object)[:, None]
        for name, column in zip(NAMES, c, strict=True)
    },
    "dict of series": _series,
    "structured": _structured,
}

# labels that a number stands for; whole numbers are classes, others are values
CLASSES = {
    "float": float,
    "integer": int,
    "boolean": bool,
    "text": lambda v: ["no", "yes"][int(v)],
    "decimal": Decimal,
}
VALUES = {"float": float, "decimal": Decimal}


def cast(columns, kind, dtype):
    """Return columns with labels of another type, where they have classes."""
    out = []
    for t, column in enumerate(columns):
        has_classes = kind == "classifier" or (kind == "mixed" and t == 0)
        convert = (CLASSES if has_classes else VALUES).get(dtype, float)
        out.append([None if v is None else convert(v) for v in column])
    return out
