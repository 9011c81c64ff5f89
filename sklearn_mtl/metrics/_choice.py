"""Metrics of all tasks, also of circular tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from numbers import Real
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import _regression as r
from sklearn_mtl.metrics._regions import mean_pinball_loss
from sklearn_mtl.metrics._registry import (
    Metric,
    find_metric,
    is_by_kind,
    metric_of_task,
    read_metric,
)
from sklearn_mtl.tasks import by_task, distances, r2_of_points
from sklearn_mtl.utils._numbers import as_numbers
from sklearn_mtl.utils._typing import MetricChoice, MetricChoices, TaskNumbers

__all__ = ["joined_scores", "metrics_of_tasks", "named_metrics", "with_levels"]

_ERRORS = (r.mean_squared_error, r.root_mean_squared_error, r.mean_absolute_error)


def metrics_of_tasks(
    metric: MetricChoice, tasks: Sequence[Any], periods: TaskNumbers | None, who: str
) -> list[Metric]:
    """Return the metric of each task."""
    names = [task.name for task in tasks]
    metric = read_metric(metric, names, who)
    given = by_task(periods, names, parameter="periods", who=who)
    return [
        _with_period(_of_task(metric, task, who), task, period, who)
        for task, period in zip(tasks, given.values(), strict=True)
    ]


def _of_task(metric: MetricChoice, task: Any, who: str) -> Metric:
    return metric_of_task(metric, task.name, task.kind, who, task.classes)


def with_levels(metrics: Sequence[Metric], levels: Any, who: str) -> list[Metric]:
    """Return metrics with the levels of quantiles set."""
    if all(metric.needs != "quantiles" for metric in metrics):
        return list(metrics)
    given = [] if levels is None else levels
    found = np.atleast_1d(as_numbers(given, "levels", who))
    if found.ndim != 1 or not len(found) or not ((found > 0) & (found < 1)).all():
        raise TaskError(
            f"{who}: the pinball loss requires levels, which must be the levels of the "
            f"quantiles, between 0 and 1, such as [0.1, 0.5, 0.9]; got {levels!r}."
        )
    # the same function for all tasks, so that their scores can be averaged
    function = partial(mean_pinball_loss, levels=found)
    return [
        replace(metric, function=function) if metric.needs == "quantiles" else metric
        for metric in metrics
    ]


def named_metrics(metric: MetricChoices, who: str) -> dict[str, MetricChoice]:
    """Return metrics by the prefix of their scores: "" if metric is not a list."""
    if not isinstance(metric, list | tuple):
        alone: Any = metric
        return {"": alone}
    found: dict[str, MetricChoice] = {}
    for one in metric:
        if isinstance(one, Mapping):
            raise TaskError(
                f"{who}: a list of metrics must not contain a dict, which has no name. "
                "Use a dict without a list, or a list of names and callables."
            )
        is_name = isinstance(one, str) and is_by_kind(one)
        found[str(one) if is_name else find_metric(one, who).name] = one
    if not found or len(found) < len(metric):
        raise TaskError(
            f"{who}: a list of metrics must contain at least one metric, with "
            f"different names; got {list(metric)}."
        )
    return found


def joined_scores(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the scores by "metric_task", or by task for a single metric."""
    return {
        f"{name}_{key}" if name else key: value
        for name, some in scores.items()
        for key, value in some.items()
    }


def _with_period(metric: Metric, task: Any, period: Any, who: str) -> Metric:
    if period is None:
        return metric
    if not isinstance(period, Real) or not float(period) > 0:
        raise TaskError(
            f"{who}: the period of task {task.name!r} must be a positive number or "
            f"None; got {period!r}."
        )
    if task.kind != "regression":
        raise TaskError(
            f"{who}: task {task.name!r} is a {task.kind} task, but has the period "
            f"{period!r}. Only a regression task can have a period."
        )
    function = _on_circle(metric, float(period))
    if function is None:
        raise TaskError(
            f"{who}: {metric.name!r} does not support circular tasks, such as "
            f"{task.name!r}. Use 'r2', 'mean_absolute_error', 'mean_squared_error' or "
            "'root_mean_squared_error'."
        )
    return replace(metric, function=function)


def _on_circle(metric: Metric, period: float) -> Callable[..., float] | None:
    if metric.needs == "any":
        return metric.function
    if metric.function in _ERRORS:
        return partial(_circular_error, error=metric.function, period=period)
    return partial(_r2, period=period) if metric.function is r.r2 else None


def _circular_error(
    y: np.ndarray,
    given: np.ndarray,
    w: np.ndarray,
    *,
    error: Callable[..., float],
    period: float,
) -> float:
    # Errors depend only on differences, which are replaced by circular distances.
    return error(np.zeros_like(y), distances(y, given, period), w)


def _r2(y: np.ndarray, given: np.ndarray, w: np.ndarray, *, period: float) -> float:
    return r2_of_points(y, given, w, period) if len(y) > 1 else np.nan
