"""Checks of predicted labels and values, and inference of types from predictions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.exceptions import TaskError, TaskTypeWarning
from sklearn_mtl.tasks import TargetColumns, drop_missing, infer_kind

__all__ = ["check_labels", "check_values", "kinds_of_tasks", "read_predicted"]

# labels of two classes whose predictions may be scores of the second class
_TWO = ([0, 1], [-1, 1])


def read_predicted(values: np.ndarray) -> np.ndarray | None:
    """Return predicted labels or values in their natural dtype.

    Shapes: values (n_samples,) -> (n_samples,).
    """
    present, seen = drop_missing(values)
    if not seen.all():
        return None
    return np.array(present.tolist()) if present.dtype.kind == "O" else present


def check_labels(
    predicted: np.ndarray, classes: np.ndarray, name: str, who: str
) -> None:
    """Raise for predictions that cannot be labels of a task.

    Shapes: predicted (n_samples,), classes (n_classes,).
    """
    if not len(predicted) or not len(classes):
        return
    found, known = _family(predicted), _family(classes)
    if found != known:
        raise TaskError(
            f"{who}: task {name!r} has {known} as labels in y_true, such as "
            f"{classes.tolist()[:3]}, but {found} in y_pred, such as "
            f"{np.unique(predicted)[:3].tolist()}. They must have the same type."
        )
    fractions = _fractions(predicted)
    if len(fractions):
        raise TaskError(
            f"{who}: task {name!r} has predictions that are not labels, such as "
            f"{fractions[:3].tolist()}; its classes are {classes.tolist()[:20]}. Use "
            "labels or an array (n_samples, n_classes) of probabilities. If the task "
            f"is a regression task, set task_types={{{name!r}: 'regression'}} and use "
            "a regression metric."
        )


def check_values(predicted: np.ndarray, name: str, who: str) -> None:
    """Raise if the predictions of a regression task are strings."""
    if len(predicted) and _family(predicted) != "numbers":
        raise TaskError(
            f"{who}: task {name!r} is a regression task, but y_pred has "
            f"{_family(predicted)} for it, such as "
            f"{np.unique(predicted)[:3].tolist()}; they must be numbers."
        )


def kinds_of_tasks(
    columns: TargetColumns,
    wanted: Sequence[str],
    predictions: Sequence[np.ndarray],
    who: str,
) -> list[str]:
    """Return the task types, inferred from labels and predictions together.

    A few different integers are classes. However, if predictions are fractions, the
    task is a regression task, unless they can be scores of the second of two classes.

    Shapes: predictions (n_samples,) or (n_samples, n_classes).
    """
    return [
        _kind(columns, t, values, who) if one == "infer" else one
        for t, (one, values) in enumerate(zip(wanted, predictions, strict=True))
    ]


def _kind(columns: TargetColumns, t: int, values: np.ndarray, who: str) -> str:
    labels, is_categorical = columns.values[t], columns.is_categorical[t]
    is_flat = values.ndim == 1 or values.shape[1:] == (1,)
    is_open = is_flat and len(labels) and labels.dtype.kind in "fiu"
    if not is_open or is_categorical:
        return "infer"
    fractions = _fractions(_present(values.ravel()))
    if not len(fractions):
        return "infer"
    if infer_kind(labels, is_categorical) == "regression":
        return "regression"
    classes = np.unique(labels)
    if any(np.isin(classes, two).all() for two in _TWO):
        return "infer"
    if len(classes) != 2:
        return "regression"
    if (fractions < 0).any() or (fractions > 1).any():
        _warn_of_two_values(columns.names[t], classes, fractions, who)
    return "infer"


def _warn_of_two_values(
    name: str, classes: np.ndarray, fractions: np.ndarray, who: str
) -> None:
    warnings.warn(
        f"{who}: task {name!r} has the labels {classes.tolist()} and the predictions "
        f"{fractions[:3].tolist()}. It is inferred to be a classification task whose "
        f"predictions are scores of {classes.tolist()[1]!r}. Set the type: "
        f"task_types={{{name!r}: 'classification'}}, or 'regression'.",
        TaskTypeWarning,
        stacklevel=5,
    )


def _present(values: np.ndarray) -> np.ndarray:
    present, _ = drop_missing(values)
    return np.array(present.tolist()) if present.dtype.kind == "O" else present


def _fractions(values: np.ndarray) -> np.ndarray:
    """Return the sorted values that are not integers."""
    if values.dtype.kind != "f":
        return np.empty(0)
    finite = values[np.isfinite(values)]
    return np.unique(finite[finite != np.floor(finite)])


def _family(values: np.ndarray) -> str:
    """Return the name of a type of labels; only labels of the same type compare."""
    return {"U": "strings", "S": "bytes"}.get(values.dtype.kind, "numbers")
