"""Groups or validation set passed to fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.neural_network.data._labels import Labels
from sklearn_mtl.neural_network.data._read import read_net_inputs
from sklearn_mtl.neural_network.data._tags import with_tags
from sklearn_mtl.neural_network.training._plan import make_plan
from sklearn_mtl.preprocessing import ReadInputs
from sklearn_mtl.tasks import TaskSet, resolve_class_weight
from sklearn_mtl.utils._hold_out import HoldOut

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = [
    "Held",
    "read_held",
    "read_validation_inputs",
    "read_validation_labels",
]


@dataclass(frozen=True)
class Held:
    """Groups or validation set.

    Attributes
    ----------
    group : ndarray of shape (n_samples,) or None
        Group index of each training sample. Groups are not split by a hold-out.
    X : object
        Validated inputs of the validation set, or None.
    labels : Labels or None
        Labels of the validation set.
    is_allowed : bool
        Whether training samples may be held out.
    """

    group: np.ndarray | None = None
    X: ReadInputs | None = None
    labels: Labels | None = None
    is_allowed: bool = True


def read_held(
    model: BaseMultiTaskNet,
    given: HoldOut,
    task_set: TaskSet,
    labels: Labels,
    sample_weight: ArrayLike | None,
) -> Held:
    """Read the groups or the validation set passed to fit."""
    who = type(model).__name__
    if given.has_validation:
        return _read_validation(model, given, task_set, labels, sample_weight)
    if given.group is None or not make_plan(model, len(labels.codes)).hold_out:
        return Held()
    if not given.can_divide(who):
        return Held(is_allowed=False)
    given.warn_of_lone_tasks(task_set, labels.weights > 0, who)
    return Held(given.group)


def _read_validation(
    model: BaseMultiTaskNet,
    given: HoldOut,
    task_set: TaskSet,
    labels: Labels,
    sample_weight: ArrayLike | None,
) -> Held:
    if model.early_stopping is False:
        raise ValueError(
            f"{type(model).__name__}: X_val and y_val were passed, but would not be "
            "used because early_stopping is False. Set early_stopping to True or "
            "'auto'."
        )
    read = partial(read_net_inputs, model, reset=False)
    X = read_validation_inputs(model, given, read)
    own = read_validation_labels(model, given, task_set, labels, sample_weight)
    who = type(model).__name__
    weight = given.sample_weight
    tokens = task_set.encode_tokens(
        given.y, sample_weight=weight, who=who, name="y_val"
    )
    X = with_tags(X, tokens, task_set, f"{who}: X_val and y_val")
    return Held(X=X, labels=own, is_allowed=False)


def read_validation_inputs(
    model: BaseMultiTaskNet, given: HoldOut, read: Callable[[Any], Any]
) -> Any:
    """Validate X_val in the same way as X."""
    try:
        return read(given.X)
    except ValueError as error:
        raise ValueError(
            f"{type(model).__name__}: X_val does not go with X: {error}"
        ) from error


def read_validation_labels(
    model: BaseMultiTaskNet,
    given: HoldOut,
    task_set: TaskSet,
    labels: Labels,
    sample_weight: ArrayLike | None,
) -> Labels:
    """Validate y_val and its weights in the same way as y."""
    who = type(model).__name__
    # for both sets, "balanced" refers to the class frequencies of the training set
    class_weight = resolve_class_weight(
        task_set, labels.codes, sample_weight, getattr(model, "class_weight", None), who
    )
    codes, weights = given.encode(task_set, who)
    own = Labels.read(task_set, codes, weights, class_weight, who)
    given.check_tasks(task_set, own.weights > 0, who, model.on_empty_task)
    return own
