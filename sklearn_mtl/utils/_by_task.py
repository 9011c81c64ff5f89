"""One rule for every argument that may differ by task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.utils._names import match_tasks

__all__ = ["by_task"]


def by_task(
    value: Any, names: Sequence[str], *, parameter: str, who: str, default: Any = None
) -> dict[str, Any]:
    """Return what an argument says of each task.

    Parameters
    ----------
    value : object
        A mapping or pandas series by task name, column label or column number; a list,
        tuple, array or other sequence in task order; or one value for all tasks.
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
        If a mapping names unknown tasks or a task twice, or a sequence has another
        length.
    """
    if hasattr(value, "items"):  # a mapping, or a pandas series
        given = match_tasks(dict(value.items()), names, parameter, who)
        return {name: given.get(name, default) for name in names}
    if _is_sequence(value):
        if len(value) != len(names):
            raise TaskError(
                f"{who}: {parameter} has {len(value)} entries for {len(names)} tasks."
            )
        return dict(zip(names, value, strict=True))
    return dict.fromkeys(names, value)


def _is_sequence(value: Any) -> bool:
    """Whether a value holds one for each task, as also a polars series or a tensor."""
    if isinstance(value, list | tuple):
        return True
    is_array = hasattr(value, "__array__") and hasattr(value, "__len__")
    return is_array and getattr(value, "ndim", 1) > 0
