"""One rule for every argument that may differ by task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError

__all__ = ["by_task"]


def by_task(
    value: Any, names: Sequence[str], *, parameter: str, who: str, default: Any = None
) -> dict[str, Any]:
    """Return what an argument says of each task.

    Parameters
    ----------
    value : object
        A mapping or series by task name, a list, tuple or array in task order, or one
        value for all tasks.
    names : sequence of str
        Names of the tasks.
    parameter : str
        Name of the argument, for messages.
    who : str
        Who asks, for messages.
    default : object, default=None
        For tasks that a mapping does not name.

    Returns
    -------
    dict
        One value for each task, in task order.

    Raises
    ------
    TaskError
        If a mapping names unknown tasks, or a sequence has another length.
    """
    if hasattr(value, "items"):  # a mapping, or a pandas series
        given = dict(value.items())
        unknown = [key for key in given if key not in names]
        if unknown:
            raise TaskError(
                f"{who}: {parameter} names unknown tasks {unknown}. Known tasks: "
                f"{list(names)}."
            )
        return {name: given.get(name, default) for name in names}
    if isinstance(value, list | tuple | np.ndarray):
        if len(value) != len(names):
            raise TaskError(
                f"{who}: {parameter} has {len(value)} entries for {len(names)} tasks."
            )
        return dict(zip(names, value, strict=True))
    return dict.fromkeys(names, value)
