"""The labels to score against, task by task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import (
    NamedTasks,
    TargetColumns,
    Task,
    check_sample_weight,
    warn_of_unseen,
)

__all__ = ["TaskTruth", "read_truth"]


@dataclass(frozen=True)
class TaskTruth:
    """The observed labels of one task that have a positive weight.

    Attributes
    ----------
    name : str
        Name of the task.
    rows : ndarray of shape (n_observed,)
        Their rows.
    y : ndarray of shape (n_observed,)
        Indices into `classes`, or the values of a regression.
    weight : ndarray of shape (n_observed,)
        Positive weights.
    model : Task
        The task as the model knows it.
    classes : ndarray of shape (n_classes,) or None
        The labels of the model and of y together; None for a regression.
    of_model : ndarray of shape (n_classes_of_model,)
        Where the model's classes stand in `classes`.
    """

    name: str
    rows: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    model: Task
    classes: np.ndarray | None
    of_model: np.ndarray

    @property
    def kind(self) -> str:
        """Return "binary", "multiclass" or "regression".

        Model and y decide together, so that a fold in which one of them lacks a class
        is scored by the same metric as the others.
        """
        if self.classes is None:
            return "regression"
        return "binary" if len(self.classes) <= 2 else "multiclass"

    @property
    def labels(self) -> np.ndarray:
        """The labels as they came."""
        return self.y if self.classes is None else self.classes[self.y]


def read_truth(
    columns: TargetColumns,
    classes: Sequence[np.ndarray | None],
    model: NamedTasks | None,
    who: str,
) -> list[TaskTruth]:
    """Return the labels that a model with these classes is scored against."""
    if len(columns.names) != len(classes):
        raise TaskError(
            f"{who}: y has {len(columns.names)} tasks, the model {len(classes)}."
        )
    if model is not None and not columns.is_1d:
        columns = columns.like(model, "y", who)
    weights = check_sample_weight(columns.weights, columns.observed.shape, who)
    truths, unseen = [], {}
    for t, name in enumerate(columns.names):
        all_rows = np.flatnonzero(columns.observed[:, t])
        is_in = weights[all_rows, t] > 0
        rows, values = all_rows[is_in], columns.values[t][is_in]
        truth, new = _read_task(name, rows, values, weights[rows, t], classes[t], who)
        truths.append(truth)
        if len(new):
            unseen[name] = new.tolist()
    if unseen:
        warn_of_unseen(unseen, who)
    return truths


def _read_task(
    name: str,
    rows: np.ndarray,
    values: np.ndarray,
    weight: np.ndarray,
    classes: np.ndarray | None,
    who: str,
) -> tuple[TaskTruth, np.ndarray]:
    """Return the truth of one task and the labels that the model does not know."""
    if classes is None:
        model = Task(name, "regression", None, np.dtype(float))
        y = _numbers(values, name, who)
        return TaskTruth(name, rows, y, weight, model, None, np.array([], int)), y[:0]
    model = Task(name, "multiclass", classes, classes.dtype)
    codes = model.encode(values).astype(np.intp)
    # Labels that the model has not seen are scored, as errors.
    new, place = np.unique(values[codes < 0], return_inverse=True)
    codes[codes < 0] = len(classes) + place
    together, rank = _join(classes, new)
    truth = TaskTruth(
        name, rows, rank[codes], weight, model, together, rank[: len(classes)]
    )
    return truth, new


def _numbers(values: np.ndarray, name: str, who: str) -> np.ndarray:
    if len(values) and values.dtype.kind not in "fiub":
        raise TaskError(
            f"{who}: task {name!r} is a regression, but its labels are of dtype "
            f"{values.dtype}; numbers are needed."
        )
    return values.astype(np.float64) if len(values) else np.empty(0)


def _join(classes: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both together, sorted where they compare, and the place of each."""
    n = len(classes) + len(new)
    if not len(new) or not len(classes):
        return (classes if len(classes) else new), np.arange(n)
    # Text and numbers do not compare.
    if (classes.dtype.kind in "US") != (new.dtype.kind in "US"):
        together = np.array([*classes.tolist(), *new.tolist()], dtype=object)
        return together, np.arange(n)
    together = np.concatenate([classes, new])
    order = np.argsort(together, kind="stable")
    rank = np.empty(n, dtype=np.intp)
    rank[order] = np.arange(n)
    return together[order], rank
