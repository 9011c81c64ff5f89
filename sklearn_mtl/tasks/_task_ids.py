"""Task ids of samples, for predictions of one task per sample."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._names import find_task, has_number, task_name
from sklearn_mtl.tasks._values import is_missing
from sklearn_mtl.utils._typing import TaskKey

__all__ = ["place_of_task", "read_task_ids"]


def read_task_ids(task_id: Any, n_samples: int, who: str) -> list[TaskKey]:
    """Return the task id of each sample; raise if one is missing."""
    if np.ma.isMaskedArray(task_id):
        ids = [None if one is np.ma.masked else one for one in task_id]
    elif getattr(getattr(task_id, "dtype", None), "kind", "") == "M":
        ids = list(np.asarray(task_id))  # dates, in the format of stack_tasks
    else:
        # NumPy would convert a list of tuples to a 2-D array
        ids = task_id.tolist() if hasattr(task_id, "tolist") else list(task_id)
    if len(ids) != n_samples or any(isinstance(one, list) for one in ids):
        raise TaskError(
            f"{who}: task_id has shape {np.shape(task_id)}, but X has {n_samples} "
            "samples."
        )
    missing = [row for row, one in enumerate(ids) if is_missing(one)]
    if missing:
        raise TaskError(
            f"{who}: task_id is missing for {len(missing)} samples, such as sample "
            f"{missing[0]}; every sample must have a task."
        )
    return ids


def place_of_task(
    names: Sequence[str], task: TaskKey, unknown: str, has_common: bool, who: str
) -> int:
    """Return the column of a task, -1 for a new task that can be predicted."""
    try:
        return find_task(names, task, who)
    except TaskError as error:
        if unknown == "common" and not has_common:
            raise TaskError(
                f"{error} unknown='common' is only available for linear classifiers "
                f"and regressors, not for {who}."
            ) from error
        if unknown == "common" and not _may_be_new(task, names):
            raise TaskError(
                f"{error} With unknown='common', a new task must be named like the "
                f"known tasks; got {task!r} of type {type(task).__name__}."
            ) from error
        if unknown == "common":
            return -1
        if has_common:
            error.add_note(
                "unknown='common' predicts it with the part that all tasks share."
            )
        raise


def _may_be_new(task: TaskKey, names: Sequence[str]) -> bool:
    """Return whether an unknown task id can be a new task.

    If no known task is named by a number, a number is a column number that does not
    exist. Bytes, booleans and dates may be the name of a known task in another type.
    """
    if isinstance(task, Real) and not isinstance(task, bool | np.bool_):
        return has_number(names)
    if isinstance(task, str) and has_number([task]):
        return task_name(float(task)) not in names  # "10.0" is the known 10
    return isinstance(task, str | tuple)
