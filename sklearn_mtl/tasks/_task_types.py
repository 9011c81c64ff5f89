"""Task types inferred from all labels, for estimators that are fitted to folds."""

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
    """Return a clone with the task types inferred from all labels.

    Otherwise, an estimator that infers the types of its tasks in each fold could infer
    a classification task in one fold and a regression task in another.
    """
    single, names = clone(estimator), columns.names
    for key, owner in _owners(single).items():
        said = _given_types(owner, names, who)
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
    """Return a clone with given task types, unless the estimator already has them."""
    single = clone(estimator)
    for key, owner in _owners(single).items():
        said = parse_task_types(_given_types(owner, names, who), names, "mixed", who)
        pairs = zip(said, types, strict=True)
        both = [kind if one == "infer" else one for one, kind in pairs]
        single.set_params(**{key: both})
    return single


def _owners(estimator: Estimator) -> dict[str, Any]:
    """Return the nested estimators with `task_types`, by the name of this parameter."""
    # Only the outermost ones, because they pass the types to the inner ones.
    params = estimator.get_params(deep=True)
    keys = sorted(key for key in params if key.rpartition("__")[2] == _PARAMETER)
    prefixes = [key.removesuffix(_PARAMETER) for key in keys]
    return {
        key: params[prefix.removesuffix("__")] if prefix else estimator
        for key, prefix in zip(keys, prefixes, strict=True)
        if not any(prefix != other and prefix.startswith(other) for other in prefixes)
    }


def _given_types(owner: Any, names: Sequence[str], who: str) -> dict[str, Any]:
    """Return the given type of each task, None if it is inferred."""
    if hasattr(owner, "_types_of"):  # contains estimators for only one type
        found: dict[str, Any] = owner._types_of(names)
        return found
    return by_task(owner.task_types, names, parameter=_PARAMETER, who=who)
