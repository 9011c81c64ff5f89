"""The tasks of a stream: declared at the first call of partial_fit."""

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
    """Return the tasks of the first labels, as far as they are declared or inferred."""
    lists = zip(columns.names, map(holds_lists, columns.values), strict=True)
    of_tokens = [name for name, is_of_tokens in lists if is_of_tokens]
    if of_tokens:
        raise TaskError(
            f"{who}: task {of_tokens[0]!r} has lists as labels. Tags of tokens are "
            "learned by fit; partial_fit takes one label per sample and task."
        )
    if classes is None:
        if kind == "classification":
            raise ValueError(
                f"{who}: classes must be passed on the first call to partial_fit."
            )
        tasks = read_tasks(columns, kind, who, task_types, on_empty_task)
        # a regression that has no label yet is one all the same
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
    """Refuse classes that differ from those that the tasks have."""
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
                "classes again, or none."
            )


def check_untrained_tasks(tasks: Sequence[Task], codes: np.ndarray, who: str) -> None:
    """Refuse labels of a task that a net has no head for.

    Shapes: codes (n_samples, n_tasks).
    """
    for task, labels in zip(tasks, codes.T, strict=True):
        if task.kind == "empty" and not np.isnan(labels).all():
            raise TaskError(
                f"{who}: task {task.name!r} has labels, but it had none in the first "
                "call or in fit, so that it is not learned. Fit again, without "
                "warm_start."
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
    """Return the tasks of which a user lists all labels, in order or by name."""
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
    """Return the task of which a user lists all labels, None for a regression."""
    if labels is None and kind != "classification" and wanted != "classification":
        return Task(name, "regression", None, np.dtype(float))
    if "regression" in (kind, wanted):
        raise TaskError(f"{who}: task {name!r} is a regression and takes no classes.")
    if labels is None or not len(labels):
        raise TaskError(
            f"{who}: task {name!r} is declared without classes; a classification needs "
            "all labels that will ever come."
        )
    values = read_columns(labels, who)
    refuse_tags(values.values[0], who)
    return read_task(replace(values, names=[name]), 0, "classification", who)
