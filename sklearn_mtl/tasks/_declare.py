"""Declaration of the tasks in the first call of partial_fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._by_task import by_task
from sklearn_mtl.tasks._infer import parse_task_types, warn_of_empty_task
from sklearn_mtl.tasks._read_y import TargetColumns, read_columns
from sklearn_mtl.tasks._task import Task, read_task, read_tasks
from sklearn_mtl.tasks._tokens import holds_lists
from sklearn_mtl.tasks._values import refuse_tags
from sklearn_mtl.utils._typing import TaskTypes

__all__ = ["check_same_classes", "check_untrained_tasks", "read_first_tasks"]


def read_first_tasks(
    columns: TargetColumns,
    classes: Any,
    kind: str,
    who: str,
    task_types: TaskTypes | None,
    on_empty_task: str,
) -> list[Task]:
    """Return the declared or inferred tasks of the first call of partial_fit."""
    lists = zip(columns.names, map(holds_lists, columns.values), strict=True)
    of_tokens = [name for name, is_of_tokens in lists if is_of_tokens]
    if of_tokens:
        raise TaskError(
            f"{who}: task {of_tokens[0]!r} has lists as labels. partial_fit requires "
            "one label per sample and task. Use fit for tags of tokens."
        )
    if classes is None:
        if kind == "classification":
            raise ValueError(
                f"{who}: classes must be passed on the first call to partial_fit."
            )
        tasks = read_tasks(columns, kind, who, task_types, on_empty_task)
        # a regression task without labels is not empty: labels may come later
        return [
            replace(task, kind="regression") if task.classes is None else task
            for task in tasks
        ]
    names, is_1d = columns.names, columns.is_1d
    tasks = _declare_tasks(names, classes, kind, who, task_types, is_1d=is_1d)
    for task, values in zip(tasks, columns.values, strict=True):
        if task.classes is None and not len(values):
            n_samples = len(columns.observed)
            warn_of_empty_task(task.name, n_samples, on_empty_task, who, warn=True)
    return tasks


def check_same_classes(
    tasks: Sequence[Task], classes: Any, kind: str, who: str, *, is_1d: bool
) -> None:
    """Raise if classes differ from the classes of the tasks."""
    names = [task.name for task in tasks]
    given = _declare_tasks(names, classes, kind, who, is_1d=is_1d)
    for task, other in zip(tasks, given, strict=True):
        known, found = (
            None if t.classes is None else t.classes.tolist() for t in (task, other)
        )
        if known != found:
            raise TaskError(
                f"{who}: task {task.name!r} has the classes {found} in this call of "
                f"partial_fit, but {known} in the first call or in fit. Pass the same "
                "classes or None."
            )


def check_untrained_tasks(tasks: Sequence[Task], codes: np.ndarray, who: str) -> None:
    """Raise for labels of a task that had no labels when the net was built.

    Shapes: codes (n_samples, n_tasks).
    """
    for task, labels in zip(tasks, codes.T, strict=True):
        if task.kind == "empty" and not np.isnan(labels).all():
            raise TaskError(
                f"{who}: task {task.name!r} has labels, but it had no labels in the "
                "first call or in fit, so the model has no output for it. Fit a new "
                "model without warm_start."
            )


def _declare_tasks(
    names: Sequence[Any],
    classes: Any,
    kind: str,
    who: str,
    task_types: TaskTypes | None = None,
    *,
    is_1d: bool = False,
) -> list[Task]:
    """Return the tasks with declared classes, given in task order or by name."""
    wanted = parse_task_types(task_types, names, kind, who)
    given = {names[0]: classes} if is_1d else classes
    if not hasattr(given, "items"):
        given = list(given)
    given = by_task(given, names, parameter="classes", who=who)
    return [
        _declare_task(name, labels, kind, who, asked)
        for (name, labels), asked in zip(given.items(), wanted, strict=True)
    ]


def _declare_task(
    name: str, labels: Any, kind: str, who: str, wanted: str = "infer"
) -> Task:
    """Return a task with declared classes, or a regression task if they are None."""
    if labels is None and kind != "classification" and wanted != "classification":
        return Task(name, "regression", None, np.dtype(float))
    if "regression" in (kind, wanted):
        raise TaskError(
            f"{who}: task {name!r} is a regression task, so its classes must be None."
        )
    if labels is None or not len(labels):
        raise TaskError(
            f"{who}: task {name!r} is a classification task without classes. Declare "
            "all classes that occur in any call of partial_fit."
        )
    values = read_columns(labels, who)
    refuse_tags(values.values[0], who)
    return read_task(replace(values, names=[name]), 0, "classification", who)
