"""Automatic selection of a single-task model for every split and task."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from sklearn_mtl.comparison.run._fits import Fit
from sklearn_mtl.metrics import mean_over_tasks
from sklearn_mtl.utils._ties import first_highest

__all__ = ["select_single"]


def select_single(
    fits: Iterable[Fit], candidates: list[int], shape: tuple[int, int, int]
) -> np.ndarray:
    """Return the models with the best mean score of the inner fits.

    Shapes: -> (n_splits, n_tasks).
    """
    n_splits, n_inner, n_tasks = shape
    if not candidates:
        return np.full((n_splits, n_tasks), -1)
    if len(candidates) == 1:  # there are no inner fits
        return np.full((n_splits, n_tasks), candidates[0])
    scores = np.full((len(candidates), n_splits, n_tasks, n_inner), np.nan)
    for fit in fits:
        if fit.job.is_inner:
            place = candidates.index(fit.job.model)
            scores[place, fit.job.split, :, fit.job.inner] = fit.scores
    means = mean_over_tasks(scores)  # over the last axis: the inner splits
    return np.asarray(candidates)[first_highest(means, axis=0)]
