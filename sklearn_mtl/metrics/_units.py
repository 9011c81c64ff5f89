"""Units of scores, and means over tasks with different units."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.exceptions import DifferentUnitsWarning
from sklearn_mtl.metrics._registry import Metric
from sklearn_mtl.metrics._truth import TaskTruth
from sklearn_mtl.utils._typing import TaskNumbers

__all__ = [
    "MEAN_OF_UNITS",
    "label_spreads",
    "mean_over_tasks",
    "score_units",
    "share_unit",
    "tasks_in_means",
    "warn_of_units",
]

#: If spreads of labels differ by a larger factor, tasks are assumed to have different
#: units.
MOST_SPREAD = 10.0


#: Note for means over tasks with different units.
MEAN_OF_UNITS = (
    "For means over tasks, scores are divided by the standard deviation of the labels "
    "of the task (by its square for squared errors)."
)


def mean_over_tasks(
    values: np.ndarray, units: Sequence[float] | None = None
) -> np.ndarray:
    """Return the mean over the last axis without NaN; NaN if all values are NaN.

    If the units of the tasks are given, values are first divided by them.
    """
    if units is not None:
        values = values / np.asarray(units)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return np.nanmean(values, axis=-1)


def tasks_in_means(scores: np.ndarray) -> np.ndarray:
    """Return a mask of the tasks to include in means over tasks.

    These are the tasks for which any model has a score in more than half of the splits,
    because the noise of a mean over one or two of many splits cannot be estimated. If
    there are no such tasks, all tasks are included.

    Shapes: scores (n_models, n_splits, n_tasks) -> (n_tasks,), bool.
    """
    n_scored = (~np.isnan(scores)).any(axis=0).sum(axis=0)
    counts = 2 * n_scored > scores.shape[1]
    return np.asarray(counts if counts.any() else n_scored >= 0)


def label_spreads(codes: np.ndarray, periods: Sequence[float | None]) -> np.ndarray:
    """Return the standard deviation of the labels of each task.

    For a circular task, it is the standard deviation of the uniform distribution.

    Shapes: codes (n_samples, n_tasks) -> (n_tasks,).
    """
    out = np.zeros(codes.shape[1])
    for t, (column, period) in enumerate(zip(codes.T, periods, strict=True)):
        seen = column[~np.isnan(column)]
        if period is not None:
            out[t] = period / np.sqrt(12.0)
        elif len(seen):
            out[t] = seen.std()
    return out


def share_unit(metrics: Sequence[Metric], spreads: np.ndarray) -> bool:
    """Return whether scores of metrics can be averaged without rescaling.

    Shapes: spreads (n_tasks,).
    """
    if len(metrics) < 2 or not any(metric.power for metric in metrics):
        return True
    if len({(metric.function, metric.sign) for metric in metrics}) > 1:
        return False
    known = spreads[spreads > 0]
    return not len(known) or bool(known.max() <= MOST_SPREAD * known.min())


def score_units(metrics: Sequence[Metric], spreads: np.ndarray) -> np.ndarray:
    """Return the units by which scores are divided before the mean over tasks.

    Shapes: spreads (n_tasks,) -> (n_tasks,).
    """
    if share_unit(metrics, spreads):
        return np.ones(len(metrics))
    powers = np.array([metric.power for metric in metrics])
    return np.where(spreads > 0, spreads, 1.0) ** powers


def warn_of_units(
    scores: dict[str, float],
    truths: Sequence[TaskTruth],
    metrics: Sequence[Metric],
    average: str | TaskNumbers,
    who: str,
) -> None:
    """Warn if scores with different units are averaged."""
    if not isinstance(average, str) or not any(metric.power for metric in metrics):
        return
    known = np.flatnonzero(~np.isnan(list(scores.values()))).tolist()
    spreads = np.array([_spread(truths[t]) for t in known])
    some = [metrics[t] for t in known]
    if share_unit(some, spreads):
        return
    names = list(dict.fromkeys(metric.name for metric in some))
    least, most = (truths[known[i]].name for i in _ends(spreads))
    why = (
        f"the spread of the labels of {most!r} is more than {MOST_SPREAD:g} times "
        f"that of {least!r}"
    )
    if len(names) > 1:
        why = "the metrics are different"
    warnings.warn(
        f"{who}: the mean is over values of {names}, which have the units of the "
        f"tasks: {why}. To weight all tasks equally, use 'skill', 'r2' or "
        "'d2_absolute_error_score'.",
        DifferentUnitsWarning,
        stacklevel=4,
    )


def _spread(truth: TaskTruth) -> float:
    if truth.classes is not None:
        return 0.0
    mean = np.average(truth.y, weights=truth.weight)
    return float(np.sqrt(np.average((truth.y - mean) ** 2, weights=truth.weight)))


def _ends(spreads: np.ndarray) -> tuple[int, int]:
    """Return the indices of the smallest and the largest spread."""
    least = np.where(spreads > 0, spreads, np.inf)
    return int(least.argmin()), int(spreads.argmax())
