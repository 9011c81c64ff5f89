"""Scores in the units of different tasks, of which no mean should be taken as it is."""

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

#: Tasks whose labels differ in spread by more than this are taken to have other units.
MOST_SPREAD = 10.0


#: What is said where scores in the units of several tasks are averaged.
MEAN_OF_UNITS = (
    "Means over tasks are of scores divided by the standard deviation of the task's "
    "labels (its square for squared errors)."
)


def mean_over_tasks(
    values: np.ndarray, units: Sequence[float] | None = None
) -> np.ndarray:
    """Average over the last axis what there is; NaN where there is nothing.

    With the units of the tasks given, values are brought to one unit first.
    """
    if units is not None:
        values = values / np.asarray(units)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return np.nanmean(values, axis=-1)


def tasks_in_means(scores: np.ndarray) -> np.ndarray:
    """Return which tasks count in means over tasks.

    Those that any model has a score of in more than half of the splits: the noise of a
    mean over one or two of many splits cannot be estimated. All tasks where none has.

    Shapes: scores (n_models, n_splits, n_tasks) -> (n_tasks,), bool.
    """
    n_scored = (~np.isnan(scores)).any(axis=0).sum(axis=0)
    counts = 2 * n_scored > scores.shape[1]
    return np.asarray(counts if counts.any() else n_scored >= 0)


def label_spreads(codes: np.ndarray, periods: Sequence[float | None]) -> np.ndarray:
    """Return the standard deviation of each task's labels, that of a circle by period.

    Shapes: codes (n_samples, n_tasks) -> (n_tasks,).
    """
    out = np.zeros(codes.shape[1])
    for t, (column, period) in enumerate(zip(codes.T, periods, strict=True)):
        seen = column[~np.isnan(column)]
        if period is not None:
            out[t] = period / np.sqrt(12.0)  # that of values all around
        elif len(seen):
            out[t] = seen.std()
    return out


def share_unit(metrics: Sequence[Metric], spreads: np.ndarray) -> bool:
    """Say whether scores of these metrics may be averaged as they are.

    Shapes: spreads (n_tasks,).
    """
    if len(metrics) < 2 or not any(metric.power for metric in metrics):
        return True
    if len({(metric.function, metric.sign) for metric in metrics}) > 1:
        return False
    known = spreads[spreads > 0]
    return not len(known) or bool(known.max() <= MOST_SPREAD * known.min())


def score_units(metrics: Sequence[Metric], spreads: np.ndarray) -> np.ndarray:
    """Return what scores are divided by before a mean over tasks is taken.

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
    """Warn where scores in different units are averaged."""
    if not isinstance(average, str) or not any(metric.power for metric in metrics):
        return
    known = np.flatnonzero(~np.isnan(list(scores.values()))).tolist()
    spreads = np.array([_spread(truths[t]) for t in known])
    some = [metrics[t] for t in known]
    if share_unit(some, spreads):
        return
    names = list(dict.fromkeys(metric.name for metric in some))
    least, most = (truths[known[i]].name for i in _ends(spreads))
    why = f"labels of {most!r} vary {MOST_SPREAD:g} times as much as those of {least!r}"
    if len(names) > 1:
        why = "they are not the same metric"
    warnings.warn(
        f"{who}: a mean is taken of {names}, which are in the units of the tasks: "
        f"{why}. A mean that counts all tasks alike is that of 'skill', 'r2' or "
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
    """Return the places of the smallest spread and of the largest."""
    least = np.where(spreads > 0, spreads, np.inf)
    return int(least.argmin()), int(spreads.argmax())
