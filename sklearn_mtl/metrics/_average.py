"""One number for all tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._truth import TaskTruth
from sklearn_mtl.utils._by_task import by_task

__all__ = ["average_scores", "check_average"]

_AVERAGES = ("macro", "weighted", "median", "min")


def average_scores(
    scores: dict[str, float],
    truths: Sequence[TaskTruth],
    average: Any,
    who: str,
) -> float:
    """Return one number for all tasks that have a score.

    Parameters
    ----------
    scores : dict of str to float
        The score of each task; NaN is left out.
    truths : sequence of TaskTruth
        The labels of each task.
    average : {"macro", "weighted", "median", "min"}, dict or array-like
        Mean over tasks, mean weighted by observed cells, median, worst, or mean with
        the weights given by task name or in task order.
    who : str
        Who asks; messages begin with it.

    Returns
    -------
    float
        The average; NaN where no task has a score.

    Raises
    ------
    TaskError
        If the average is unknown, or weights do not fit the tasks.
    """
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


def check_average(average: Any, who: str) -> None:
    """Refuse a name that is no average."""
    if isinstance(average, str) and average not in _AVERAGES:
        raise TaskError(
            f"{who}: unknown average {average!r}; allowed are {list(_AVERAGES)}, a "
            "dict by task name, and an array of task weights."
        )


def _weights_of_tasks(
    average: Any, truths: Sequence[TaskTruth], names: list[str], who: str
) -> np.ndarray:
    check_average(average, who)
    if isinstance(average, str):
        is_weighted = average == "weighted"
        return np.array([t.weight.sum() if is_weighted else 1.0 for t in truths])
    given = by_task(average, names, parameter="average", who=who, default=0.0)
    weights = np.array(list(given.values()), dtype=np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise TaskError(f"{who}: the task weights in average must not be negative.")
    return weights
