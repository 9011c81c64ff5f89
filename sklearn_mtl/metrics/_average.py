"""Averages of the scores of all tasks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._registry import Metric
from sklearn_mtl.metrics._truth import TaskTruth
from sklearn_mtl.tasks import by_task
from sklearn_mtl.utils._numbers import as_numbers
from sklearn_mtl.utils._typing import TaskNumbers

__all__ = ["average_scores", "check_average", "check_directions"]

_AVERAGES = ("macro", "weighted", "median", "min")


def average_scores(
    scores: dict[str, float],
    truths: Sequence[TaskTruth],
    average: str | TaskNumbers,
    who: str,
) -> float:
    """Return the average over all tasks that have a score."""
    values = np.array(list(scores.values()))
    weights = _weights_of_tasks(average, truths, list(scores), who)
    is_in = ~np.isnan(values) & (weights > 0)
    if not is_in.any():
        return np.nan
    if isinstance(average, str) and average in ("median", "min"):
        return float(
            np.median(values[is_in]) if average == "median" else min(values[is_in])
        )
    return float(np.average(values[is_in], weights=weights[is_in]))


def check_average(average: str | TaskNumbers, who: str) -> None:
    """Raise for an unknown name of an average."""
    if isinstance(average, str) and average not in _AVERAGES:
        raise TaskError(
            f"{who}: unknown average {average!r}; allowed are {list(_AVERAGES)}, a "
            "dict by task name and an array of task weights."
        )


def check_directions(
    metrics: Sequence[Metric],
    truths: Sequence[TaskTruth],
    average: str | TaskNumbers,
    who: str,
) -> None:
    """Raise for an average of errors and scores, and for the minimum of errors."""
    names = [truth.name for truth in truths]
    weights = _weights_of_tasks(average, truths, names, who)
    less: dict[str, str] = {}
    more: dict[str, str] = {}
    for name, metric, weight in zip(names, metrics, weights.tolist(), strict=True):
        if weight > 0:
            (less if metric.is_error and metric.sign > 0 else more)[name] = metric.name
    if less and more:
        raise TaskError(
            f"{who}: errors ({_shown(less)}) and scores ({_shown(more)}) cannot be "
            "averaged. Use negated errors, such as 'neg_log_loss', or 'skill'."
        )
    if less and isinstance(average, str) and average == "min":
        raise TaskError(
            f"{who}: average='min' is the score of the worst task, but the smallest "
            f"error ({_shown(less)}) is the best. Use negated errors, such as "
            "'neg_mean_absolute_error'."
        )


def _shown(metrics: dict[str, str]) -> str:
    """Return the metrics of the first tasks, for a message."""
    text = ", ".join(f"{n!r}: {metric!r}" for n, metric in list(metrics.items())[:5])
    return text if len(metrics) <= 5 else f"{text}, ..."


def _weights_of_tasks(
    average: str | TaskNumbers, truths: Sequence[TaskTruth], names: list[str], who: str
) -> np.ndarray:
    check_average(average, who)
    if isinstance(average, str):
        is_weighted = average == "weighted"
        return np.array([t.weight.sum() if is_weighted else 1.0 for t in truths])
    given = by_task(average, names, parameter="average", who=who, default=0.0)
    weights = as_numbers(list(given.values()), "average", who)
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise TaskError(
            f"{who}: the task weights in average must be finite and not negative."
        )
    return weights
