"""Settings of the decision of each task: metric, constraint or costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import Metric, choice_of_task, find_metric, read_metric
from sklearn_mtl.tasks import Task, match_tasks

__all__ = ["TaskSetting", "check_names", "read_settings"]

_UNDECIDED = ("constant", "empty", "regression", "tokens")


@dataclass(frozen=True)
class TaskSetting:
    """Settings of the decision of one task.

    Attributes
    ----------
    metric : Metric or None
        Metric to maximise; None if nothing is tuned.
    bound : (Metric, float) or None
        Another metric and its lower bound.
    costs : ndarray of shape (n_classes, n_classes) or None
        Costs given by the user.
    """

    metric: Metric | None = None
    bound: tuple[Metric, float] | None = None
    costs: np.ndarray | None = None


def check_names(
    names: list[str], scoring: Any, constraint: Any, costs: Any, who: str
) -> None:
    """Raise for unknown tasks and metrics, before anything is fitted."""
    read_metric(constraint, names, who)
    scoring = read_metric(scoring, names, who)
    for one in scoring.values() if _is_dict(scoring) else [scoring]:
        if one is not None:
            find_metric(one, who)
    if hasattr(costs, "items"):
        match_tasks(dict(costs.items()), names, "costs", who)


def read_settings(
    tasks: Sequence[Task], scoring: Any, constraint: Any, costs: Any, who: str
) -> list[TaskSetting]:
    """Return the settings of each task."""
    names = [task.name for task in tasks]
    scoring = read_metric(scoring, names, who)
    constraint = read_metric(constraint, names, who)
    by_name = _costs_by_name(costs, tasks, who)
    for given in (scoring, constraint, by_name):
        _refuse_regressions(given, tasks, who)
    return [_read_task(task, scoring, constraint, by_name, who) for task in tasks]


def _costs_by_name(costs: Any, tasks: Sequence[Task], who: str) -> dict[str, Any]:
    if hasattr(costs, "items"):
        return match_tasks(
            dict(costs.items()), [task.name for task in tasks], "costs", who
        )
    chosen = [] if costs is None else [t for t in tasks if t.is_classification]
    return {task.name: costs for task in chosen}


def _refuse_regressions(given: Any, tasks: Sequence[Task], who: str) -> None:
    values = {task.name for task in tasks if not task.is_classification}
    named = [name for name in given if name in values] if _is_dict(given) else []
    if named:
        raise TaskError(
            f"{who}: the tasks {named} are regression or token tasks, for which no "
            "class is chosen. Remove them from scoring, constraint and costs; their "
            "predictions are not changed."
        )


def _is_dict(given: Any) -> bool:
    return isinstance(given, Mapping)


def _read_task(
    task: Task, scoring: Any, constraint: Any, costs: Mapping[str, Any], who: str
) -> TaskSetting:
    if task.kind in _UNDECIDED:
        return TaskSetting()
    if costs.get(task.name) is not None:
        return TaskSetting(costs=_read_costs(costs[task.name], task, who))
    kind = "binary" if task.n_classes == 2 else "multiclass"
    metric = choice_of_task(scoring, task.name, kind)
    if metric is None:
        return TaskSetting()
    bound = choice_of_task(constraint, task.name, kind)
    return TaskSetting(
        _read_metric(metric, task, who),
        None if bound is None else _read_bound(bound, task, who),
    )


def _read_metric(metric: Any, task: Task, who: str) -> Metric:
    found = find_metric(metric, who)
    if found.needs not in ("labels", "any"):
        raise TaskError(
            f"{who}: task {task.name!r}: {found.name!r} does not depend on the "
            "predicted class, so it cannot be used to choose one. Use a metric of "
            "labels such as 'balanced_accuracy', 'f1' or 'matthews_corrcoef', or a "
            "callable (y_true, y_pred)."
        )
    if found.is_error and found.sign > 0:
        raise TaskError(
            f"{who}: task {task.name!r}: {found.name!r} is an error (lower is better). "
            f"Use 'neg_{found.name}'."
        )
    return found


def _read_bound(bound: Any, task: Task, who: str) -> tuple[Metric, float]:
    is_pair = isinstance(bound, tuple | list) and len(bound) == 2
    if not is_pair or not isinstance(bound[1], Real):
        raise TaskError(
            f"{who}: task {task.name!r}: constraint must be a tuple (metric, lower "
            f"bound), such as ('precision', 0.9); got {bound!r}."
        )
    if task.n_classes != 2:
        raise TaskError(
            f"{who}: task {task.name!r} has {task.n_classes} classes, but constraint "
            "is only supported for two classes. Use a dict with task names or with "
            "the key 'binary'."
        )
    return _read_metric(bound[0], task, who), float(bound[1])


def _read_costs(costs: Any, task: Task, who: str) -> np.ndarray:
    try:
        found = np.asarray(costs, dtype=np.float64)
    except (TypeError, ValueError):
        found = np.full(0, np.nan)
    n, classes = task.n_classes, task.classes
    if found.shape != (n, n) or not np.isfinite(found).all():
        assert classes is not None  # for the type checker
        raise TaskError(
            f"{who}: task {task.name!r}: costs must be finite numbers of shape ({n}, "
            f"{n}), with a row for each true class and a column for each predicted "
            f"class of {classes.tolist()}; got {costs!r}."
        )
    return found
