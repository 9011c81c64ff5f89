"""Conversion of y to one array of observed labels per task.

This module does not distinguish classes from regression values; ``_task`` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._names import (
    NamedTasks,
    TaskNames,
    order_of_columns,
    task_name,
)
from sklearn_mtl.tasks._target_containers import as_targets
from sklearn_mtl.tasks._tokens import as_cells, drop_untagged, holds_lists
from sklearn_mtl.tasks._values import (
    drop_missing,
    is_categorical,
    is_gap,
    natural,
    refuse_tags,
)
from sklearn_mtl.tasks._weights import align_weights, weightless_labels
from sklearn_mtl.utils._finite import is_moderate
from sklearn_mtl.utils._frames import (
    column_names,
    frame_columns,
    is_pandas_frame,
    is_series,
)
from sklearn_mtl.utils._typing import TargetsLike

__all__ = ["Cells", "TargetColumns", "read_columns", "sparse_cells"]


@dataclass(frozen=True)
class TargetColumns:
    """The observed labels of each task, not yet encoded.

    Attributes
    ----------
    names : list of str
        Column names of y, or task0, task1, ...
    values : list of ndarray
        Observed labels of each task in the order of the samples, in their original
        dtype; lists of tags in an array of dtype object.
    observed : ndarray of shape (n_samples, n_tasks), bool
        Whether the label is observed.
    is_1d : bool
        Whether y was 1-D.
    has_names : bool
        Whether y had column names.
    is_categorical : list of bool
        Whether the column has a categorical dtype.
    numbers : ndarray of shape (n_samples, n_tasks) or None
        y itself if it is one array of floats.
    cells : Cells or None
        Positions of the labels if few labels of `numbers` are observed.
    weights : ndarray of shape (), (n_samples,), (n_samples, 1), or \
            (n_samples, n_tasks), or None
        Weights of the samples, or of the labels in the order of the columns.
    """

    names: list[str]
    values: list[np.ndarray]
    observed: np.ndarray
    is_1d: bool
    has_names: bool
    is_categorical: list[bool]
    numbers: np.ndarray | None = None
    cells: Cells | None = None
    weights: np.ndarray | None = None

    def like(self, tasks: NamedTasks, what: str, who: str) -> TargetColumns:
        """Return the columns in the order of tasks, matched by name."""
        given = self.names if self.has_names else None
        order = order_of_columns(given, tasks, what, who)
        return self if order is None else self.take(order)

    def take(self, columns: Sequence[int]) -> TargetColumns:
        """Return some of the columns."""
        chosen = list(columns)
        observed, weights = self.observed[:, chosen], self.weights
        if weights is not None and weights.shape == self.observed.shape:
            weights = weights[:, chosen]
        return replace(
            self,
            names=[self.names[t] for t in chosen],
            values=[self.values[t] for t in chosen],
            observed=observed,
            is_categorical=[self.is_categorical[t] for t in chosen],
            numbers=None if self.numbers is None else self.numbers[:, chosen],
            cells=None if self.cells is None else sparse_cells(observed),
            weights=weights,
        )


def read_columns(
    y: Any,
    who: str,
    sample_weight: ArrayLike | None = None,
    tasks: NamedTasks | None = None,
    name: str | None = None,
    *,
    nested: bool = False,
) -> TargetColumns:
    """Convert y to one array per task; `name` is the name of a single task.

    A list of lists is a table. If `nested`, it contains the tags of each sample.

    Shapes: y (n_samples,) or (n_samples, n_tasks).
    """
    if y is None:
        raise ValueError(
            f"This {who} estimator requires y to be passed, but the target y is None."
        )
    y = as_targets(y, who)
    if nested and isinstance(y, list | tuple):
        y = as_cells(y)
    if isinstance(y, np.ndarray) and y.ndim == 2 and y.dtype.kind == "f":
        # np.asarray drops subclasses of ndarray
        names = [None] * y.shape[1]
        return _read_floats(np.asarray(y), names, who, sample_weight, tasks)
    if _is_frame_of_floats(y):
        return _read_floats(y.to_numpy(), list(y.columns), who, sample_weight, tasks)
    columns, names, is_1d = _split(y, who)
    labels, has_names = _labels(names if name is None or not is_1d else [name], who)
    values, observed, categorical = [], [], []
    shape = len(columns[0]), len(columns)
    named = _named(labels, has_names, tasks)
    weights = align_weights(sample_weight, shape, who, named)
    weightless = weightless_labels(weights, shape)
    for t, (label, column) in enumerate(zip(labels, columns, strict=True)):
        present, seen = drop_missing(column)
        if weightless is not None:
            present = present[~weightless[seen, t]]
            seen = seen & ~weightless[:, t]
        if holds_lists(present):
            present, has_tag = drop_untagged(present, label, who)
            seen[seen] = has_tag
        else:
            present = natural(present, label, who)
        values.append(present)
        observed.append(seen)
        categorical.append(is_categorical(column))
    mask = np.stack(observed, axis=1) if observed else np.zeros((0, 0), dtype=bool)
    return TargetColumns(
        labels, values, mask, is_1d, has_names, categorical, weights=weights
    )


def _read_floats(
    y: np.ndarray,
    names: list[Any],
    who: str,
    sample_weight: ArrayLike | None,
    tasks: NamedTasks | None,
) -> TargetColumns:
    """Convert an array of floats, all columns at once."""
    labels, has_names = _labels(names, who)
    named = _named(labels, has_names, tasks)
    weights = align_weights(sample_weight, y.shape, who, named)
    weightless = weightless_labels(weights, y.shape)
    if weightless is not None:
        y = np.where(weightless, np.nan, y)
    observed = ~np.isnan(y)
    cells = sparse_cells(observed)
    if cells is None:
        numbers = y
        values = [y[seen, t] for t, seen in enumerate(observed.T)]
    else:
        numbers = y[cells.rows, cells.tasks]
        values = [numbers[part] for part in cells.parts]
    if not is_moderate(numbers):
        for name, present in zip(labels, values, strict=True):
            natural(present, name, who)
    no = [False] * len(names)
    return TargetColumns(
        labels, values, observed, False, has_names, no, y, cells, weights
    )


def _is_frame_of_floats(y: Any) -> bool:
    """Return whether y is a pandas DataFrame with a single NumPy float dtype."""
    if not is_pandas_frame(y):
        return False
    dtypes = set(y.dtypes)
    return len(dtypes) == 1 and getattr(dtypes.pop(), "str", "")[1:2] == "f"


def _named(labels: list[str], has_names: bool, tasks: NamedTasks | None) -> NamedTasks:
    """Return the tasks whose names the columns of weights are matched with."""
    if has_names or tasks is None:
        return TaskNames(labels, has_names)
    return tasks


def _labels(names: list[Any], who: str) -> tuple[list[str], bool]:
    """Return the names of the tasks, by default task0, ..., and whether y had names."""
    labels = [f"task{t}" if n is None else task_name(n) for t, n in enumerate(names)]
    _check_names(labels, who)
    return labels, any(name is not None for name in names)


class Cells(NamedTuple):
    """Positions of labels in y, sorted by task and then by sample.

    Attributes
    ----------
    rows : ndarray of shape (n_cells,)
        Sample of each label.
    tasks : ndarray of shape (n_cells,)
        Task of each label.
    ends : ndarray of shape (n_tasks,)
        End of the positions of each task.
    """

    rows: np.ndarray
    tasks: np.ndarray
    ends: np.ndarray

    @property
    def parts(self) -> list[slice]:
        """Slice of the positions of each task."""
        ends = self.ends.tolist()
        return [slice(*pair) for pair in zip([0, *ends[:-1]], ends, strict=True)]


def sparse_cells(mask: np.ndarray) -> Cells | None:
    """Return the positions where a mask is true, or None if there are many.

    Shapes: mask (n_samples, n_tasks).
    """
    if np.count_nonzero(mask) > 2 * len(mask) or mask.shape[1] < 3:
        return None
    rows, tasks = np.divmod(np.flatnonzero(mask), mask.shape[1])
    order = np.argsort(tasks, kind="stable")
    ends = np.cumsum(np.bincount(tasks, minlength=mask.shape[1]))
    return Cells(rows[order], tasks[order], ends)


def _split(y: Any, who: str) -> tuple[list[Any], list[Any], bool]:
    """Return the columns of y, their names or None, and whether y is 1-D."""
    if sparse.issparse(y):
        y = y.toarray()
    names = column_names(y)
    if names is not None:
        return frame_columns(y), names, False
    if is_series(y):
        return [y], [None if y.name == "" else y.name], True  # polars: ""
    array = _as_array(y, who)
    if array.ndim == 1:
        return [array], [None], True
    if array.ndim == 2:
        return list(array.T), [None] * array.shape[1], False
    raise TaskError(
        f"{who}: y has shape {array.shape}; it must be (n_samples,) or "
        "(n_samples, n_tasks)."
    )


def _as_array(y: TargetsLike, who: str) -> np.ndarray:
    if not hasattr(y, "dtype") and isinstance(y, Sequence):
        # np.asarray would convert [["a", None], ["b", 1]] or ["a", nan] to strings
        array = np.asarray(y, dtype=object)
        if array.ndim == 1:
            refuse_tags(array, who)
        is_text = any(isinstance(v, str) for v in array.flat)
        has_gap = any(is_gap(v) for v in array.flat)
        if not is_text and not has_gap:
            array = np.asarray(y)
    else:
        array = np.asarray(y)
    if np.iscomplexobj(array):
        raise ValueError(f"Complex data not supported\n{who}: y has complex labels.")
    if array.ndim == 0:
        raise TaskError(f"{who}: y must be an array; got the scalar {y!r}.")
    return array


def _check_names(names: list[str], who: str) -> None:
    if len(set(names)) < len(names):
        double = sorted({n for n in names if names.count(n) > 1})
        raise TaskError(f"{who}: task names must be unique; found twice: {double}.")
    if not names:
        raise TaskError(f"{who}: y has no columns; at least one task is required.")
