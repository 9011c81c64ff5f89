"""Reading of arguments that may have one value per task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._names import (
    NamedTasks,
    match_tasks,
    order_of_columns,
    task_name,
)
from sklearn_mtl.utils._containers import fill_masked
from sklearn_mtl.utils._frames import column_names, is_pandas_frame
from sklearn_mtl.utils._numbers import as_numbers

__all__ = ["by_task", "is_by_place", "square_by_task"]


def by_task(
    value: Any, names: Sequence[str], *, parameter: str, who: str, default: Any = None
) -> dict[str, Any]:
    """Return the value of an argument for each task."""
    if hasattr(value, "items"):  # a mapping, or a pandas series
        given = match_tasks(dict(value.items()), names, parameter, who)
        return {name: given.get(name, default) for name in names}
    if is_by_place(value):
        if len(value) != len(names):
            raise TaskError(
                f"{who}: {parameter} has {len(value)} entries, but there are "
                f"{len(names)} tasks."
            )
        return dict(zip(names, value, strict=True))
    return dict.fromkeys(names, value)


def square_by_task(
    matrix: Any, tasks: NamedTasks, parameter: str, who: str
) -> np.ndarray:
    """Return a matrix with rows and columns in task order.

    Shapes: matrix (n_tasks, n_tasks) -> (n_tasks, n_tasks).
    """
    values = as_numbers(fill_masked(matrix), parameter, who)
    n_tasks = len(tasks.names)
    labels = column_names(matrix)
    if labels is None or values.shape != (n_tasks, n_tasks):
        return values
    columns = [task_name(label) for label in labels]
    index = matrix.index if is_pandas_frame(matrix) else labels
    rows = [task_name(label) for label in index]
    if sorted(rows) == sorted(columns):
        place = {name: number for number, name in enumerate(rows)}
        values = values[[place[name] for name in columns]]
    elif rows != [str(t) for t in range(n_tasks)]:
        raise TaskError(
            f"{who}: the index of {parameter} is {rows}, but its columns are "
            f"{columns}; both must contain the names of the tasks."
        )
    order = order_of_columns(columns, tasks, parameter, who)
    return values if order is None else values[np.ix_(order, order)]


def is_by_place(value: Any) -> bool:
    """Return whether a value is a sequence or an array with one entry per task."""
    if isinstance(value, list | tuple):
        return True
    is_array = hasattr(value, "__array__") and hasattr(value, "__len__")
    return is_array and getattr(value, "ndim", 1) > 0
