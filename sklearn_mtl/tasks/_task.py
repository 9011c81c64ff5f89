"""One target column: what it is, and its labels as codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.tasks._infer import (
    infer_kind,
    parse_task_types,
    warn_of_close_type,
    warn_of_empty_task,
    warn_of_sentinel,
    warn_of_single_class,
)
from sklearn_mtl.tasks._kinds import TARGET_KINDS, TargetKind, target_of
from sklearn_mtl.tasks._read_y import TargetColumns
from sklearn_mtl.utils._typing import TaskTypes

__all__ = [
    "Task",
    "read_task",
    "read_tasks",
    "warn_of_close_types",
]

_TARGETS = {target.type: target for target in TARGET_KINDS}


@dataclass(frozen=True)
class Task:
    """What is known of one target column.

    Attributes
    ----------
    name : str
        Column name.
    kind : {"binary", "multiclass", "regression", "constant", "empty"}
        "constant" is a classification task with one class, "empty" a task without any
        observed label.
    classes : ndarray of shape (n_classes,) or None
        Sorted labels in their own dtype; None for a regression.
    dtype : numpy.dtype
        Dtype of the labels, which predictions get back.
    period : float or None
        After how much the values of a regression repeat, where they do.
    """

    name: str
    kind: str
    classes: np.ndarray | None
    dtype: np.dtype
    period: float | None = None

    @property
    def target(self) -> TargetKind:
        """What is particular to targets of this kind."""
        return target_of(self.kind, self.classes)

    @property
    def is_classification(self) -> bool:
        """Whether the task has classes."""
        return self.classes is not None

    @property
    def type(self) -> str:
        """What `task_types` calls it: "classification" or "regression"."""
        return self.target.type

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 for a regression."""
        return 0 if self.classes is None else len(self.classes)

    def encode(self, values: np.ndarray) -> np.ndarray:
        """Return class indices (-1 where unseen) or regression values, as float64."""
        return self.target.encode(values, self.classes)

    def decode(self, codes: np.ndarray) -> np.ndarray:
        """Return labels for class indices, or the values of a regression."""
        if self.kind == "empty":
            return np.full(len(codes), np.nan)
        return self.target.decode(codes, self.classes)


def read_tasks(
    columns: TargetColumns,
    kind: str,
    who: str,
    task_types: TaskTypes | None = None,
    on_empty_task: str = "raise",
    warn: bool = True,
) -> list[Task]:
    """Return what all columns of y are, and say what is odd about them."""
    wanted = parse_task_types(task_types, columns.names, kind, who)
    if warn:
        warn_of_close_types(columns, wanted, who)
    tasks = []
    for t, name in enumerate(columns.names):
        task = read_task(columns, t, wanted[t], who)
        if task.kind == "empty":
            n_samples = columns.observed.shape[0]
            warn_of_empty_task(name, n_samples, on_empty_task, who, warn)
        elif warn:
            warn_of_single_class(task.name, task.kind, task.classes, who)
            warn_of_sentinel(task.name, task.classes, who)
        tasks.append(task)
    return tasks


def warn_of_close_types(
    columns: TargetColumns, wanted: Sequence[str], who: str
) -> None:
    """Say of which tasks a few labels decide the type, where it is inferred."""
    for t, name in enumerate(columns.names):
        if wanted[t] == "infer" and len(columns.values[t]):
            is_categorical = columns.is_categorical[t]
            warn_of_close_type(columns.values[t], is_categorical, name, who)


def read_task(columns: TargetColumns, t: int, wanted: str, who: str) -> Task:
    """Return what a column of y is: wanted, or inferred where that says "infer"."""
    name, values = columns.names[t], columns.values[t]
    if not len(values):
        classes = None if wanted == "regression" else np.array([])
        return Task(name, "empty", classes, np.dtype(float))
    if wanted == "infer":
        wanted = infer_kind(values, columns.is_categorical[t])
    target = _TARGETS[wanted]
    target.check(values, name, who)
    kind, classes = target.describe(values)
    return Task(
        name, kind, classes, np.dtype(float) if classes is None else classes.dtype
    )
