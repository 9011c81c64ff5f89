"""What the model of one task says, in codes."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._typing import FeaturesLike, Predictor

__all__ = ["predicted_codes", "task_output"]


def predicted_codes(
    model: Predictor, task: Task, X: FeaturesLike, n_samples: int
) -> np.ndarray:
    """Return the class indices or values that a model (or None) predicts for a task."""
    if task.kind == "empty":
        return np.full(n_samples, np.nan)
    if model is None:
        return np.zeros(n_samples)
    return task.encode(np.asarray(model.predict(X)).ravel())


def task_output(model: Any, task: Task, X: FeaturesLike, n_samples: int) -> np.ndarray:
    """Return the probabilities (n, n_classes) or values (n,) of a task.

    A classifier without probabilities gives its label probability 1.
    """
    if not task.is_classification or task.kind == "empty":
        codes = predicted_codes(model, task, X, n_samples)
        return np.full((n_samples, 0), np.nan) if task.is_classification else codes
    out = np.zeros((n_samples, task.n_classes))
    if model is None or not hasattr(model, "predict_proba"):
        codes = predicted_codes(model, task, X, n_samples).astype(np.intp)
        out[np.arange(n_samples), codes] = 1.0
    else:
        place = task.encode(np.asarray(model.classes_)).astype(np.intp)
        out[:, place] = model.predict_proba(X)
    return out
