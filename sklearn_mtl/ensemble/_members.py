"""The members of a blend: made, fitted, and predicted out of fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from sklearn_mtl.ensemble._adapter import SharedOutputs
from sklearn_mtl.ensemble._forest import (
    MultiTaskForest,
    MultiTaskForestClassifier,
    MultiTaskForestRegressor,
)
from sklearn_mtl.ensemble._linear import RidgeMember
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.neural_network import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.utils import TaskSet
from sklearn_mtl.utils._outputs import MultiTaskOutputsMixin
from sklearn_mtl.utils._pipelines import last_step, weight_key
from sklearn_mtl.utils._private import num_samples, safe_indexing
from sklearn_mtl.utils._task_types import fix_task_types

__all__ = [
    "DEFAULT",
    "DEFAULT_NAMES",
    "Member",
    "fit_member",
    "fit_weighted",
    "is_multi_task",
    "make_member",
    "outputs_of",
]

DEFAULT = "default"
DEFAULT_NAMES = ("net", "forest", "linear")
_CLASSES = {
    "net": (MultiTaskClassifier, MultiTaskRegressor, MultiTaskMixedEstimator),
    "forest": (MultiTaskForestClassifier, MultiTaskForestRegressor, MultiTaskForest),
}
_KINDS = ("classification", "regression", "mixed")


@dataclass(frozen=True)
class Member:
    """A fitted member.

    Attributes
    ----------
    model : estimator
        Fitted to all rows.
    held_out : list of ndarray or None
        Outputs of the training rows, out of fold, a task an array; None if not asked.
    """

    model: Any
    held_out: list[np.ndarray] | None


def make_member(
    name: str, given: Any, task_set: TaskSet, kind: str, settings: dict[str, Any]
) -> Any:
    """Return an unfitted multi-task estimator.

    Parameters
    ----------
    name : str
        Its name in the blend.
    given : estimator or "default"
        What the user gave.
    task_set : TaskSet
        The tasks.
    kind : {"classification", "regression", "mixed"}
        Of the blend.
    settings : dict
        Parameters of the default members: categorical_features, on_empty_task and
        random_state.

    Returns
    -------
    estimator
        The default member of that name; a clone of what was given if it learns several
        tasks at once, else IndependentTasks of it.
    """
    types = [task.type for task in task_set.tasks]
    if isinstance(given, str):
        if name == "linear":
            return RidgeMember(task_types=types, **settings)
        extra = {"task_types": types} if kind == "mixed" else {}
        return _CLASSES[name][_KINDS.index(kind)](**extra, **settings)
    own = _seeded(given, settings["random_state"])
    if is_multi_task(given):
        own = fix_task_types(own, task_set.names, types, name)
        return _tolerant(own) if settings["on_empty_task"] == "warn" else own
    wrap = SharedOutputs if _has_several_outputs(given) else IndependentTasks
    return wrap(own, task_types=types, on_empty_task=settings["on_empty_task"])


def fit_member(
    model: Any,
    X: Any,
    y: Any,
    sample_weight: Any,
    task_set: TaskSet,
    splits: Sequence[tuple[np.ndarray, np.ndarray]] | None,
    name: str,
) -> Member:
    """Fit a member to all rows, and predict them out of fold.

    Parameters
    ----------
    model : estimator
        As `make_member` returns it.
    X, y : object
        As they came to the blend's fit.
    sample_weight : ndarray or None
        Weights in task order.
    task_set : TaskSet
        The tasks.
    splits : sequence of (train, test) or None
        Folds for a member that has no `oof_prediction_` of its own; None if nothing
        out of fold is asked.
    name : str
        Who is fitted; messages begin with it.

    Returns
    -------
    Member
        Model and predictions.

    Raises
    ------
    TaskError
        If the member takes a task for another kind than the blend, or its values as
        points on a circle.
    """
    fitted = fit_weighted(model, X, y, sample_weight)
    _check_kinds(fitted, task_set, name)
    if splits is None:
        return Member(fitted, None)
    own = getattr(fitted, "oof_prediction_", None)
    if own is not None:
        return Member(fitted, [own] if task_set.is_1d else list(own))
    outputs = _empty_outputs(task_set, num_samples(y))
    for train, test in splits:
        weight = None if sample_weight is None else sample_weight[train]
        own_X, own_y = safe_indexing(X, train), safe_indexing(y, train)
        part = fit_weighted(_tolerant(model), own_X, own_y, weight)
        _place(outputs, part, task_set, safe_indexing(X, test), test)
    return Member(fitted, outputs)


def outputs_of(model: Any, X: Any) -> list[np.ndarray]:
    """Return what a fitted member says of all tasks; it may end a pipeline."""
    if isinstance(model, Pipeline):
        return outputs_of(model.steps[-1][1], model[:-1].transform(X))
    return model._task_outputs(X)


def is_multi_task(estimator: Any) -> bool:
    """Tell whether it, or the end of it, is an estimator of this package."""
    return isinstance(last_step(estimator)[1], MultiTaskOutputsMixin)


def _has_several_outputs(estimator: Any) -> bool:
    return bool(get_tags(estimator).target_tags.multi_output)


def _seeded(estimator: Any, seed: int) -> Any:
    """Return a clone with a seed wherever it, or a part of it, has none."""
    copy = clone(estimator)
    free = [
        name
        for name, value in copy.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return copy.set_params(**dict.fromkeys(free, seed))


def _tolerant(model: Any) -> Any:
    """Return a clone that takes a task without any label."""
    copy, prefix = clone(model), last_step(model)[0]
    if f"{prefix}on_empty_task" in copy.get_params(deep=True):
        copy.set_params(**{f"{prefix}on_empty_task": "warn"})
    return copy


def fit_weighted(model: Any, X: Any, y: Any, sample_weight: Any) -> Any:
    """Fit with weights where there are any, also the end of a pipeline."""
    if sample_weight is None:
        return model.fit(X, y)
    return model.fit(X, y, **{weight_key(model): sample_weight})


def _check_kinds(model: Any, task_set: TaskSet, name: str) -> None:
    for ours, theirs in zip(
        task_set.tasks, last_step(model)[1].task_set_.tasks, strict=True
    ):
        if ours.is_classification != theirs.is_classification:
            kinds = [ours.type, theirs.type]
            raise TaskError(
                f"{name} takes task {ours.name!r} for a {kinds[1]}, but it is a "
                f"{kinds[0]}. Say task_types in both, or give an estimator for such "
                "tasks."
            )
        if theirs.period is not None:
            raise TaskError(
                f"{name} learns that the values of task {ours.name!r} repeat, but a "
                "blend averages them as plain numbers. Leave the task to a net with "
                "CircularLoss alone."
            )


def _empty_outputs(task_set: TaskSet, n_samples: int) -> list[np.ndarray]:
    return [
        np.full(
            (n_samples, task.n_classes) if task.is_classification else n_samples, np.nan
        )
        for task in task_set.tasks
    ]


def _place(
    outputs: list[np.ndarray], part: Any, task_set: TaskSet, X: Any, rows: np.ndarray
) -> None:
    """Write the predictions of a fold, whose model may not know all classes."""
    learned = last_step(part)[1].task_set_.tasks
    for t, output in enumerate(outputs_of(part, X)):
        task = task_set.tasks[t]
        if not task.is_classification:
            outputs[t][rows] = output
        elif learned[t].n_classes:
            outputs[t][rows] = 0.0
            at = task.encode(learned[t].classes).astype(np.intp)
            outputs[t][np.ix_(rows, at)] = output
