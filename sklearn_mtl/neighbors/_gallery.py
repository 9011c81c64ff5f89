"""Helper functions for the neighbours and the labels of a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import as_targets, find_tasks, task_name
from sklearn_mtl.utils._frames import column_names
from sklearn_mtl.utils._table import as_table, take_tasks
from sklearn_mtl.utils._typing import TargetsLike

__all__ = ["drop_self", "join_labels", "pick_tasks", "take_labels", "task_names"]


def drop_self(
    distances: np.ndarray, indices: np.ndarray, first: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Drop each item from its own neighbours, or the last neighbour if it is absent.

    Shapes: distances (n_queries, k + 1), indices (n_queries, k + 1) ->
    distances, indices (n_queries, k).
    """
    n, k = indices.shape
    is_self = indices == np.arange(first, first + n)[:, None]
    is_self[~is_self.any(axis=1), -1] = True
    return distances[~is_self].reshape(n, k - 1), indices[~is_self].reshape(n, k - 1)


def take_labels(y: TargetsLike, n_items: int, who: str) -> np.ndarray:
    """Return labels as an array with one row per item."""
    if hasattr(y, "toarray"):
        y = y.toarray()
    labels = np.asarray(as_targets(y, who))
    if labels.ndim not in (1, 2) or len(labels) != n_items:
        raise ValueError(
            f"{who}: y has shape {labels.shape} for {n_items} items; it must have "
            f"shape ({n_items},) or ({n_items}, n_tasks)."
        )
    return labels


def join_labels(old: np.ndarray, new: np.ndarray, who: str) -> np.ndarray:
    """Append new labels, or raise ValueError if their shape or type differs."""
    if new.shape[1:] != old.shape[1:]:
        raise ValueError(
            f"{who}: y has shape {new.shape}, but the labels of the gallery have shape "
            f"{old.shape}."
        )
    kinds = {part.dtype.kind in "US" for part in (old, new) if part.dtype != object}
    if len(kinds) > 1:  # NumPy would convert the numbers to strings
        raise ValueError(
            f"{who}: labels mix strings and numbers: y has dtype {new.dtype}, but the "
            f"labels of the gallery have dtype {old.dtype}."
        )
    return np.concatenate([old, new])


def task_names(y: TargetsLike) -> list[str] | None:
    """Return the column names of a DataFrame, the name of a Series, or None."""
    names = column_names(y)
    if names is not None:
        return [task_name(name) for name in names]
    name = getattr(y, "name", None)
    return None if name in (None, "") else [task_name(name)]


def pick_tasks(
    tasks: Any, names: Sequence[str] | None, query: Any, gallery: np.ndarray, who: str
) -> tuple[Any, Any, list[str]]:
    """Return the labels of queries and gallery, and the names, of some tasks."""
    query, gallery = as_table(query, who), as_table(gallery, who)
    n_tasks = gallery.shape[1]
    if query.shape[1] != n_tasks:
        raise TaskError(
            f"{who}: y has {query.shape[1]} tasks, but the gallery has {n_tasks}; y "
            "must have all tasks, even if tasks= selects some of them."
        )
    known = [f"task{t}" for t in range(n_tasks)] if names is None else names
    is_one = isinstance(tasks, str | Integral) or task_name(tasks) in known
    wanted = [tasks] if is_one else list(tasks)
    columns = find_tasks(known, wanted, who)
    if not columns or len(set(columns)) < len(columns):
        raise TaskError(
            f"{who}: tasks is {wanted}; it must name at least one task, and no task "
            f"twice. Known tasks: {list(known)}."
        )
    chosen = [known[column] for column in columns]
    return take_tasks(query, columns), take_tasks(gallery, columns), chosen
