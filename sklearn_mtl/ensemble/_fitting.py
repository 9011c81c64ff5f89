"""Fitting of the members of a blend, and their predictions for held-out samples."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import has_fit_parameter

from sklearn_mtl.ensemble._boosting import BoostingMember
from sklearn_mtl.ensemble._members import Member, make_member, outputs_of
from sklearn_mtl.ensemble._reading import SMALL
from sklearn_mtl.exceptions import (
    FreeTextWarning,
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
    TaskError,
)
from sklearn_mtl.model_selection import split_weighted, stratified_folds
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._fit_params import fit_params_for
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._pipelines import last_step, tolerant, weight_key
from sklearn_mtl.utils._private import num_samples, safe_indexing
from sklearn_mtl.utils._random import spawn_seeds
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, Predictor, TargetsLike

if TYPE_CHECKING:
    from sklearn_mtl.ensemble._base_blend import BaseMultiTaskBlend


__all__ = ["Training", "draw_splits", "fit_member", "fit_members"]

Split = tuple[np.ndarray, np.ndarray]
# Warnings that the blend issues once for all members.
_ONCE = (FreeTextWarning, IndexOrderWarning, MissingLabelWarning, SingleClassWarning)


@dataclass(frozen=True)
class Training:
    """Training data of the members.

    Attributes
    ----------
    X, y : object
        Inputs and targets as passed to the fit of the blend.
    task_set : TaskSet
        The tasks.
    splits : sequence of (train, test) or None
        Folds for members without `oof_prediction_`; None if no out-of-fold predictions
        are needed.
    X_val : object
        Inputs of a validation set that replaces the folds, or None.
    has_groups : bool
        Whether the folds keep groups together.
    """

    X: FeaturesLike
    y: TargetsLike
    task_set: TaskSet
    splits: Sequence[tuple[np.ndarray, np.ndarray]] | None
    X_val: FeaturesLike | None = None
    has_groups: bool = False


def draw_splits(
    model: BaseMultiTaskBlend,
    X: FeaturesLike,
    y: TargetsLike,
    sample_weight: ArrayLike | None,
    held: HoldOut,
    seed: int,
) -> list[Split] | None:
    """Return the folds for members without `oof_prediction_`."""
    if held.has_validation or num_samples(X) <= SMALL:
        return None
    if not held.can_divide(type(model).__name__):
        return None
    cv, groups = model.cv, held.group
    if cv is None or isinstance(cv, Integral):
        cv = stratified_folds(
            None if cv is None else int(cv),
            groups,
            shuffle=True,
            random_state=seed % 2**32,
            task_types=[task.type for task in model.task_set_.tasks],
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingLabelWarning)
            return list(split_weighted(cv, X, y, groups, sample_weight))
    splits = split_weighted(check_cv(cv), X, y, groups, sample_weight)
    return [(np.asarray(a), np.asarray(b)) for a, b in splits]


def fit_members(
    model: BaseMultiTaskBlend,
    named: Sequence[tuple[str, Any]],
    data: Training,
    given: Mapping[str, Any],
    seed: int,
) -> list[Member]:
    """Fit all members and pass the weights, groups and validation set they accept."""
    who = type(model).__name__
    given = {key: value for key, value in given.items() if value is not None}
    settings = {
        "categorical_features": model.categorical_features,
        "on_empty_task": model.on_empty_task,
        "random_state": spawn_seeds(seed, 1)[0] % 2**31,
    }
    made = [
        make_member(name, one, data.task_set, model._kind, settings)
        for name, one in named
    ]
    params = _route(model, named, made, given)
    with warnings.catch_warnings():  # the blend issues these once
        for category in _ONCE:
            warnings.simplefilter("ignore", category)
        warnings.filterwarnings("ignore", message=".*all samples are in one group")
        # with threads, results do not depend on the number of cores per process
        run = Parallel(n_jobs=model.n_jobs, prefer="threads")
        found: dict[int, Member] = {}
        # Boosting is fitted last, because it needs the outputs of the other members.
        for is_last in (False, True):
            chosen = [i for i, one in enumerate(made) if _is_last(one) == is_last]
            other_outputs = [
                m.held_out for m in found.values() if m.held_out is not None
            ]
            extra = {"other_outputs": other_outputs} if is_last else {}
            names = [f"{who}: member {named[i][0]!r}" for i in chosen]
            fitted = run(
                delayed(fit_member)(made[i], data, params[i] | extra, name)
                for i, name in zip(chosen, names, strict=True)
            )
            found |= zip(chosen, fitted, strict=True)
    return [found[i] for i in range(len(made))]


def _is_last(member: Estimator) -> bool:
    return isinstance(member, BoostingMember)


def _route(
    model: Predictor,
    named: Sequence[tuple[str, Any]],
    made: Sequence[Any],
    given: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Return the parameters of fit for each member."""
    params = []
    is_routed = get_config()["enable_metadata_routing"]
    routed = process_routing(model, "fit", **given) if is_routed else {}
    for (name, one), member in zip(named, made, strict=True):
        if isinstance(one, str):  # the default members do not request metadata
            own = {k: v for k, v in given.items() if has_fit_parameter(member, k)}
        elif is_routed:
            own = dict(routed[name].fit)
        else:
            who = f"{type(model).__name__}: member {name!r}"
            own = _params_of_member(member, given, who)
        params.append(own)
    return params


def _params_of_member(
    member: Estimator, given: Mapping[str, Any], who: str
) -> dict[str, Any]:
    """Return the arguments of fit, with prefixed names for a pipeline."""
    held = {key: value for key, value in given.items() if key != "sample_weight"}
    params = fit_params_for(member, held, who)
    if "sample_weight" in given:
        params[weight_key(member, who)] = given["sample_weight"]
    return params


def fit_member(
    model: Predictor, data: Training, params: Mapping[str, Any], name: str
) -> Member:
    """Fit a member to all samples and predict the held-out samples."""
    task_set = data.task_set
    fitted = model.fit(data.X, data.y, **params)
    _check_kinds(fitted, task_set, name)
    if data.X_val is not None:
        n_val = num_samples(data.X_val)
        outputs = _empty_outputs(task_set, n_val)
        _place(outputs, fitted, task_set, data.X_val, np.arange(n_val))
        return Member(fitted, outputs)
    if data.splits is None:
        return Member(fitted, None)
    # With out-of-bag or out-of-fold predictions, no fits of folds are needed.
    own = getattr(fitted, "oof_prediction_", None)
    # A member that did not receive the groups may have divided them.
    knows_groups = any(name.split("__")[-1] == "groups" for name in params)
    if own is not None and (knows_groups or not data.has_groups):
        return Member(fitted, [own] if task_set.is_1d else list(own))
    outputs = _empty_outputs(task_set, num_samples(data.y))
    for train, test in data.splits:
        given = {key: value[train] for key, value in params.items()}
        own_X, own_y = safe_indexing(data.X, train), safe_indexing(data.y, train)
        # A fold may leave a task without labels.
        part = tolerant(model).fit(own_X, own_y, **given)
        _place(outputs, part, task_set, safe_indexing(data.X, test), test)
    return Member(fitted, outputs)


def _check_kinds(model: Predictor, task_set: TaskSet, name: str) -> None:
    for ours, theirs in zip(
        task_set.tasks, last_step(model)[1].task_set_.tasks, strict=True
    ):
        if ours.is_classification != theirs.is_classification:
            kinds = [ours.type, theirs.type]
            raise TaskError(
                f"{name} treats task {ours.name!r} as a {kinds[1]} task, but it is a "
                f"{kinds[0]} task. Set task_types of both, or use an estimator for "
                "such tasks."
            )
        if theirs.period is not None:
            raise TaskError(
                f"{name} treats the values of task {ours.name!r} as periodic, but a "
                "blend averages them as ordinary numbers. Use a net with CircularLoss "
                "without a blend for this task."
            )


def _empty_outputs(task_set: TaskSet, n_samples: int) -> list[np.ndarray]:
    return [
        np.full(
            (n_samples, task.n_classes) if task.is_classification else n_samples, np.nan
        )
        for task in task_set.tasks
    ]


def _place(
    outputs: list[np.ndarray],
    part: Any,
    task_set: TaskSet,
    X: FeaturesLike,
    rows: np.ndarray,
) -> None:
    """Write the predictions for a fold; the model may lack some of the classes."""
    learned = last_step(part)[1].task_set_.tasks
    for t, output in enumerate(outputs_of(part, X)):
        task = task_set.tasks[t]
        if not task.is_classification:
            outputs[t][rows] = output
        elif learned[t].n_classes:
            # The probability of a class without a training sample in the fold is 0.
            outputs[t][rows] = 0.0
            at = task.encode(learned[t].classes).astype(np.intp)
            outputs[t][np.ix_(rows, at)] = output
