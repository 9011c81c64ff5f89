"""Predictions as labels or values, and what they say about the kind of a task."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.exceptions import TaskError, TaskTypeWarning
from sklearn_mtl.tasks import TargetColumns, drop_missing, infer_kind

__all__ = ["check_labels", "check_values", "kinds_of_tasks", "read_predicted"]

# classes whose predictions may be scores of the second one
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
    """Refuse predictions that cannot be labels of a task.

    Shapes: predicted (n_samples,), classes (n_classes,).
    """
    if not len(predicted) or not len(classes):
        return
    found, known = _family(predicted), _family(classes)
    if found != known:
        raise TaskError(
            f"{who}: task {name!r} has {known} as labels in y_true, such as "
            f"{classes.tolist()[:3]}, and {found} in y_pred, such as "
            f"{np.unique(predicted)[:3].tolist()}. Give both the same type."
        )
    fractions = _fractions(predicted)
    if len(fractions):
        raise TaskError(
            f"{who}: task {name!r} has predictions that are no labels, such as "
            f"{fractions[:3].tolist()}; its classes are {classes.tolist()[:20]}. Give "
            "labels or an array (n_samples, n_classes) of probabilities; if the task "
            f"is a regression, say task_types={{{name!r}: 'regression'}} and choose a "
            "metric of regressions."
        )


def check_values(predicted: np.ndarray, name: str, who: str) -> None:
    """Refuse text as the predictions of a regression."""
    if len(predicted) and _family(predicted) != "numbers":
        raise TaskError(
            f"{who}: task {name!r} is a regression, but y_pred has "
            f"{_family(predicted)} for it, such as "
            f"{np.unique(predicted)[:3].tolist()}; numbers are needed."
        )


def kinds_of_tasks(
    columns: TargetColumns,
    wanted: Sequence[str],
    predictions: Sequence[np.ndarray],
    who: str,
) -> list[str]:
    """Return what tasks are, where labels and predictions together tell.

    Whole numbers are taken for classes, but predictions that are fractions are no
    labels: they are values of a regression, unless they can be scores of the second
    of two classes.

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
        f"{fractions[:3].tolist()}, and is taken for a classification whose "
        f"predictions are scores of {classes.tolist()[1]!r}. Say what the task is: "
        f"task_types={{{name!r}: 'classification'}}, or 'regression'.",
        TaskTypeWarning,
        stacklevel=5,
    )


def _present(values: np.ndarray) -> np.ndarray:
    present, _ = drop_missing(values)
    return np.array(present.tolist()) if present.dtype.kind == "O" else present


def _fractions(values: np.ndarray) -> np.ndarray:
    """Return the numbers that are not whole, in ascending order."""
    if values.dtype.kind != "f":
        return np.empty(0)
    finite = values[np.isfinite(values)]
    return np.unique(finite[finite != np.floor(finite)])


def _family(values: np.ndarray) -> str:
    """Return what labels are called in messages; only equal families compare."""
    return {"U": "text", "S": "bytes"}.get(values.dtype.kind, "numbers")
