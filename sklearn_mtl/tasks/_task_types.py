"""Decide once what the tasks are, for estimators that are fitted to parts of y."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sklearn.base import clone

from sklearn_mtl.tasks._by_task import by_task
from sklearn_mtl.tasks._infer import parse_task_types
from sklearn_mtl.tasks._read_y import TargetColumns
from sklearn_mtl.tasks._task import read_tasks, warn_of_close_types
from sklearn_mtl.utils._typing import Estimator

__all__ = ["decide_task_types", "fix_task_types"]

_PARAMETER = "task_types"


def decide_task_types(estimator: Estimator, columns: TargetColumns, who: str) -> Any:
    """Return a clone that takes each task for what all its labels say it is.

    A fold may lack the labels that make the difference, so an estimator that infers the
    types of its tasks in each fold might learn classes in one and numbers in another.
    """
    single, names = clone(estimator), columns.names
    for key, owner in _owners(single).items():
        said = _said(owner, names, who)
        wanted = parse_task_types(said, names, "mixed", who)
        warn_of_close_types(columns, wanted, who)
        tasks = read_tasks(
            columns, "mixed", who, said, "warn", warn=False, allow_tokens=True
        )
        single.set_params(**{key: [task.type for task in tasks]})
    return single


def fix_task_types(
    estimator: Estimator, names: Sequence[str], types: Sequence[str], who: str
) -> Any:
    """Return a clone that takes tasks for what they are said to be."""
    single = clone(estimator)
    for key, owner in _owners(single).items():
        said = parse_task_types(_said(owner, names, who), names, "mixed", who)
        pairs = zip(said, types, strict=True)
        both = [kind if one == "infer" else one for one, kind in pairs]
        single.set_params(**{key: both})
    return single


def _owners(estimator: Estimator) -> dict[str, Any]:
    """Return which parts have `task_types`, by the name of that parameter."""
    # Of parts within each other only the outermost, which tells the inner ones.
    params = estimator.get_params(deep=True)
    keys = sorted(key for key in params if key.rpartition("__")[2] == _PARAMETER)
    prefixes = [key.removesuffix(_PARAMETER) for key in keys]
    return {
        key: params[prefix.removesuffix("__")] if prefix else estimator
        for key, prefix in zip(keys, prefixes, strict=True)
        if not any(prefix != other and prefix.startswith(other) for other in prefixes)
    }


def _said(owner: Any, names: Sequence[str], who: str) -> dict[str, Any]:
    """Return what is said of each task, None where it is to be inferred."""
    if hasattr(owner, "_types_of"):  # it has estimators that are for one type only
        found: dict[str, Any] = owner._types_of(names)
        return found
    return by_task(owner.task_types, names, parameter=_PARAMETER, who=who)
