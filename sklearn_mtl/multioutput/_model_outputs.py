"""Probabilities and values of any estimator, for all classes of each task."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection import (
    classes_of_tasks,
    predicted_columns,
    proba_of_tasks,
)
from sklearn_mtl.tasks import Task, TaskSet
from sklearn_mtl.utils._private import num_samples
from sklearn_mtl.utils._typing import FeaturesLike

__all__ = ["model_codes", "model_outputs"]


def model_outputs(
    model: Any, X: FeaturesLike, task_set: TaskSet, who: str
) -> list[np.ndarray]:
    """Return probabilities (n, n_classes) and values (n,) of all tasks.

    A class that was not seen in fit has the probability 0. If the model has no
    probabilities, the predicted class has the probability 1. Outputs are NaN for a task
    without labels in fit.
    """
    tasks, n_tasks = task_set.tasks, task_set.n_tasks
    known = classes_of_tasks(model, n_tasks, who)
    has_classes = any(task.is_classification for task in tasks)
    has_proba = has_classes and hasattr(model, "predict_proba")
    predicted: list[Any] = [None] * n_tasks
    proba: list[Any] = [None] * n_tasks
    if has_proba:
        proba = proba_of_tasks(model.predict_proba(X), known, who)
    if not has_proba or not all(task.is_classification for task in tasks):
        predicted = predicted_columns(model.predict(X), n_tasks, who)
    outputs = []
    for task, classes, values, probabilities in zip(
        tasks, known, predicted, proba, strict=True
    ):
        is_known = classes is not None
        if task.is_classification != is_known:
            raise TaskError(
                f"{who}: task {task.name!r} is a {task.type} task, but the estimator "
                "learned it as another type. Set task_types, or use an estimator for "
                "this type."
            )
        if not task.is_classification:
            outputs.append(np.asarray(values, dtype=np.float64).ravel())
        elif classes is None or probabilities is None:
            outputs.append(_certain(task, np.asarray(values)))
        else:
            outputs.append(_spread(task, classes, probabilities, num_samples(X)))
    return outputs


def model_codes(model: Any, task_set: TaskSet, X: FeaturesLike, who: str) -> np.ndarray:
    """Return the predicted class indices and values of a model.

    Shapes: X (n_samples, n_features) -> (n_samples, n_tasks).
    """
    columns = predicted_columns(model.predict(X), task_set.n_tasks, who)
    pairs = zip(task_set.tasks, columns, strict=True)
    return np.stack(
        [
            np.full(len(values), np.nan)
            if task.kind == "empty"
            else task.encode(_alike(task, values))
            for task, values in pairs
        ],
        axis=1,
    )


def _alike(task: Task, values: np.ndarray) -> np.ndarray:
    """Return a column of predictions in the dtype of its task."""
    return values.astype(task.dtype) if values.dtype == object else values


def _certain(task: Task, labels: np.ndarray) -> np.ndarray:
    """Return probabilities that are 1 for the predicted labels (n,)."""
    out = np.zeros((len(labels), task.n_classes))
    codes = task.encode(_alike(task, labels)).astype(np.intp)
    out[np.arange(len(labels)), codes] = 1.0
    return out


def _spread(
    task: Task, classes: np.ndarray, proba: np.ndarray, n_samples: int
) -> np.ndarray:
    """Return probabilities for all classes of a task."""
    if not len(classes):
        return np.full((n_samples, task.n_classes), np.nan)
    place = task.encode(np.asarray(classes)).astype(np.intp)
    out = np.zeros((n_samples, task.n_classes))
    out[:, place[place >= 0]] = proba[:, place >= 0]
    return out
