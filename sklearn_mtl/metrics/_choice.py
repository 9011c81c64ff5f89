"""The metric of every task, also where values repeat as angles and hours do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import _regression as r
from sklearn_mtl.metrics._registry import Metric, metric_of_task, read_metric
from sklearn_mtl.tasks import by_task, distances, r2_of_points
from sklearn_mtl.utils._typing import MetricChoice, TaskNumbers

__all__ = ["metrics_of_tasks"]

_ERRORS = (r.mean_squared_error, r.root_mean_squared_error, r.mean_absolute_error)


def metrics_of_tasks(
    metric: MetricChoice, tasks: Sequence[Any], periods: TaskNumbers | None, who: str
) -> list[Metric]:
    """Return the metric of every task."""
    names = [task.name for task in tasks]
    metric = read_metric(metric, names, who)
    given = by_task(periods, names, parameter="periods", who=who)
    return [
        _repeating(_of_task(metric, task, who), task, period, who)
        for task, period in zip(tasks, given.values(), strict=True)
    ]


def _of_task(metric: MetricChoice, task: Any, who: str) -> Metric:
    return metric_of_task(metric, task.name, task.kind, who, task.classes)


def _repeating(metric: Metric, task: Any, period: Any, who: str) -> Metric:
    if period is None:
        return metric
    if not isinstance(period, Real) or not float(period) > 0:
        raise TaskError(
            f"{who}: the period of task {task.name!r} is {period!r}; it must be a "
            "positive number, or None."
        )
    if task.kind != "regression":
        raise TaskError(
            f"{who}: task {task.name!r} is {task.kind} and has the period {period!r}; "
            "only the values of a regression repeat."
        )
    function = _on_circle(metric, float(period))
    if function is None:
        raise TaskError(
            f"{who}: {metric.name!r} cannot score task {task.name!r}, whose values "
            "repeat. Take 'r2', 'mean_absolute_error' or another plain error."
        )
    return replace(metric, function=function)


def _on_circle(metric: Metric, period: float) -> Callable[..., float] | None:
    if metric.needs == "any":
        return metric.function
    if metric.function in _ERRORS:
        return partial(_shorter_way, error=metric.function, period=period)
    return partial(_r2, period=period) if metric.function is r.r2 else None


def _shorter_way(
    y: np.ndarray,
    given: np.ndarray,
    w: np.ndarray,
    *,
    error: Callable[..., float],
    period: float,
) -> float:
    # Errors depend on differences only: the shorter way round takes their place.
    return error(np.zeros_like(y), distances(y, given, period), w)


def _r2(y: np.ndarray, given: np.ndarray, w: np.ndarray, *, period: float) -> float:
    return r2_of_points(y, given, w, period) if len(y) > 1 else np.nan
