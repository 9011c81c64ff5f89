"""Inference of the types of tasks, and warnings about unusual labels."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np

from sklearn_mtl.exceptions import (
    MissingLabelWarning,
    SingleClassWarning,
    TaskError,
    TaskTypeWarning,
    UnseenLabelWarning,
)
from sklearn_mtl.tasks._by_task import by_task
from sklearn_mtl.utils._typing import TaskTypes

MAX_INTEGER_CLASSES = 20
# A value or a fraction in at most this many samples may be absent from a fold.
_RARE = 2
# With more values than this, it is unlikely that enough values are absent.
_FAR = 30

_TYPES = {
    "classification": "classification",
    "binary": "classification",
    "multiclass": "classification",
    "regression": "regression",
    "tokens": "tokens",
    "infer": "infer",
    None: "infer",
}
# task types that an estimator for one kind of task accepts
_ALLOWED = {
    "classification": ("classification", "tokens"),
    "regression": ("regression",),
}
_LOOKS_MISSING = ("nan", "NaN", "None", "<NA>", "NaT", "")


def infer_kind(values: np.ndarray, is_categorical: bool) -> str:
    """Return "classification" or "regression" for the observed labels of a task."""
    if is_categorical or values.dtype.kind not in "fiu":
        return "classification"
    is_integral = values.dtype.kind != "f" or bool((values == np.floor(values)).all())
    few = is_integral and len(np.unique(values)) <= MAX_INTEGER_CLASSES
    return "classification" if few else "regression"


def warn_of_close_type(
    values: np.ndarray, is_categorical: bool, name: str, who: str
) -> None:
    """Warn if the inferred type could be different with other samples of the task.

    This is the case if there are 20 or 21 different integers, if rare values decide
    whether there are more than 20 integers, or if a few fractions decide that the task
    is a regression.
    """
    found = None if is_categorical else _close_call(values)
    if found is None:
        return
    taken = infer_kind(values, is_categorical)
    warnings.warn(
        f"{who}: task {name!r} has {found} and is inferred to be a {taken} task: up "
        f"to {MAX_INTEGER_CLASSES} different integers are classes. The type could be "
        "different for the samples of a fold or new samples. Set the type: "
        f"task_types={{{name!r}: {taken!r}}}, or the other type.",
        TaskTypeWarning,
        stacklevel=5,
    )


def _close_call(values: np.ndarray) -> str | None:
    """Return why the inferred type of a task is uncertain, or None."""
    if values.dtype.kind not in "fiu":
        return None
    is_whole = values == np.floor(values)
    n_fractions = len(values) - int(np.count_nonzero(is_whole))
    if n_fractions > min(_RARE, len(values) / 10):
        return None
    found, counts = np.unique(values[is_whole], return_counts=True)
    if n_fractions:
        few = 0 < len(found) <= MAX_INTEGER_CLASSES
        return f"integers except for {n_fractions} of its labels" if few else None
    n_values, n_rare = len(found), int(np.count_nonzero(counts <= _RARE))
    is_next = n_values in (MAX_INTEGER_CLASSES, MAX_INTEGER_CLASSES + 1)
    few = n_values - n_rare <= MAX_INTEGER_CLASSES < n_values + n_rare
    if not is_next and not (few and n_values <= _FAR):
        return None
    rare = f", {n_rare} of them in one or two samples," if n_rare else ""
    return f"{n_values} different integers{rare}"


def parse_task_types(
    task_types: TaskTypes | None, names: Sequence[str], kind: str, who: str
) -> list[str]:
    """Return "classification", "regression", "tokens" or "infer" for every task."""
    if kind != "mixed" and task_types is None:
        return [kind] * len(names)
    given = by_task(task_types, names, parameter="task_types", who=who)
    for name, value in given.items():
        if value not in _TYPES:
            raise TaskError(
                f"{who}: task {name!r}: the task type must be 'classification', "
                "'binary', 'multiclass', 'regression', 'tokens' or None; got "
                f"{value!r}."
            )
        if kind != "mixed" and _TYPES[value] not in (*_ALLOWED[kind], "infer"):
            raise TaskError(
                f"{who}: task {name!r} has task type {value!r}, but this estimator "
                f"supports only {kind}."
            )
    types = [_TYPES[given[name]] for name in names]
    if kind == "mixed":
        return types
    return [kind if one == "infer" else one for one in types]


def is_of_tokens(task_types: TaskTypes | None) -> bool:
    """Return whether task_types declares one token task, with lists as labels."""
    if isinstance(task_types, str) or task_types is None:
        return task_types == "tokens"
    said = task_types.values() if isinstance(task_types, Mapping) else task_types
    return list(said) == ["tokens"]


def warn_of_empty_task(
    name: str, n_samples: int, on_empty_task: str, who: str, warn: bool
) -> None:
    """Raise or warn for a task without observed labels."""
    if on_empty_task == "raise":
        raise TaskError(
            f"{who}: task {name!r} has no observed label: all {n_samples} values of y "
            "are missing (NaN) or have a weight of zero. Drop the column, or set "
            "on_empty_task='warn' to predict NaN for it."
        )
    if warn:
        warnings.warn(
            f"{who}: task {name!r} has no observed label; its predictions are NaN.",
            MissingLabelWarning,
            stacklevel=5,
        )


def refuse_single_tag(
    name: str, kind: str, classes: np.ndarray | None, who: str
) -> None:
    """Raise if all tokens have the same tag."""
    if kind == "tokens" and classes is not None and len(classes) == 1:
        raise TaskError(
            f"{who}: task {name!r} has the single tag {classes.tolist()[0]!r}; at "
            "least two different tags are required."
        )


def warn_of_single_class(
    name: str, kind: str, classes: np.ndarray | None, who: str
) -> None:
    """Warn about a classification task with a single class."""
    if kind == "constant" and classes is not None:
        warnings.warn(
            f"{who}: task {name!r} has the single class {classes.tolist()[0]!r}; its "
            "prediction is constant.",
            SingleClassWarning,
            stacklevel=5,
        )


def warn_of_sentinel(name: str, classes: np.ndarray | None, who: str) -> None:
    """Warn about classes that look like missing labels: -1 next to 0..K-1, or "nan"."""
    if classes is None or not len(classes):
        return
    suspect = None
    if classes.dtype.kind in "fi":
        n = len(classes) - 1
        if n >= 2 and classes[0] == -1 and (classes[1:] == np.arange(n)).all():
            suspect = -1
    elif classes.dtype.kind == "U":
        suspect = next((c for c in classes.tolist() if c in _LOOKS_MISSING), None)
    if suspect is not None:
        warnings.warn(
            f"{who}: task {name!r} has the label {suspect!r}, which is treated as a "
            "class. If it represents missing labels, use "
            f"sklearn_mtl.tasks.mask_labels(y, sentinel={suspect!r}).",
            MissingLabelWarning,
            stacklevel=5,
        )


def warn_of_unseen(unknown: dict[str, list], who: str) -> None:
    """Warn once about labels that were not seen in fit."""
    shown = ", ".join(f"{name!r}: {labels}" for name, labels in unknown.items())
    warnings.warn(
        f"{who}: y has labels that were not seen in fit: {shown}. They count as wrong "
        "predictions.",
        UnseenLabelWarning,
        stacklevel=3,
    )
