"""Additional classes for a task of a fitted net."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.growth._source import ClassMap
from sklearn_mtl.tasks import Task, check_classes, read_columns

__all__ = ["more_classes"]


def more_classes(task: Task, classes: ArrayLike, who: str) -> tuple[Task, ClassMap]:
    """Return a task with additional classes, and the indices of the old ones."""
    if task.classes is None or not len(task.classes):
        raise TaskError(
            f"{who}: add_classes requires a classification task with at least one "
            f"class; task {task.name!r} is {task.kind}."
        )
    columns = read_columns(classes, who, name=task.name)
    new, n_given = columns.values[0], columns.observed.shape[0]
    old = task.classes
    if len(new) < n_given or not n_given or _sort(new) != _sort(old):
        raise TaskError(
            f"{who}: add_classes got classes={np.asarray(classes).tolist()} for task "
            f"{task.name!r}; it requires one or more labels that are not missing and "
            f"have the type of the known classes {old.tolist()}."
        )
    check_classes(new, task.name, who)
    if old.dtype.kind in "iu":  # float classes would convert the old ones to floats
        new = new.astype(np.int64)
    every = np.union1d(old, new)
    if len(every) < len(old) + n_given:
        raise TaskError(
            f"{who}: add_classes got classes={new.tolist()} for task {task.name!r}; "
            f"they must be distinct and differ from its classes {old.tolist()}."
        )
    places = np.searchsorted(every, old)
    kind = "binary" if len(every) == 2 else "multiclass"
    changed = replace(task, kind=kind, classes=every, dtype=every.dtype)
    return changed, ClassMap(places, len(every))


def _sort(labels: np.ndarray) -> str:
    """Return the kind of labels: numbers, or the dtype kind of other labels."""
    kind = labels.dtype.kind
    return "number" if kind in "iuf" else kind
