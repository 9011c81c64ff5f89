"""Coverage of prediction intervals and sets of each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from sklearn_mtl.tasks import TaskSet, model_and_inputs
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

__all__ = ["coverage_of_tasks"]


def coverage_of_tasks(
    estimator: Estimator,
    X: FeaturesLike,
    y: TargetsLike,
    levels: Sequence[float],
    who: str,
) -> tuple[TaskSet, np.ndarray]:
    """Return the tasks and the fraction of their labels covered at each level.

    Shapes: X (n_samples, n_features), y (n_samples, n_tasks) -> (n_tasks, n_levels),
    NaN where a task has no label.
    """
    model, inputs = model_and_inputs(estimator, X, who)
    if not (hasattr(model, "predict_interval") or hasattr(model, "predict_set")):
        raise TypeError(
            f"{who}: {type(model).__name__} has neither predict_interval nor "
            "predict_set. Wrap it in a ConformalPredictor before fitting."
        )
    task_set: TaskSet = model.task_set_
    codes = task_set.encode(y, unseen="wrong", who=who)
    check_consistent_length(inputs, codes)
    found = np.stack([_is_covered(model, inputs, codes, level) for level in levels], 1)
    seen = ~np.isnan(codes)
    n_labels = np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
    covered = np.einsum("nlt,nt->tl", found, seen * 1.0)
    return task_set, covered / n_labels[:, None]


def _is_covered(
    model: Any, X: FeaturesLike, codes: np.ndarray, level: float
) -> np.ndarray:
    """Return whether each label is in its interval or set.

    Shapes: codes (n_samples, n_tasks) -> (n_samples, n_tasks).
    """
    inside = np.zeros(codes.shape, dtype=bool)
    task_set = model.task_set_
    if hasattr(model, "predict_interval"):
        ends = model.predict_interval(X, level).reshape(*codes.shape, 2)
        for t, task in enumerate(task_set.tasks):
            low, width = ends[:, t, 0], np.diff(ends[:, t])[:, 0]
            above = codes[:, t] - low
            if task.period is not None:
                above = above % task.period
            inside[:, t] = (above >= 0) & (above <= width)
    if hasattr(model, "predict_set"):
        found = model.predict_set(X, level)
        for t, chosen in enumerate([found] if task_set.is_1d else found):
            # a class that was not seen in fit has the code -1 and is in no set
            for k in range(0 if chosen is None else chosen.shape[1]):
                inside[:, t] |= chosen[:, k] & (codes[:, t] == k)
    return inside
