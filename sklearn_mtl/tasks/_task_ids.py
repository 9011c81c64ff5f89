"""The task that each row belongs to, for predictions of one task a row."""

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
    """Return the task of each row, refusing rows without one."""
    if np.ma.isMaskedArray(task_id):
        ids = [None if one is np.ma.masked else one for one in task_id]
    elif getattr(getattr(task_id, "dtype", None), "kind", "") == "M":
        ids = list(np.asarray(task_id))  # dates, as stack_tasks spells them
    else:
        # NumPy would make an array of two dimensions of a list of tuples
        ids = task_id.tolist() if hasattr(task_id, "tolist") else list(task_id)
    if len(ids) != n_samples or any(isinstance(one, list) for one in ids):
        raise TaskError(
            f"{who}: task_id has shape {np.shape(task_id)}; X has {n_samples} rows."
        )
    missing = [row for row, one in enumerate(ids) if is_missing(one)]
    if missing:
        raise TaskError(
            f"{who}: task_id is missing for {len(missing)} samples, such as sample "
            f"{missing[0]}; every sample needs the task that it belongs to."
        )
    return ids


def place_of_task(
    names: Sequence[str], task: TaskKey, unknown: str, has_common: bool, who: str
) -> int:
    """Return the column of a task, -1 for a new one that may be predicted."""
    try:
        return find_task(names, task, who)
    except TaskError as error:
        if unknown == "common" and not has_common:
            raise TaskError(
                f"{error} unknown='common' is for linear classifiers and regressors; "
                f"{who} has no part that all tasks share."
            ) from error
        if unknown == "common" and not _may_be_new(task, names):
            raise TaskError(
                f"{error} unknown='common' takes no {type(task).__name__} as a new "
                "task here, but what the known ones are named by."
            ) from error
        if unknown == "common":
            return -1
        if has_common:
            error.add_note("unknown='common' predicts it by what all tasks share.")
        raise


def _may_be_new(task: TaskKey, names: Sequence[str]) -> bool:
    """Whether an id is of the sort of the known ones, so that no known one is missed.

    A number where tasks have other names is a column number that does not exist; bytes,
    booleans and dates may be the name of a known task in another type.
    """
    if isinstance(task, Real) and not isinstance(task, bool | np.bool_):
        return has_number(names)
    if isinstance(task, str) and has_number([task]):
        return task_name(float(task)) not in names  # "10.0", where 10 is known
    return isinstance(task, str | tuple)
