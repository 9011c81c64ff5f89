"""Encoded predictions of the model of one task."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.tasks import Task, as_cells
from sklearn_mtl.utils._typing import FeaturesLike, Predictor

__all__ = ["predicted_codes", "task_output"]


def predicted_codes(
    model: Predictor, task: Task, X: FeaturesLike, n_samples: int
) -> np.ndarray:
    """Return the predicted class indices or values of a model, which may be None."""
    if task.kind == "empty":
        return np.full(n_samples, np.nan)
    if model is None:
        return np.zeros(n_samples)
    predicted = np.asarray(model.predict(X)).ravel()
    if task.is_tokens:
        every = np.ones(n_samples, dtype=bool)
        labels, _ = task.encode_tokens(predicted, every, type(model).__name__)
        return as_cells(np.split(labels.codes, labels.offsets[1:-1]))
    return task.encode(predicted)


def task_output(model: Any, task: Task, X: FeaturesLike, n_samples: int) -> Any:
    """Return the probabilities (n, n_classes) or values (n,) of a task.

    If a classifier has no probabilities, the predicted class has the probability 1. For
    a token task, the output is a list with probabilities (n_tokens, n_tags) for each
    sample.
    """
    if task.is_tokens:
        return _token_output(model, task, X, n_samples)
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


def _token_output(
    model: Any, task: Task, X: FeaturesLike, n_samples: int
) -> list[np.ndarray]:
    """Return the probabilities (n_tokens, n_tags) of each sample."""
    if not hasattr(model, "predict_proba"):
        codes = predicted_codes(model, task, X, n_samples)
        return [np.eye(task.n_classes)[cell.astype(np.intp)] for cell in codes]
    assert task.classes is not None  # for the type checker
    place = np.searchsorted(task.classes, model.classes_)
    outputs = []
    for proba in model.predict_proba(X):
        outputs.append(np.zeros((len(proba), task.n_classes)))
        outputs[-1][:, place] = proba
    return outputs
