"""What the model of a group says of its tasks, whatever estimator it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl.model_selection import (
    classes_of_tasks,
    predicted_columns,
    proba_of_tasks,
)
from sklearn_mtl.tasks import Task

__all__ = ["group_codes", "group_outputs"]

_WHO = "TaskGroupSearchCV"


def group_codes(model: Any, tasks: Sequence[Task], X: Any) -> list[np.ndarray]:
    """Return predicted class indices or values (n_samples,) of each task of a group."""
    columns = predicted_columns(model.predict(X), len(tasks), _WHO)
    return [_encode(task, one) for task, one in zip(tasks, columns, strict=True)]


def group_outputs(model: Any, tasks: Sequence[Task], X: Any) -> list[np.ndarray]:
    """Return probabilities (n_samples, n_classes) or values (n_samples,) of each task.

    A classifier without probabilities gives its label probability 1.
    """
    is_proba = hasattr(model, "predict_proba")
    if not is_proba or not all(task.is_classification for task in tasks):
        codes = group_codes(model, tasks, X)
    proba: Sequence[np.ndarray | None] = [None] * len(tasks)
    classes = classes_of_tasks(model, len(tasks), _WHO)
    if is_proba and any(task.is_classification for task in tasks):
        proba = proba_of_tasks(model.predict_proba(X), classes, _WHO)
    outputs = []
    for place, task in enumerate(tasks):
        found, known = proba[place], classes[place]
        if not task.is_classification:
            outputs.append(codes[place])
        elif found is None or known is None:
            outputs.append(np.eye(task.n_classes)[codes[place].astype(np.intp)])
        else:
            out = np.zeros((len(found), task.n_classes))
            out[:, task.encode(known).astype(np.intp)] = found
            outputs.append(out)
    return outputs


def _encode(task: Task, predicted: np.ndarray) -> np.ndarray:
    """Return codes; labels of several types come in an array of objects."""
    if task.kind == "empty":
        return np.full(len(predicted), np.nan)
    is_object = predicted.dtype.kind == "O"
    return task.encode(np.array(predicted.tolist()) if is_object else predicted)
