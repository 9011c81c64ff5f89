"""Turn any form of y into one array of observed labels per task.

Nothing here knows what a class or a regression target is; that is ``_tasks``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.utils._weights import weightless_labels

__all__ = ["Cells", "TargetColumns", "drop_missing", "read_columns", "sparse_cells"]

_INFINITE = (
    "{who}: task {name!r}: Input y contains infinity or a value too large for "
    "dtype('float64')."
)


@dataclass(frozen=True)
class TargetColumns:
    """The labels of every task, as they came, without the missing ones.

    Attributes
    ----------
    names : list of str
        Column names of y, or task0, task1, ...
    values : list of ndarray
        The observed labels of each task in row order, in their own dtype.
    observed : ndarray of shape (n_samples, n_tasks), bool
        Where a label is present.
    is_1d : bool
        Whether y was 1-D.
    has_names : bool
        Whether the names were given rather than made up.
    is_categorical : list of bool
        Whether a column was declared categorical by its dtype.
    numbers : ndarray of shape (n_samples, n_tasks) or None
        y itself, where it was one array of floats.
    cells : Cells or None
        Where the labels are, if `numbers` has few.
    """

    names: list[str]
    values: list[np.ndarray]
    observed: np.ndarray
    is_1d: bool
    has_names: bool
    is_categorical: list[bool]
    numbers: np.ndarray | None = None
    cells: Cells | None = None


def read_columns(y: Any, who: str, sample_weight: Any = None) -> TargetColumns:
    """Read y into one array per task.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        ndarray of any dtype, list, sparse matrix, pandas or polars frame or series.
    who : str
        Who asks; error messages begin with it.
    sample_weight : None, number or array-like, default=None
        Weights of samples or labels. A label of weight 0 is a missing label.

    Returns
    -------
    TargetColumns
        The labels that are present, task by task.

    Raises
    ------
    TaskError
        If y is complex, infinite, of more than two dimensions, or mixes types.
    ValueError
        If weights have a wrong shape or sign.
    """
    if y is None:
        raise ValueError(
            f"This {who} estimator requires y to be passed, but the target y is None."
        )
    if isinstance(y, np.ndarray) and y.ndim == 2 and y.dtype.kind == "f":
        # of a subclass only the numbers
        names = [None] * y.shape[1]
        return _read_floats(np.asarray(y), names, who, sample_weight)
    if _is_frame_of_floats(y):
        return _read_floats(y.to_numpy(), list(y.columns), who, sample_weight)
    columns, names, is_1d = _split(y, who)
    labels = _labels(names, who)
    values, observed, categorical = [], [], []
    shape = len(columns[0]), len(columns)
    weightless = weightless_labels(sample_weight, shape, who)
    for t, (name, column) in enumerate(zip(labels, columns, strict=True)):
        present, seen = drop_missing(column)
        if weightless is not None:
            present = present[~weightless[seen, t]]
            seen = seen & ~weightless[:, t]
        values.append(_natural(present, name, who))
        observed.append(seen)
        categorical.append(_is_categorical(column))
    mask = np.stack(observed, axis=1) if observed else np.zeros((0, 0), dtype=bool)
    has_names = any(name is not None for name in names)
    return TargetColumns(labels, values, mask, is_1d, has_names, categorical)


def _read_floats(
    y: np.ndarray, names: list[Any], who: str, sample_weight: Any
) -> TargetColumns:
    """Read an array of floats, all columns at once."""
    weightless = weightless_labels(sample_weight, y.shape, who)
    if weightless is not None:
        y = np.where(weightless, np.nan, y)
    labels, observed = _labels(names, who), ~np.isnan(y)
    cells = sparse_cells(observed)
    if cells is None:
        numbers = y
        values = [y[seen, t] for t, seen in enumerate(observed.T)]
    else:
        numbers = y[cells.rows, cells.tasks]
        values = [numbers[part] for part in cells.parts]
    if np.isinf(numbers).any():
        for name, present in zip(labels, values, strict=True):
            _natural(present, name, who)
    has_names = any(name is not None for name in names)
    no = [False] * len(names)
    return TargetColumns(labels, values, observed, False, has_names, no, y, cells)


def _is_frame_of_floats(y: Any) -> bool:
    """Whether y is a pandas frame whose columns all have one plain float dtype."""
    if not (hasattr(y, "iloc") and hasattr(y, "columns")):
        return False
    dtypes = set(y.dtypes)
    return len(dtypes) == 1 and getattr(dtypes.pop(), "str", "")[1:2] == "f"


def _labels(names: list[Any], who: str) -> list[str]:
    """Return the names of the tasks, made up where there are none."""
    labels = [f"task{t}" if n is None else str(n) for t, n in enumerate(names)]
    _check_names(labels, who)
    return labels


class Cells(NamedTuple):
    """Cells of y, task after task, and in each task in row order.

    Attributes
    ----------
    rows : ndarray of shape (n_cells,)
        Their rows.
    tasks : ndarray of shape (n_cells,)
        Their columns.
    ends : ndarray of shape (n_tasks,)
        Where among the cells each task ends.
    """

    rows: np.ndarray
    tasks: np.ndarray
    ends: np.ndarray

    @property
    def parts(self) -> list[slice]:
        """Where among the cells each task is."""
        ends = self.ends.tolist()
        return [slice(*pair) for pair in zip([0, *ends[:-1]], ends, strict=True)]


def sparse_cells(mask: np.ndarray) -> Cells | None:
    """Return where a mask is true, if that is for few cells.

    Parameters
    ----------
    mask : ndarray of shape (n_samples, n_tasks), bool
        Which cells count.

    Returns
    -------
    Cells or None
        The cells; None where a row has more than two on average, since a pass over
        all columns is the cheaper then.
    """
    if np.count_nonzero(mask) > 2 * len(mask) or mask.shape[1] < 3:
        return None
    rows, tasks = np.divmod(np.flatnonzero(mask), mask.shape[1])
    order = np.argsort(tasks, kind="stable")
    ends = np.cumsum(np.bincount(tasks, minlength=mask.shape[1]))
    return Cells(rows[order], tasks[order], ends)


def _split(y: Any, who: str) -> tuple[list[Any], list[Any], bool]:
    """Split y into columns, their names (None where there is none), and is_1d."""
    if sparse.issparse(y):
        y = y.toarray()
    if hasattr(y, "columns") and hasattr(y, "dtypes"):  # a pandas or polars frame
        names = list(y.columns)
        is_pandas = hasattr(y, "iloc")
        return (
            [y.iloc[:, t] if is_pandas else y[n] for t, n in enumerate(names)],
            names,
            False,
        )
    if hasattr(y, "to_numpy") and hasattr(y, "name"):  # a series
        return [y], [None if y.name == "" else y.name], True  # "" is polars' none
    array = _as_array(y, who)
    if array.ndim == 1:
        return [array], [None], True
    if array.ndim == 2:
        return list(array.T), [None] * array.shape[1], False
    raise TaskError(
        f"{who}: y has shape {array.shape}; it must be (n_samples,) or "
        "(n_samples, n_tasks)."
    )


def _as_array(y: Any, who: str) -> np.ndarray:
    if not hasattr(y, "dtype") and isinstance(y, Sequence):
        # np.asarray would turn [["a", None], ["b", 1]] or ["a", nan] into strings
        array = np.asarray(y, dtype=object)
        if any(isinstance(v, list | tuple | np.ndarray) for v in array.flat):
            raise TaskError(f"{who}: the rows of y have different lengths.")
        is_text = any(isinstance(v, str) for v in array.flat)
        has_gap = any(v is None or _is_pandas_na(v) for v in array.flat)
        if not is_text and not has_gap:
            array = np.asarray(y)
    else:
        array = np.asarray(y)
    if np.iscomplexobj(array):
        raise ValueError(f"Complex data not supported\n{who}: y has complex labels.")
    if array.ndim == 0:
        raise TaskError(f"{who}: y must be an array, found the scalar {y!r}.")
    return array


def _check_names(names: list[str], who: str) -> None:
    if len(set(names)) < len(names):
        double = sorted({n for n in names if names.count(n) > 1})
        raise TaskError(f"{who}: task names must be unique; found twice: {double}.")
    if not names:
        raise TaskError(f"{who}: y has no columns; at least one task is needed.")


def _is_categorical(column: Any) -> bool:
    dtype = str(getattr(column, "dtype", "")).lower()
    return dtype.startswith(("category", "categorical", "enum"))


def _is_pandas_na(value: Any) -> bool:
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is pandas.NA or value is pandas.NaT)


def _is_missing(value: Any) -> bool:
    if value is None or _is_pandas_na(value):
        return True
    return isinstance(value, float | np.floating) and bool(value != value)


def drop_missing(column: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the present labels of one column and where they stand."""
    if hasattr(column, "is_null"):  # polars
        column = np.asarray(column.to_list(), dtype=object)
    elif hasattr(column, "isna"):  # pandas
        seen = ~np.asarray(column.isna(), dtype=bool)
        return np.asarray(column[seen].to_numpy()), seen
    if column.dtype.kind == "T":  # NumPy's variable-width strings
        column = column.astype(object)
    if column.dtype.kind == "f":
        seen = ~np.isnan(column)
    elif column.dtype.kind in "mM":
        seen = ~np.isnat(column)
    elif column.dtype.kind == "O":
        seen = np.array([not _is_missing(v) for v in column], dtype=bool)
    else:
        seen = np.ones(len(column), dtype=bool)
    return column[seen], seen


def _natural(values: np.ndarray, name: str, who: str) -> np.ndarray:
    """Give object columns the dtype of their values, and refuse what has none."""
    if values.dtype.kind == "O" and len(values):
        types = {_family(v) for v in values}
        if "other" in types or len(types) > 1:
            found = sorted({type(v).__name__ for v in values})
            raise TaskError(
                f"{who}: task {name!r} has labels of the types {found}. Unknown label "
                "type: all labels of a task must be strings, or numbers, or booleans."
            )
        values = np.array(values.tolist())
    if values.dtype.kind == "c":
        raise ValueError(
            f"Complex data not supported\n{who}: task {name!r} is complex."
        )
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise TaskError(_INFINITE.format(who=who, name=name))
    return values


def _family(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, int | float | np.integer | np.floating):
        return "number"
    if isinstance(value, str | bytes):
        return type(value).__name__
    return "complex" if isinstance(value, complex | np.complexfloating) else "other"
