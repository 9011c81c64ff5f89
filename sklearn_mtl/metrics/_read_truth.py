"""Reading of the true labels for scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._tags import TagTruth
from sklearn_mtl.metrics._truth import TaskTruth
from sklearn_mtl.tasks import (
    NamedTasks,
    TargetColumns,
    Task,
    TaskSet,
    check_sample_weight,
    holds_lists,
    read_tags,
    warn_of_unseen,
)

__all__ = ["read_truth"]


def read_truth(
    columns: TargetColumns,
    classes: Sequence[np.ndarray | None],
    model: NamedTasks | None,
    who: str,
) -> list[TaskTruth]:
    """Return the true labels for the scores of a model with given classes."""
    if len(columns.names) != len(classes):
        raise TaskError(
            f"{who}: y has {len(columns.names)} tasks, but the model has "
            f"{len(classes)}."
        )
    if model is not None and not columns.is_1d:
        columns = columns.like(model, "y", who)
    weights = check_sample_weight(columns.weights, columns.observed.shape, who)
    truths, unseen = [], {}
    for t, name in enumerate(columns.names):
        all_rows = np.flatnonzero(columns.observed[:, t])
        is_in = weights[all_rows, t] > 0
        rows, values = all_rows[is_in], columns.values[t][is_in]
        cells = (name, rows, values, weights[rows, t])
        is_tokens = holds_lists(values) or _has_tokens(model, t)
        read = _read_tags if is_tokens else _read_task
        truth, new = read(*cells, classes[t], who)
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
    """Return the truth of one task, and the labels that were not seen in fit."""
    if classes is None:
        model = Task(name, "regression", None, np.dtype(float))
        y = _numbers(values, name, who)
        return TaskTruth(name, rows, y, weight, model, None, np.array([], int)), y[:0]
    model = Task(name, "multiclass", classes, classes.dtype)
    y, together, of_model, new = _encode(values, model, classes)
    return TaskTruth(name, rows, y, weight, model, together, of_model), new


def _read_tags(
    name: str,
    rows: np.ndarray,
    cells: np.ndarray,
    weight: np.ndarray,
    classes: np.ndarray | None,
    who: str,
) -> tuple[TaskTruth, np.ndarray]:
    """Return the truth of a token task, and the tags that were not seen in fit."""
    if classes is None:
        raise TaskError(
            f"{who}: task {name!r} has lists as labels, but the estimator predicts "
            "numbers for it."
        )
    model = Task(name, "multiclass", classes, classes.dtype)
    tags, seen, lengths = read_tags(cells, name, who)
    y, together, of_model, new = _encode(tags, model, classes)
    truth = TagTruth(
        name,
        np.flatnonzero(seen),
        y,
        np.repeat(weight, lengths)[seen],
        model,
        together,
        of_model,
        rows,
        lengths,
    )
    return truth, new


def _encode(
    values: np.ndarray, model: Task, classes: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return codes, all classes, indices of the model's classes, and unseen labels."""
    codes = model.encode(values).astype(np.intp)
    # Labels that were not seen in fit are scored as errors.
    new, place = np.unique(values[codes < 0], return_inverse=True)
    codes[codes < 0] = len(classes) + place
    together, rank = _join(classes, new)
    return rank[codes], together, rank[: len(classes)], new


def _has_tokens(model: NamedTasks | None, t: int) -> bool:
    """Return whether the model has this task as a token task."""
    return isinstance(model, TaskSet) and model.tasks[t].is_tokens


def _numbers(values: np.ndarray, name: str, who: str) -> np.ndarray:
    if len(values) and values.dtype.kind not in "fiub":
        raise TaskError(
            f"{who}: task {name!r} is a regression task, but its labels have the dtype "
            f"{values.dtype}; they must be numbers."
        )
    return values.astype(np.float64) if len(values) else np.empty(0)


def _join(classes: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the union, sorted if possible, and the index of each class in it."""
    n = len(classes) + len(new)
    if not len(new) or not len(classes):
        return (classes if len(classes) else new), np.arange(n)
    # Strings and numbers cannot be compared.
    if (classes.dtype.kind in "US") != (new.dtype.kind in "US"):
        together = np.array([*classes.tolist(), *new.tolist()], dtype=object)
        return together, np.arange(n)
    together = np.concatenate([classes, new])
    order = np.argsort(together, kind="stable")
    rank = np.empty(n, dtype=np.intp)
    rank[order] = np.arange(n)
    return together[order], rank
