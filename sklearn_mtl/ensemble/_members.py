"""Members of a blend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags

from sklearn_mtl.ensemble._adapter import SharedOutputs
from sklearn_mtl.ensemble._boosting import BoostingMember
from sklearn_mtl.ensemble._forest_classifier import MultiTaskForestClassifier
from sklearn_mtl.ensemble._forest_mixed import MultiTaskForestMixedEstimator
from sklearn_mtl.ensemble._forest_regressor import MultiTaskForestRegressor
from sklearn_mtl.ensemble._linear import RidgeMember
from sklearn_mtl.ensemble._reading import SMALL
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.neural_network import (
    MultiTaskClassifier,
    MultiTaskMixedEstimator,
    MultiTaskRegressor,
)
from sklearn_mtl.tasks import MultiTaskOutputsMixin, TaskSet, fix_task_types
from sklearn_mtl.utils._pipelines import last_step, tolerant
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, Predictor

__all__ = [
    "DEFAULT",
    "DEFAULT_NAMES",
    "Member",
    "are_nets",
    "is_multi_task",
    "known_tasks",
    "make_member",
    "named_members",
    "outputs_and_variance_of",
    "outputs_of",
]

DEFAULT = "default"
DEFAULT_NAMES = ("net", "forest", "linear", "boosting")
_CLASSES = {
    "net": (MultiTaskClassifier, MultiTaskRegressor, MultiTaskMixedEstimator),
    "forest": (
        MultiTaskForestClassifier,
        MultiTaskForestRegressor,
        MultiTaskForestMixedEstimator,
    ),
}
_KINDS = ("classification", "regression", "mixed")


@dataclass(frozen=True)
class Member:
    """Fitted member of a blend.

    Attributes
    ----------
    model : estimator
        Model fitted to all samples.
    held_out : list of ndarray or None
        Out-of-fold outputs of the training samples, or outputs of the validation set,
        one array per task. None if no samples are held out.
    """

    model: Predictor
    held_out: list[np.ndarray] | None


def named_members(given: Any, who: str) -> list[tuple[str, Any]]:
    """Return the names and members of a blend, or raise if they are invalid."""
    if given is None:
        return [(name, DEFAULT) for name in DEFAULT_NAMES]
    if not given or not all(isinstance(p, tuple) and len(p) == 2 for p in given):
        raise ValueError(
            f"{who}: estimators must be a list of at least one (name, estimator); "
            f"got {given!r}."
        )
    names = [name for name, _ in given]
    if len(set(names)) < len(names):
        raise ValueError(f"{who}: names of estimators must be unique; got {names}.")
    for name, one in given:
        _check_member(who, name, one)
    if given == [("boosting", DEFAULT)]:
        raise ValueError(
            f"{who}: the only member is 'boosting', which only learns tasks with more "
            f"than {SMALL} labels; add another member, such as ('linear', {DEFAULT!r})."
        )
    return list(given)


def _check_member(who: str, name: Any, one: Any) -> None:
    if not isinstance(name, str) or "__" in name:
        raise ValueError(
            f"{who}: the name of a member must be a string without '__'; got {name!r}."
        )
    if isinstance(one, str):
        if one == DEFAULT and name in DEFAULT_NAMES:
            return
        raise ValueError(
            f"{who}: member {name!r} is {one!r}; it must be an estimator. Only the "
            f"members {DEFAULT_NAMES} can be {DEFAULT!r}."
        )
    if isinstance(one, type) or not (hasattr(one, "fit") and hasattr(one, "predict")):
        raise TypeError(
            f"{who}: member {name!r} must be an estimator with fit and predict; got "
            f"{one!r}."
        )


def make_member(
    name: str, given: Any, task_set: TaskSet, kind: str, settings: dict[str, Any]
) -> Any:
    """Return the unfitted multi-task estimator of a member."""
    types = [task.type for task in task_set.tasks]
    if isinstance(given, str):
        if name == "linear":
            return RidgeMember(task_types=types, **settings)
        if name == "boosting":
            return BoostingMember(task_types=types, **settings)
        extra = {"task_types": types} if kind == "mixed" else {}
        return _CLASSES[name][_KINDS.index(kind)](**extra, **settings)
    own = _seeded(given, settings["random_state"])
    if is_multi_task(given):
        own = fix_task_types(own, task_set.names, types, name)
        return tolerant(own) if settings["on_empty_task"] == "warn" else own
    wrap = SharedOutputs if _has_several_outputs(given) else IndependentTasks
    return wrap(own, task_types=types, on_empty_task=settings["on_empty_task"])


def outputs_of(model: Any, X: FeaturesLike) -> list[np.ndarray]:
    """Return the outputs of a fitted member or pipeline for all tasks."""
    if isinstance(model, Pipeline):
        return outputs_of(model.steps[-1][1], model[:-1].transform(X))
    return model._task_outputs(X)


def outputs_and_variance_of(
    model: Any, X: FeaturesLike
) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Return the outputs, and the variance between the members of a net.

    The variance is None if the model is not a net.
    """
    if isinstance(model, Pipeline):
        return outputs_and_variance_of(model.steps[-1][1], model[:-1].transform(X))
    if hasattr(model, "_outputs_and_variance"):
        return model._outputs_and_variance(X)
    return model._task_outputs(X), None


def known_tasks(models: Sequence[Any], n_tasks: int) -> np.ndarray:
    """Return whether each fitted member predicts each task, (n_tasks, n_members)."""
    all_of_them = np.ones(n_tasks, dtype=bool)
    known = [getattr(model, "is_boosted_", all_of_them) for model in models]
    return np.stack(known, axis=1)


def are_nets(models: Sequence[Any]) -> np.ndarray:
    """Return whether each member, or its last step, is a net, (n_members,)."""
    return np.array([isinstance(last_step(m)[1], _CLASSES["net"]) for m in models])


def is_multi_task(estimator: Estimator) -> bool:
    """Return whether an estimator, or its last step, is a model of this package."""
    return isinstance(last_step(estimator)[1], MultiTaskOutputsMixin)


def _has_several_outputs(estimator: Estimator) -> bool:
    return bool(get_tags(estimator).target_tags.multi_output)


def _seeded(estimator: Estimator, seed: int) -> Any:
    """Return a clone in which each random_state that is None is set to a seed."""
    copy = clone(estimator)
    free = [
        name
        for name, value in copy.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return copy.set_params(**dict.fromkeys(free, seed))
