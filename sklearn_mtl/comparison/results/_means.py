"""How sure the mean over tasks of a difference is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sklearn_mtl.comparison.results._intervals import Interval, corrected_interval
from sklearn_mtl.metrics import mean_over_tasks

__all__ = ["mean_interval"]


def mean_interval(
    differences: np.ndarray, test_train_ratio: float, *, confidence: float
) -> Interval:
    """Compute the interval of a difference in the mean over tasks.

    Each task counts by its mean over the splits where it has a score, as in the means
    of the scores. A mean over the tasks of each split would mix different tasks.

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
    # One value per split, with the mean above. A deviation is enlarged where its task
    # has few of them: without correlation of tasks, the variance of the values over
    # n_splits is then expected to be that of the mean of task means.
    share = n_scored * (n_scored - 1) / (n_splits * (n_splits - 1))
    values = means.mean() + np.nan_to_num((d - means) / np.sqrt(share)).mean(axis=1)
    found = corrected_interval(
        values,
        test_train_ratio,
        confidence=confidence,
        # As each variance is that of few values: the harmonic mean of their freedoms.
        freedom=float(1 / np.mean(1 / (n_scored - 1))),
    )
    return replace(found, mean=float(means.mean()))
