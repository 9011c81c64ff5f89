"""Confidence intervals for means over tasks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sklearn_mtl.comparison.results._intervals import Interval, corrected_interval
from sklearn_mtl.metrics import mean_over_tasks

__all__ = ["mean_interval"]


def mean_interval(
    differences: np.ndarray, test_train_ratio: float, *, confidence: float
) -> Interval:
    """Compute the interval of the mean difference over tasks.

    The difference of a task is averaged over the splits in which the task has a score,
    as for the mean scores. Averaging over tasks first would mix different sets of
    tasks.

    Shapes: differences (n_splits, n_tasks), in a common unit.
    """
    seen = ~np.isnan(differences)
    d = differences[seen.any(axis=1)][:, seen.any(axis=0)]
    n_splits, n_scored = len(d), (~np.isnan(d)).sum(axis=0)
    if (n_scored == n_splits).all():
        return corrected_interval(
            mean_over_tasks(d), test_train_ratio, confidence=confidence
        )
    means = np.nanmean(d, axis=0)
    if n_scored.min() < 2:
        return Interval(float(means.mean()), np.nan, np.nan, np.nan, n_splits)
    # One value per split, with the same overall mean. Deviations of tasks with few
    # scores are scaled up. For uncorrelated tasks, the expected variance of the values
    # divided by n_splits is then the variance of the mean of the task means.
    share = n_scored * (n_scored - 1) / (n_splits * (n_splits - 1))
    values = means.mean() + np.nan_to_num((d - means) / np.sqrt(share)).mean(axis=1)
    found = corrected_interval(
        values,
        test_train_ratio,
        confidence=confidence,
        # harmonic mean of the degrees of freedom, as each variance has few values
        freedom=float(1 / np.mean(1 / (n_scored - 1))),
    )
    return replace(found, mean=float(means.mean()))
