"""More classes for a task of a fitted net."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.growth._source import ClassMap
from sklearn_mtl.tasks import Task, check_classes, read_columns

__all__ = ["more_classes"]


def more_classes(task: Task, classes: ArrayLike, who: str) -> tuple[Task, ClassMap]:
    """Return a task with more classes, and where the old ones are among them."""
    if task.classes is None or not len(task.classes):
        raise TaskError(
            f"{who}: task {task.name!r} is {task.kind}, to which add_classes can add "
            "none; it must be a classification with at least one class."
        )
    columns = read_columns(classes, who, name=task.name)
    new, n_given = columns.values[0], columns.observed.shape[0]
    old = task.classes
    if len(new) < n_given or not n_given or _sort(new) != _sort(old):
        raise TaskError(
            f"{who}: task {task.name!r}: the classes to add are "
            f"{np.asarray(classes).tolist()}; they must be observed labels, at least "
            f"one, of the type of its classes {old.tolist()}."
        )
    check_classes(new, task.name, who)
    if old.dtype.kind in "iu":  # whole floats would turn the old ones into floats
        new = new.astype(np.int64)
    every = np.union1d(old, new)
    if len(every) < len(old) + n_given:
        raise TaskError(
            f"{who}: task {task.name!r}: the classes to add, {new.tolist()}, must be "
            f"different, and not among its classes {old.tolist()}."
        )
    places = np.searchsorted(every, old)
    kind = "binary" if len(every) == 2 else "multiclass"
    changed = replace(task, kind=kind, classes=every, dtype=every.dtype)
    return changed, ClassMap(places, len(every))


def _sort(labels: np.ndarray) -> str:
    """Return whether labels are booleans, numbers, text or bytes."""
    kind = labels.dtype.kind
    return "number" if kind in "iuf" else kind
