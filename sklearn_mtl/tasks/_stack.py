"""Conversion of separate samples per task, and of sentinels, to missing labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._names import task_name
from sklearn_mtl.tasks._target_containers import as_pandas_or_array
from sklearn_mtl.tasks._values import drop_missing
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._frames import column_names, is_pandas, join_frames
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import num_samples
from sklearn_mtl.utils._typing import TargetsLike

__all__ = ["mask_labels", "stack_tasks"]

_WHO = "stack_tasks"


def mask_labels(y: TargetsLike, sentinel: Any = -1) -> Any:
    """Replace a sentinel value with missing labels.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Targets.
    sentinel : object, default=-1
        Value that represents a missing label.

    Returns
    -------
    ndarray or DataFrame of the same shape
        Copy of y with NaN instead of the sentinel. The dtype of an array is float64 for
        numbers and object otherwise.

    Examples
    --------
    >>> from sklearn_mtl.tasks import mask_labels
    >>> mask_labels([[0, 1], [-1, 0]])
    array([[ 0.,  1.],
           [nan,  0.]])
    """
    array = as_pandas_or_array(y, "mask_labels")
    if is_pandas(array):  # pandas keeps its columns
        return array.mask(array == sentinel)
    is_missing = array == sentinel
    is_number = array.dtype.kind in "iuf"
    out = array.astype(np.float64 if is_number else object)
    out[is_missing] = np.nan
    return out


def stack_tasks(
    X: Any,
    y: TargetsLike | None = None,
    task_id: ArrayLike | None = None,
    *,
    names: Sequence[str] | None = None,
) -> tuple[Any, Any]:
    """Combine tasks with separate samples into one X and one y with missing labels.

    Parameters
    ----------
    X : list of (X_t, y_t), or array-like of shape (n_samples, n_features)
        Either a list with one pair per task, or all samples in one array.
    y : array-like of shape (n_samples,), default=None
        Label of each sample. Required if X is one array.
    task_id : array-like of shape (n_samples,), default=None
        Task of each sample. Required if X is one array.
    names : sequence of str, default=None
        Names of the tasks, in the order of the pairs or of the sorted task ids. By
        default, the task ids are used if they are given.

    Returns
    -------
    X : ndarray, sparse array or DataFrame of shape (n_samples, n_features)
        All samples. It is a DataFrame if the inputs of all tasks are DataFrames.
    y : ndarray of shape (n_samples, n_tasks), or DataFrame if the tasks have names
        Label of each sample in the column of its task, and NaN in the other columns.

    Raises
    ------
    TaskError
        If lengths, numbers of features or names are inconsistent, or a task id is
        missing.

    Warns
    -----
    IndexOrderWarning
        If the indexes of X, y and task_id have the same labels in a different order.

    Examples
    --------
    >>> from sklearn_mtl.tasks import stack_tasks
    >>> X, y = stack_tasks([([[1.0], [2.0]], [0, 1]), ([[3.0]], [5])])
    >>> y
    array([[ 0., nan],
           [ 1., nan],
           [nan,  5.]])
    """
    if y is None and task_id is None:
        X, labels, tasks = _join_pairs(X)
    elif y is None or task_id is None:
        raise TaskError("stack_tasks: pass a list of (X, y), or X, y and task_id.")
    else:
        warn_of_index_order(_WHO, X=X, y=y, task_id=task_id)
        labels, tasks = _read_labels(y), _read_ids(task_id)
        if names is None:
            # predict_task would use the column numbers as task ids
            names = [task_name(task) for task in np.unique(tasks)]
    if labels.shape != tasks.shape or labels.ndim != 1:
        raise TaskError(
            f"stack_tasks: y of shape {labels.shape} and task_id of shape "
            f"{tasks.shape} must both be (n_samples,)."
        )
    if num_samples(X) != len(labels):
        raise TaskError(
            f"stack_tasks: X has {num_samples(X)} samples, but y has {len(labels)}."
        )
    known, column = np.unique(tasks, return_inverse=True)
    is_number = labels.dtype.kind in "iuf"
    wide = np.full(
        (len(labels), len(known)), np.nan, dtype=float if is_number else object
    )
    wide[np.arange(len(labels)), column] = labels
    return plain_inputs(X, "stack_tasks"), wide if names is None else _with_names(
        wide, names
    )


def _read_labels(y: TargetsLike) -> np.ndarray:
    """Return labels as an array without converting missing labels to strings."""
    return np.asarray(as_pandas_or_array(y, _WHO))


def _read_ids(task_id: ArrayLike) -> np.ndarray:
    """Return the task of each sample; raise if a task id is missing."""
    column = as_pandas_or_array(task_id, _WHO)
    if len(column.shape) != 1:
        return np.asarray(column)  # the caller raises
    values, seen = drop_missing(column)
    if not seen.all():
        raise TaskError(
            f"{_WHO}: task_id is missing for {int((~seen).sum())} samples, such as "
            f"sample {int(np.argmin(seen))}; every sample must have a task."
        )
    return np.array(values.tolist()) if values.dtype.kind == "O" else values


def _join_pairs(pairs: Sequence[tuple[Any, Any]]) -> tuple[Any, np.ndarray, np.ndarray]:
    frames = [plain_inputs(X, "stack_tasks") for X, _ in pairs]
    blocks = [X if sparse.issparse(X) else np.asarray(X) for X in frames]
    for one, y in pairs:
        warn_of_index_order(_WHO, X=one, y=y)
    labels = [_read_labels(y) for _, y in pairs]
    for t, (block, label) in enumerate(zip(blocks, labels, strict=True)):
        if block.ndim < 2 or label.ndim != 1 or block.shape[0] != len(label):
            raise TaskError(
                f"stack_tasks: task {t} has X of shape {block.shape} and y of shape "
                f"{label.shape}; X must be (n, n_features) and y (n,)."
            )
    if len({block.shape[1:] for block in blocks}) > 1:
        raise TaskError(
            "stack_tasks: the tasks have different numbers of features: "
            f"{[block.shape[1] for block in blocks]}."
        )
    X = join_frames(frames) if _are_frames(frames) else _join_blocks(blocks)
    task_id = np.repeat(np.arange(len(blocks)), [len(label) for label in labels])
    if len({label.dtype.kind in "biuf" for label in labels}) > 1:
        # NumPy would convert the numbers of other tasks to strings
        labels = [label.astype(object) for label in labels]
    return X, np.concatenate(labels), task_id


def _join_blocks(blocks: Sequence[Any]) -> Any:
    if any(sparse.issparse(block) for block in blocks):
        return sparse.vstack(blocks, format="csr")
    return np.concatenate(blocks)


def _are_frames(blocks: Sequence[Any]) -> bool:
    """Return whether all are DataFrames of one library; raise if columns differ."""
    named = [
        (t, names)
        for t, names in enumerate(map(column_names, blocks))
        if names is not None
    ]
    for t, names in named:
        first, known = named[0]
        if names != known:
            raise TaskError(
                f"stack_tasks: task {t} has the columns {names}, but task {first} has "
                f"{known}; all tasks must have the same columns in the same order."
            )
    return len(named) == len(blocks) and len({type(X) for X in blocks}) == 1


def _with_names(wide: np.ndarray, names: Sequence[str]) -> Any:
    import pandas as pd

    if len(names) != wide.shape[1]:
        raise TaskError(
            f"stack_tasks: names has {len(names)} entries, but there are "
            f"{wide.shape[1]} tasks."
        )
    return pd.DataFrame(wide, columns=list(names))
