"""Variance of the members of an ensemble around their mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_mtl.tasks import Task
from sklearn_mtl.uncertainty._calibration_data import residuals

__all__ = ["variance_of_members"]


def variance_of_members(
    tasks: Sequence[Task],
    members: Sequence[Sequence[np.ndarray]],
    outputs: Sequence[np.ndarray],
) -> np.ndarray:
    """Return the mean squared distance of the members from the output of the ensemble.

    It is 0 for classification tasks, and for tasks that no member has learned.

    Shapes: -> (n_samples, n_tasks).
    """
    found = np.zeros((len(outputs[0]), len(tasks)))
    for t, task in enumerate(tasks):
        if task.classes is not None:
            continue
        total = np.zeros(len(found))
        count = np.zeros(len(found))
        for member in members:
            square = residuals(member[t], outputs[t], task.period) ** 2
            count += ~np.isnan(square)
            total += np.where(np.isnan(square), 0.0, square)
        found[:, t] = total / np.maximum(count, 1.0)
    return found
