"""Weights of samples, labels, classes and tasks."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._by_task import by_task
from sklearn_mtl.tasks._names import NamedTasks, order_of_columns
from sklearn_mtl.tasks._target_containers import as_targets
from sklearn_mtl.utils._frames import column_names, is_frame
from sklearn_mtl.utils._numbers import as_numbers
from sklearn_mtl.utils._private import HasMethods
from sklearn_mtl.utils._typing import ClassWeight, TaskNumbers

if TYPE_CHECKING:  # both modules import this one
    from sklearn_mtl.tasks._read_y import Cells
    from sklearn_mtl.tasks._task_set import Task, TaskSet

__all__ = [
    "CLASS_WEIGHT",
    "align_weights",
    "cell_weights",
    "check_sample_weight",
    "class_mass",
    "is_by_name",
    "resolve_class_weight",
    "task_weights",
    "warn_of_small_weights",
    "weightless_labels",
    "weights_at",
]


_LARGEST = 1e30  # weights are summed and multiplied, also in float32
_FEW = 0.1  # with a smaller mean, weights are probably normalised to a small sum

#: Parameter constraint of `class_weight`; a pandas Series also has items.
CLASS_WEIGHT: list[Any] = [dict, HasMethods(["items"]), list, tuple, str, None]


def check_sample_weight(
    sample_weight: ArrayLike | None,
    shape: tuple[int, int],
    who: str,
    tasks: NamedTasks | None = None,
) -> np.ndarray:
    """Return sample weights as one number per label.

    Shapes: -> (n_samples, n_tasks).
    """
    if sample_weight is None:
        return np.ones(shape)
    weights = align_weights(sample_weight, shape, who, tasks)
    return np.broadcast_to(_as_columns(weights), shape).copy()


def weights_at(
    cells: Cells, weights: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray:
    """Return the weights of some labels.

    Shapes: -> (n_cells,).
    """
    if weights is None:
        return np.ones(len(cells.rows))
    return np.broadcast_to(_as_columns(weights), shape)[cells.rows, cells.tasks]


def weightless_labels(
    weights: np.ndarray | None, shape: tuple[int, int]
) -> np.ndarray | None:
    """Return a mask of labels with weight 0, which are treated as missing.

    Shapes: -> (n_samples, n_tasks).
    """
    if weights is None:
        return None
    is_weightless = np.broadcast_to(_as_columns(weights) == 0, shape)
    return is_weightless if is_weightless.any() else None


@overload
def align_weights(
    sample_weight: None, shape: tuple[int, int], who: str, tasks: NamedTasks | None
) -> None: ...


@overload
def align_weights(
    sample_weight: ArrayLike, shape: tuple[int, int], who: str, tasks: NamedTasks | None
) -> np.ndarray: ...


def align_weights(
    sample_weight: ArrayLike | None,
    shape: tuple[int, int],
    who: str,
    tasks: NamedTasks | None,
) -> np.ndarray | None:
    """Return weights as an array in task order.

    Shapes: -> ().
    """
    if sample_weight is None:
        return None
    given = as_targets(sample_weight, who)
    if np.ma.is_masked(sample_weight):
        raise ValueError(
            f"{who}: sample_weight has masked entries, but every weight must be a "
            "number. Use 0 to leave a label out."
        )
    if sparse.issparse(given):
        given = given.toarray()
    weights = as_numbers(given, "sample_weight", who)
    is_by_task = weights.shape == shape and shape[1] > 1
    if weights.ndim and not is_by_task and _as_columns(weights).shape != (shape[0], 1):
        raise ValueError(
            f"{who}: sample_weight has shape {weights.shape}; allowed are "
            f"({shape[0]},) and {shape}."
        )
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise ValueError(f"{who}: sample_weight must be finite and not negative.")
    largest = weights.max(initial=0.0)
    if largest > _LARGEST or 0 < largest < 1 / _LARGEST:
        raise ValueError(
            f"{who}: the largest sample_weight is {largest:g}; allowed are "
            f"{1 / _LARGEST:g} to {_LARGEST:g}. Divide the weights by their mean."
        )
    if is_by_task and tasks is not None and is_frame(given):
        order = order_of_columns(column_names(given), tasks, "sample_weight", who)
        weights = weights if order is None else weights[:, order]
    return weights


def warn_of_small_weights(total: float, n_labels: int, who: str) -> None:
    """Warn if weights look normalised although they are used as numbers of samples."""
    if n_labels and total < _FEW * n_labels:
        warnings.warn(
            f"{who}: the mean of sample_weight is {total / n_labels:.3g}. A weight of "
            f"2 means two samples here, so {n_labels} labels count as {total:.3g} "
            "labels. Divide the weights by their mean if only their ratios are "
            "relevant.",
            UserWarning,
            stacklevel=2,
        )


def _as_columns(weights: np.ndarray) -> np.ndarray:
    """Return weights with one column per task, or one column for all tasks."""
    return weights[:, None] if weights.ndim == 1 else weights


def class_mass(
    task_set: TaskSet, codes: np.ndarray, sample_weight: ArrayLike | None, who: str
) -> np.ndarray:
    """Return the sum of the weights of each class.

    Shapes: codes (n_samples, n_tasks) -> (n_tasks, n_classes).
    """
    weights = cell_weights(task_set, codes, sample_weight, None, who)
    n_classes = [t.n_classes if t.is_classification else 0 for t in task_set.tasks]
    mass = np.zeros((task_set.n_tasks, max(n_classes, default=0)))
    for t, n in enumerate(n_classes):
        seen = weights[:, t] > 0 if n else np.zeros(len(codes), dtype=bool)
        labels = codes[seen, t].astype(np.intp)
        mass[t, :n] = np.bincount(labels, weights[seen, t], minlength=n)[:n]
    return mass


def cell_weights(
    task_set: TaskSet,
    codes: np.ndarray,
    sample_weight: ArrayLike | None = None,
    class_weight: ClassWeight | None = None,
    who: str = "TaskSet",
    mass: np.ndarray | None = None,
) -> np.ndarray:
    """Return the weight of each label: sample weight times class weight.

    Shapes: codes (n_samples, n_tasks), sample_weight (n_samples,) or
    (n_samples, n_tasks), mass (n_tasks, n_classes) -> (n_samples, n_tasks).
    """
    if sample_weight is None:
        weights = (~np.isnan(codes)).astype(np.float64)
    else:
        weights = check_sample_weight(sample_weight, codes.shape, who, task_set)
        weights[np.isnan(codes)] = 0.0
    by_class = _split_class_weight(class_weight, task_set, who)
    for t, (task, wanted) in enumerate(zip(task_set.tasks, by_class, strict=True)):
        if wanted is not None and task.is_classification and task.n_classes:
            seen = ~np.isnan(codes[:, t])
            labels = codes[seen, t].astype(np.intp)
            if mass is None:
                counts = np.bincount(labels, weights[seen, t], task.n_classes)
            else:
                counts = mass[t, : task.n_classes]
            weights[seen, t] *= _class_factors(task, counts, wanted, who)[labels]
    return weights


def resolve_class_weight(
    task_set: TaskSet,
    codes: np.ndarray,
    sample_weight: ArrayLike | None,
    class_weight: ClassWeight | None,
    who: str,
) -> dict[str, Any] | None:
    """Return class weights as numbers, which can be used for other samples.

    Shapes: codes (n_samples, n_tasks).
    """
    if class_weight is None:
        return None
    weights = cell_weights(task_set, codes, sample_weight, None, who)
    wanted = _split_class_weight(class_weight, task_set, who)
    found: dict[str, Any] = {}
    for t, (task, one) in enumerate(zip(task_set.tasks, wanted, strict=True)):
        if one is not None and task.classes is not None and task.n_classes:
            seen = weights[:, t] > 0
            labels = codes[seen, t].astype(np.intp)
            counts = np.bincount(labels, weights[seen, t], task.n_classes)
            factors = _class_factors(task, counts, one, who)
            found[task.name] = dict(
                zip(task.classes.tolist(), factors.tolist(), strict=True)
            )
    return found


def is_by_name(class_weight: Any) -> bool:
    """Return whether the keys of a dict of class weights are tasks, not classes."""
    return all(
        value is None or isinstance(value, str) or hasattr(value, "items")
        for _, value in class_weight.items()
    )


def _split_class_weight(
    class_weight: ClassWeight | None, task_set: TaskSet, who: str
) -> list[Any]:
    """Return the class weight of each task; a dict by class applies to all tasks."""
    if hasattr(class_weight, "items") and not is_by_name(class_weight):
        found = [class_weight] * task_set.n_tasks
    else:
        names = task_set.names
        given = by_task(class_weight, names, parameter="class_weight", who=who)
        found = list(given.values())
    for task, one in zip(task_set.tasks, found, strict=True):
        if task.is_tokens and one is not None:
            raise TaskError(
                f"{who}: class_weight is not supported for token tasks, such as "
                f"{task.name!r}. Use a dict with the names of the other tasks."
            )
    return found


def _class_factors(task: Task, counts: np.ndarray, wanted: Any, who: str) -> np.ndarray:
    assert task.classes is not None  # for the type checker
    is_dict = hasattr(wanted, "items")
    if not is_dict and not (isinstance(wanted, str) and wanted == "balanced"):
        raise TaskError(
            f"{who}: task {task.name!r}: class_weight must be None, 'balanced' or a "
            f"dict of classes; got {wanted!r}."
        )
    if not is_dict:
        return counts.sum() / (task.n_classes * np.where(counts > 0, counts, np.inf))
    known, wanted = task.classes.tolist(), dict(wanted.items())
    unknown = [label for label in wanted if label not in known]
    if unknown:
        raise TaskError(
            f"{who}: task {task.name!r}: class_weight names the classes {unknown}, "
            f"which are unknown. Known classes: {known}."
        )
    factors = []
    for label in known:
        what = f"task {task.name!r}: class_weight of class {label!r}"
        factors.append(_check_weight(wanted.get(label, 1.0), what, who))
    return np.array(factors)


def task_weights(
    task_set: TaskSet, task_weight: TaskNumbers | None, who: str = "TaskSet"
) -> np.ndarray:
    """Return one weight per task.

    Shapes: task_weight (n_tasks,) -> (n_tasks,).
    """
    if task_weight is None:
        return np.ones(task_set.n_tasks)
    given = by_task(
        task_weight, task_set.names, parameter="task_weight", who=who, default=1.0
    )
    weights = np.array(
        [
            _check_weight(weight, f"task {name!r}: task_weight", who)
            for name, weight in given.items()
        ]
    )
    if not weights.any():
        raise TaskError(f"{who}: task_weight is zero for every task.")
    return weights


def _check_weight(weight: Any, what: str, who: str) -> float:
    """Return a weight as a float."""
    try:
        number = float(weight)
    except (TypeError, ValueError):
        raise TaskError(
            f"{who}: {what} must be a number of at least 0; got {weight!r}."
        ) from None
    if not np.isfinite(number) or number < 0:
        raise TaskError(
            f"{who}: {what} is {number}; it must be finite and not negative."
        )
    return number
