"""Conversion of predictions to one array per task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._engine import TaskGiven
from sklearn_mtl.tasks import (
    TargetColumns,
    TaskSet,
    as_cells,
    as_pandas_or_array,
    by_task,
    holds_lists,
    is_gap,
    match_tasks,
    order_of_columns,
    task_name,
)
from sklearn_mtl.utils._frames import (
    column_names,
    frame_columns,
    from_arrow,
    is_frame,
    is_pandas,
)

__all__ = ["TaskOutput", "give_to_tasks", "read_predictions"]


@dataclass(frozen=True)
class TaskOutput:
    """Predictions of one task.

    Attributes
    ----------
    values : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Labels, values or probabilities. For a token task, a list of tags or an array
        (n_tokens, n_tags) for each sample.
    labels : list or None
        Names of the columns of probabilities, if they have names.
    """

    values: np.ndarray
    labels: list[Any] | None = None


def read_predictions(
    y_pred: Any, tasks: TaskSet | TargetColumns, n_samples: int, who: str
) -> list[TaskOutput]:
    """Return the predictions of each task."""
    y_pred = from_arrow(y_pred)
    if _is_of_tokens(y_pred, tasks, n_samples):
        outputs = [TaskOutput(as_cells(y_pred))]
    elif is_frame(y_pred):
        outputs = _of_frame(y_pred, tasks, who)
    elif hasattr(y_pred, "items") and not is_pandas(y_pred):
        given = dict(y_pred.items())
        _refuse_absent(tasks.names[len(given) :], who)
        order = order_of_columns(given, tasks, "y_pred", who) or range(len(given))
        values = list(given.values())
        outputs = [_output_or_none(values[t], n_samples) for t in order]
    elif _is_by_task(y_pred, len(tasks.names)):
        outputs = [_output_or_none(one, n_samples) for one in y_pred]
    else:
        outputs = _of_array(np.asarray(as_pandas_or_array(y_pred, who)), tasks)
    shapes = [output.values.shape for output in outputs]
    fits = all(len(s) in (1, 2) and s[0] == n_samples for s in shapes)
    if len(outputs) != len(tasks.names) or not fits:
        raise TaskError(
            f"{who}: y_pred has the shapes {shapes} for {len(tasks.names)} tasks; "
            f"there must be one array per task with {n_samples} samples."
        )
    return outputs


def _is_by_task(y_pred: ArrayLike, n_tasks: int) -> bool:
    """Return whether predictions are a list with one array per task, not per sample."""
    if not isinstance(y_pred, list | tuple):
        return False
    # None if a task has no such predictions, such as probabilities of a regression
    known = [one for one in y_pred if one is not None]
    shapes = [_shape(one) for one in known]
    of_samples = len(y_pred) != n_tasks and all(s == (n_tasks,) for s in shapes)
    return bool(known) and all(shapes) and not of_samples


def _shape(one: Any) -> tuple[int, ...]:
    """Return the shape of the predictions of a task; (n_samples,) for tokens."""
    if isinstance(one, list) and one and all(np.ndim(cell) == 2 for cell in one):
        return (len(one),)
    return getattr(one, "shape", ())


def _is_of_tokens(y_pred: Any, tasks: Any, n_samples: int) -> bool:
    """Return whether predictions are tags, or scores of tags, of a single task."""
    if not isinstance(y_pred, list) or not isinstance(tasks, TargetColumns):
        return False
    is_by_task = len(y_pred) == 1 and _shape(y_pred[0]) == (n_samples,)
    return len(tasks.names) == 1 and holds_lists(tasks.values[0]) and not is_by_task


def _of_array(whole: np.ndarray, tasks: TaskSet | TargetColumns) -> list[TaskOutput]:
    if whole.ndim == 3:
        return [_of_regions(whole[:, t]) for t in range(whole.shape[1])]
    is_single = len(tasks.names) == 1 and (whole.ndim == 1 or whole.shape[1] != 1)
    if is_single or whole.ndim != 2:
        return [TaskOutput(whole)]
    return [TaskOutput(column) for column in whole.T]


def _of_regions(values: np.ndarray) -> TaskOutput:
    """Return intervals or quantiles of one task; a single column of NaN for none."""
    is_none = values.dtype.kind == "f" and bool(np.isnan(values).all())
    return TaskOutput(values[:, 0] if is_none else values)


def _of_frame(frame: Any, tasks: TaskSet | TargetColumns, who: str) -> list[TaskOutput]:
    labels = list(frame.columns)
    columns = [_values(column) for column in frame_columns(frame)]
    names = {task_name(label) for label in labels}
    if getattr(frame.columns, "nlevels", 1) == 2 and not names <= set(tasks.names):
        return _of_classes(labels, columns, tasks, who)
    if len(labels) != len(tasks.names):
        whole = TaskOutput(np.stack(columns, axis=1), labels)
        return (
            [whole] if len(tasks.names) == 1 else [TaskOutput(one) for one in columns]
        )
    order = None if tasks.is_1d else order_of_columns(labels, tasks, "y_pred", who)
    return [TaskOutput(columns[t]) for t in order or range(len(columns))]


def _of_classes(
    labels: list[Any],
    columns: list[np.ndarray],
    tasks: TaskSet | TargetColumns,
    who: str,
) -> list[TaskOutput]:
    """Return the outputs from columns (task, class)."""
    places: dict[Any, list[int]] = {}
    for place, (name, _) in enumerate(labels):
        places.setdefault(name, []).append(place)
    found = match_tasks(places, tasks.names, "y_pred", who)
    _refuse_absent([name for name in tasks.names if name not in found], who)
    return [
        TaskOutput(
            np.stack([columns[place] for place in found[name]], axis=1),
            [labels[place][1] for place in found[name]],
        )
        for name in tasks.names
    ]


def _refuse_absent(absent: list[str], who: str) -> None:
    if absent:
        raise TaskError(f"{who}: y_pred has no predictions for the tasks {absent}.")


def _output_or_none(one: Any, n_samples: int) -> TaskOutput:
    return TaskOutput(np.full(n_samples, np.nan)) if one is None else _output(one)


def _output(one: Any) -> TaskOutput:
    """Return the output of one task from an array or a DataFrame."""
    one = from_arrow(one)
    if isinstance(one, list):
        return TaskOutput(as_cells(one))
    labels = column_names(one)
    if labels is None:
        return TaskOutput(np.asarray(as_pandas_or_array(one, "y_pred")))
    columns = [_values(column) for column in frame_columns(one)]
    return TaskOutput(np.stack(columns, axis=1), labels)


def _values(column: Any) -> np.ndarray:
    """Return the values of a Series, with NaN for missing values."""
    array = np.asarray(column)
    if array.dtype.kind == "O":
        gaps = np.array([is_gap(value) for value in array], dtype=bool)
        array = np.where(gaps, np.nan, array)
    return array


def give_to_tasks(
    outputs: Sequence[TaskOutput], classes: Any, tasks: TaskSet, who: str
) -> tuple[list[TaskGiven], list[np.ndarray | None]]:
    """Return the predictions in the form for metrics, and the classes of columns."""
    if classes is None:
        outputs = [
            # predictions of Keras may have the shape (n_samples, 1)
            replace(one, values=one.values[:, 0])
            if one.values.shape[1:] == (1,) and task.n_classes != 1
            else one
            for task, one in zip(tasks.tasks, outputs, strict=True)
        ]
        known = [
            _guess_classes(task.name, task.classes, output, who)
            for task, output in zip(tasks.tasks, outputs, strict=True)
        ]
    else:
        said = _given_classes(classes, tasks, who)
        # the columns are in the order of the classes, which need not be sorted
        outputs = [
            replace(output, labels=None if one is None else one.tolist())
            if output.labels is None
            else output
            for output, one in zip(outputs, said, strict=True)
        ]
        known = [None if one is None else np.unique(one) for one in said]
    given = [
        _give(task.name, output, one, who)
        for task, output, one in zip(tasks.tasks, outputs, known, strict=True)
    ]
    return given, known


def _given_classes(classes: Any, tasks: TaskSet, who: str) -> list[np.ndarray | None]:
    """Return the classes that were given for each task."""
    if not hasattr(classes, "items"):
        is_flat = np.ndim(classes[0]) == 0 and classes[0] is not None
        classes = [classes] if tasks.n_tasks == 1 and is_flat else list(classes)
    found = by_task(classes, tasks.names, parameter="classes", who=who)
    return [None if one is None else np.asarray(one) for one in found.values()]


def _guess_classes(
    name: str, classes: np.ndarray | None, output: TaskOutput, who: str
) -> np.ndarray | None:
    """Return the classes of y_true if they match the number of columns, or 0..K-1."""
    if classes is None:
        return None
    values = output.values
    is_single = len(classes) == 1 and classes.dtype.kind not in "US"
    if values.ndim == 1 and is_single and classes[0] in (0, 1):
        return np.array([0, 1]).astype(classes.dtype)
    if values.ndim == 1 or values.shape[1] == len(classes):
        return classes
    named = _classes_of_columns(output, classes)
    if named is not None:
        return named
    every = np.arange(values.shape[1])
    if classes.dtype.kind not in "US" and np.isin(classes, every).all():
        return every
    raise TaskError(
        f"{who}: task {name!r} has {values.shape[1]} columns of probabilities, but "
        f"y_true has the labels {classes.tolist()}. Set classes to the classes of the "
        "columns."
    )


def _classes_of_columns(output: TaskOutput, classes: np.ndarray) -> np.ndarray | None:
    """Return the sorted labels of columns if they contain all labels of y."""
    if output.labels is None or not set(classes.tolist()) <= set(output.labels):
        return None
    return np.unique(np.array(output.labels))


def _give(
    name: str, output: TaskOutput, known: np.ndarray | None, who: str
) -> TaskGiven:
    values = output.values
    if known is not None and holds_lists(values):
        return _give_tags(name, values, known, who)
    if known is None:
        if values.ndim == 2:
            return TaskGiven(region=values)
        return TaskGiven(predicted=values)
    if values.ndim == 2:
        if values.shape[1] != len(known):
            raise TaskError(
                f"{who}: task {name!r} has {len(known)} classes, but y_pred has "
                f"{values.shape[1]} columns for it."
            )
        scores = values[:, _order_of_classes(name, output, known, who)]
        region = scores if scores.dtype.kind == "b" else None
        return TaskGiven(
            scores=scores, is_proba=_looks_like_proba(scores), region=region
        )
    if len(known) != 2 or values.dtype.kind not in "fiub":
        return TaskGiven(predicted=values)
    second = values.astype(np.float64)
    return TaskGiven(
        predicted=values,
        scores=np.column_stack([1 - second, second]),
        is_proba=_looks_like_proba(second),
    )


def _give_tags(name: str, cells: np.ndarray, known: np.ndarray, who: str) -> TaskGiven:
    """Return the predicted tags of a token task, or their scores."""
    scores = [cell for cell in cells if np.ndim(cell) == 2]
    if not scores:
        return TaskGiven(predicted=cells)
    widths = {cell.shape[1] for cell in scores}
    if widths != {len(known)}:
        raise TaskError(
            f"{who}: task {name!r} has {len(known)} tags, but y_pred has "
            f"{sorted(widths)} columns for it. Set classes to the tags of the columns."
        )
    is_proba = all(_looks_like_proba(cell) for cell in scores)
    return TaskGiven(scores=list(cells), is_proba=is_proba)


def _order_of_classes(
    name: str, output: TaskOutput, known: np.ndarray, who: str
) -> list[int]:
    """Return the column of each class, matched by name if the columns have names."""
    classes, in_order = known.tolist(), list(range(len(known)))
    if output.labels is None:
        return in_order
    for found, wanted in (
        (output.labels, classes),
        # column names of polars are strings
        ([str(label) for label in output.labels], [str(label) for label in classes]),
    ):
        if set(found) == set(wanted):
            return [found.index(label) for label in wanted]
    # The columns 0, 1, ... of a DataFrame that was made from an array are not names.
    if output.labels != in_order and set(output.labels) & set(classes):
        raise TaskError(
            f"{who}: task {name!r}: y_pred has columns for {output.labels}, but its "
            f"classes are {classes}."
        )
    return in_order


def _looks_like_proba(scores: np.ndarray) -> bool:
    return not bool(np.any((scores < 0) | (scores > 1)))  # NaN gives the score NaN
