"""Names of tasks: how they are written, found, and matched between two frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Protocol

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.utils._typing import TaskKey

__all__ = [
    "NamedTasks",
    "TaskNames",
    "find_task",
    "has_number",
    "match_tasks",
    "order_of_columns",
    "task_name",
]


class NamedTasks(Protocol):
    """Tasks in column order, whose names may be made up."""

    @property
    def names(self) -> list[str]:
        """Names in column order."""

    @property
    def has_names(self) -> bool:
        """Whether the names were given rather than made up."""


@dataclass(frozen=True)
class TaskNames:
    """Nothing but the names of tasks.

    Attributes
    ----------
    names : list of str
        Names in column order.
    has_names : bool
        Whether they were given rather than made up.
    """

    names: list[str]
    has_names: bool = True


def task_name(key: TaskKey) -> str:
    """Return the name of a task as text, whatever the label of its column is."""
    if isinstance(key, tuple):  # NumPy's scalars show their type in a tuple
        return str(tuple(k.item() if isinstance(k, np.generic) else k for k in key))
    if isinstance(key, float | np.floating) and key.is_integer():
        key = int(key)  # one missing id makes floats of whole numbers in pandas
    return str(key)


def find_task(names: Sequence[str], task: TaskKey, who: str) -> int:
    """Return the column of a task given by name or number."""
    name = task_name(task)
    if name in names:
        return names.index(name)
    # Where schools or years are names, 0 is more likely a mistake than the first task.
    is_place = not isinstance(task, bool) and not has_number(names)
    if isinstance(task, Integral) and is_place and -len(names) <= task < len(names):
        return int(task) % len(names)
    shown = names if len(names) <= 20 else [*names[:20], "..."]
    raise TaskError(f"{who}: unknown task {task!r}. Known tasks: {shown}.")


def has_number(names: Sequence[str]) -> bool:
    """Whether a task is named by a number."""
    return any(name.lstrip("-").replace(".", "", 1).isdigit() for name in names)


def match_tasks(
    given: Mapping[Any, Any], names: Sequence[str], parameter: str, who: str
) -> dict[str, Any]:
    """Return what a dict says of tasks, by their names."""
    found: dict[str, Any] = {}
    unknown: list[Any] = []
    for key, value in given.items():
        try:
            name = names[find_task(names, key, who)]
        except TaskError:
            unknown.append(key)
            continue
        if name in found:
            raise TaskError(f"{who}: {parameter} names task {name!r} twice.")
        found[name] = value
    if unknown:
        raise TaskError(
            f"{who}: {parameter} names unknown tasks {unknown}. Known tasks: "
            f"{list(names)}."
        )
    return found


def order_of_columns(
    labels: Iterable[Any] | None, tasks: NamedTasks, what: str, who: str
) -> list[int] | None:
    """Return in which order the columns of a frame are those of the tasks."""
    if labels is None:
        return None
    found, known = [task_name(label) for label in labels], tasks.names
    if found == known:
        return None
    if len(set(found)) == len(found) and sorted(found) == sorted(known):
        return [found.index(name) for name in known]
    numbers = [str(t) for t in range(len(known))]
    if sorted(found) == sorted(numbers) and not has_number(known):
        return [found.index(number) for number in numbers]
    # the columns 0, 1, ... of a frame that was made from an array are no names
    if not tasks.has_names or known == numbers:
        return None
    raise TaskError(
        f"{who}: the columns of {what} are {found}, but the tasks are {known}. Columns "
        "are matched by name; pass an array if they are in the order of the tasks."
    )
