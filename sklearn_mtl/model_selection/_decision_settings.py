"""What is to be decided for each task: by which metric, under what bound, or costs."""

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
    """How the class of one task is chosen.

    Attributes
    ----------
    metric : Metric or None
        What is maximised; None where nothing is tuned.
    bound : (Metric, float) or None
        A metric and what it must reach.
    costs : ndarray of shape (n_classes, n_classes) or None
        Costs that were given.
    """

    metric: Metric | None = None
    bound: tuple[Metric, float] | None = None
    costs: np.ndarray | None = None


def check_names(
    names: list[str], scoring: Any, constraint: Any, costs: Any, who: str
) -> None:
    """Refuse unknown tasks and metrics, before anything is fitted."""
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
    """Return what each task is decided by."""
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
            f"{who}: the tasks {named} are regressions or have tokens, of which no "
            "class is chosen. Leave them out of scoring, constraint and costs; their "
            "values and tags are predicted as they are."
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
            f"{who}: task {task.name!r}: {found.name!r} does not depend on which class "
            "is predicted, so that it cannot choose one. Use a metric of labels, such "
            "as 'balanced_accuracy', 'f1' or 'matthews_corrcoef', or a function of "
            "(y_true, y_pred)."
        )
    if found.is_error and found.sign > 0:
        raise TaskError(
            f"{who}: task {task.name!r}: {found.name!r} is an error, of which less is "
            f"better. Use 'neg_{found.name}'."
        )
    return found


def _read_bound(bound: Any, task: Task, who: str) -> tuple[Metric, float]:
    is_pair = isinstance(bound, tuple | list) and len(bound) == 2
    if not is_pair or not isinstance(bound[1], Real):
        raise TaskError(
            f"{who}: task {task.name!r}: constraint must be a metric and what it must "
            f"reach, such as ('precision', 0.9); found {bound!r}."
        )
    if task.n_classes != 2:
        raise TaskError(
            f"{who}: task {task.name!r} has {task.n_classes} classes; a constraint "
            "needs a task with two, whose one threshold is tuned. Give it by task, or "
            "as {'binary': ...}."
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
            f"{who}: task {task.name!r}: costs must be finite numbers of shape "
            f"({n}, {n}), a row for each true class and a column for each predicted "
            f"one of {classes.tolist()}; found {costs!r}."
        )
    return found
