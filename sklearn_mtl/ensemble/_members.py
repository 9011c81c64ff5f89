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
    """A fitted member.

    Attributes
    ----------
    model : estimator
        Fitted to all samples.
    held_out : list of ndarray or None
        One array per task: outputs of the training samples, out of fold, or of the
        validation set; None if not asked.
    """

    model: Predictor
    held_out: list[np.ndarray] | None


def named_members(given: Any, who: str) -> list[tuple[str, Any]]:
    """Return names and members of a blend, or say what is wrong with them."""
    if given is None:
        return [(name, DEFAULT) for name in DEFAULT_NAMES]
    if not given or not all(isinstance(p, tuple) and len(p) == 2 for p in given):
        raise ValueError(
            f"{who}: estimators must be a list of at least one (name, estimator), "
            f"found {given!r}."
        )
    names = [name for name, _ in given]
    if len(set(names)) < len(names):
        raise ValueError(f"{who}: names of estimators must be unique: {names}.")
    for name, one in given:
        _check_member(who, name, one)
    if given == [("boosting", DEFAULT)]:
        raise ValueError(
            f"{who}: the only member is 'boosting', which learns tasks with more than "
            f"{SMALL} labels alone; give another one, such as ('linear', {DEFAULT!r})."
        )
    return list(given)


def _check_member(who: str, name: Any, one: Any) -> None:
    if not isinstance(name, str) or "__" in name:
        raise ValueError(
            f"{who}: the name of a member must be text without '__', found {name!r}."
        )
    if isinstance(one, str):
        if one == DEFAULT and name in DEFAULT_NAMES:
            return
        raise ValueError(
            f"{who}: member {name!r} is {one!r}; {DEFAULT!r} stands for the members "
            f"{DEFAULT_NAMES} alone."
        )
    if isinstance(one, type) or not (hasattr(one, "fit") and hasattr(one, "predict")):
        raise TypeError(
            f"{who}: member {name!r} must be an estimator with fit and predict, found "
            f"{one!r}."
        )


def make_member(
    name: str, given: Any, task_set: TaskSet, kind: str, settings: dict[str, Any]
) -> Any:
    """Return an unfitted multi-task estimator."""
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
    """Return what a fitted member says of all tasks; it may end a pipeline."""
    if isinstance(model, Pipeline):
        return outputs_of(model.steps[-1][1], model[:-1].transform(X))
    return model._task_outputs(X)


def outputs_and_variance_of(
    model: Any, X: FeaturesLike
) -> tuple[list[np.ndarray], np.ndarray | None]:
    """Return outputs, and the variance of a net's members around them.

    None where the model has no members, or errors are not known of single ones.
    """
    if isinstance(model, Pipeline):
        return outputs_and_variance_of(model.steps[-1][1], model[:-1].transform(X))
    if hasattr(model, "_outputs_and_variance"):
        return model._outputs_and_variance(X)
    return model._task_outputs(X), None


def known_tasks(models: Sequence[Any], n_tasks: int) -> np.ndarray:
    """Tell which tasks each fitted member predicts, (n_tasks, n_members) bool."""
    all_of_them = np.ones(n_tasks, dtype=bool)
    known = [getattr(model, "is_boosted_", all_of_them) for model in models]
    return np.stack(known, axis=1)


def is_multi_task(estimator: Estimator) -> bool:
    """Tell whether it, or the end of it, is an estimator of this package."""
    return isinstance(last_step(estimator)[1], MultiTaskOutputsMixin)


def _has_several_outputs(estimator: Estimator) -> bool:
    return bool(get_tags(estimator).target_tags.multi_output)


def _seeded(estimator: Estimator, seed: int) -> Any:
    """Return a clone with a seed wherever it, or a part of it, has none."""
    copy = clone(estimator)
    free = [
        name
        for name, value in copy.get_params(deep=True).items()
        if name.rpartition("__")[2] == "random_state" and value is None
    ]
    return copy.set_params(**dict.fromkeys(free, seed))
