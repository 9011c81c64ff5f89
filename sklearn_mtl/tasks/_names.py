"""Names of tasks: conversion to strings, look-up, and matching of columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    "find_tasks",
    "has_number",
    "match_tasks",
    "order_of_columns",
    "task_name",
]


class NamedTasks(Protocol):
    """Tasks in column order, with given or default names."""

    @property
    def names(self) -> list[str]:
        """Names in column order."""

    @property
    def has_names(self) -> bool:
        """True if the names were given by the user."""


@dataclass(frozen=True)
class TaskNames:
    """The names of tasks, without other information.

    Attributes
    ----------
    names : list of str
        Names in column order.
    has_names : bool
        Whether the names were given by the user.
    """

    names: list[str]
    has_names: bool = True


def task_name(key: TaskKey) -> str:
    """Return the name of a task as a string, for any column label."""
    if isinstance(key, tuple):  # the repr of NumPy scalars includes their type
        return str(tuple(k.item() if isinstance(k, np.generic) else k for k in key))
    if isinstance(key, float | np.floating) and key.is_integer():
        key = int(key)  # pandas converts integers with a missing value to floats
    return str(key)


def find_task(names: Sequence[str], task: TaskKey, who: str) -> int:
    """Return the column of a task given by name or number."""
    return find_tasks(names, [task], who)[0]


def find_tasks(names: Sequence[str], tasks: Iterable[TaskKey], who: str) -> list[int]:
    """Return the columns of tasks given by names or numbers."""
    places, found = _places(names, tasks), []
    for task, place in places:
        if place is None:
            raise TaskError(
                f"{who}: unknown task {task!r}. Known tasks: {_few(names)}."
            )
        found.append(place)
    return found


def _places(
    names: Sequence[str], tasks: Iterable[TaskKey]
) -> Iterator[tuple[TaskKey, int | None]]:
    """Yield each task with its column, or with None if it is unknown."""
    # read once, because a search for each of thousands of tasks takes seconds
    places, n_tasks = {name: t for t, name in enumerate(names)}, len(names)
    # If numbers such as years are names, 0 is probably a mistake, not the first task.
    has_numbers = has_number(names)
    for task in tasks:
        place = places.get(task_name(task))
        is_place = not isinstance(task, bool) and not has_numbers
        if place is None and isinstance(task, Integral) and is_place:
            place = int(task) % n_tasks if -n_tasks <= task < n_tasks else None
        yield task, place


def _few(names: Sequence[str]) -> list[str]:
    return list(names) if len(names) <= 20 else [*names[:20], "..."]


def has_number(names: Sequence[str]) -> bool:
    """Return whether the name of a task is a number."""
    return any(name.lstrip("-").replace(".", "", 1).isdigit() for name in names)


def match_tasks(
    given: Mapping[Any, Any], names: Sequence[str], parameter: str, who: str
) -> dict[str, Any]:
    """Return the values of a dict by task name."""
    found: dict[str, Any] = {}
    unknown: list[Any] = []
    for key, place in _places(names, given):
        if place is None:
            unknown.append(key)
            continue
        name = names[place]
        if name in found:
            raise TaskError(f"{who}: {parameter} names task {name!r} twice.")
        found[name] = given[key]
    if unknown:
        raise TaskError(
            f"{who}: {parameter} names unknown tasks {unknown}. Known tasks: "
            f"{_few(names)}."
        )
    return found


def order_of_columns(
    labels: Iterable[Any] | None, tasks: NamedTasks, what: str, who: str
) -> list[int] | None:
    """Return the order of columns that matches the tasks, None if it is the same."""
    if labels is None:
        return None
    found, known = [task_name(label) for label in labels], tasks.names
    if found == known:
        return None
    place = {name: number for number, name in enumerate(found)}
    if len(place) == len(found) and sorted(found) == sorted(known):
        return [place[name] for name in known]
    numbers = [str(t) for t in range(len(known))]
    if sorted(found) == sorted(numbers) and not has_number(known):
        return [place[number] for number in numbers]
    # The columns 0, 1, ... of a DataFrame that was made from an array are not names.
    if not tasks.has_names or known == numbers:
        return None
    raise TaskError(
        f"{who}: the columns of {what} are {found}, but the tasks are {known}. Columns "
        "are matched by name. If they are in the order of the tasks, pass an array."
    )
