"""What the three blends share: all but the constructor."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.model_selection import check_cv
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.ensemble._encoding import constant_output
from sklearn_mtl.ensemble._members import (
    DEFAULT,
    DEFAULT_NAMES,
    Member,
    fit_member,
    make_member,
    outputs_of,
)
from sklearn_mtl.ensemble._reading import SMALL, read_labels
from sklearn_mtl.ensemble._simplex import blend_weights, read_evidence
from sklearn_mtl.exceptions import (
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
)
from sklearn_mtl.model_selection import MultiTaskStratifiedKFold
from sklearn_mtl.model_selection._weighted import split_weighted
from sklearn_mtl.neural_network._data import Labels
from sklearn_mtl.utils import TaskSet
from sklearn_mtl.utils._categories import warning_once
from sklearn_mtl.utils._features import check_features, record_features
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import (
    BaseComposition,
    Interval,
    StrOptions,
    fit_context,
    num_samples,
)
from sklearn_mtl.utils._random import draw_seed, spawn_seeds
from sklearn_mtl.utils._targets import as_targets
from sklearn_mtl.utils._weights import align_weights

__all__ = ["BLEND_CONSTRAINTS", "BaseMultiTaskBlend"]

BLEND_CONSTRAINTS: dict[str, list[Any]] = {
    "estimators": [list, None],
    "n_common": [Interval(Real, 0, None, closed="left")],
    "cv": ["cv_object"],
    "categorical_features": [str, "array-like", None],
    "on_empty_task": [StrOptions({"raise", "warn"})],
    "n_jobs": [Integral, None],
    "random_state": ["random_state", np.random.Generator],
}


class BaseMultiTaskBlend(MetaEstimatorMixin, BaseComposition, BaseEstimator):
    """Fit members, weigh them on out-of-fold predictions, and mix what they say.

    A subclass adds the constructor and, in front, one of ``utils._outputs``.
    """

    _kind: str
    task_set_: TaskSet
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = BLEND_CONSTRAINTS

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> BaseMultiTaskBlend:
        """Fit all members to all rows, and weigh them for every task.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs; whatever the members take.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None, pandas.NA and pandas.NaT are missing labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights of rows or cells.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If a task has no label, labels of a wrong type, or is of another kind for a
            member.
        ValueError
            If names of members are not unique, or X or weights are wrong.
        TypeError
            If a member is no estimator.
        """
        named = self._named()
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        X, y = indexable(X, as_targets(y, who))
        X = record_features(self, X)
        self.task_set_, labels = read_labels(self, X, y, sample_weight)
        if getattr(self, "class_weight", None) is not None:
            sample_weight = labels.weights
        elif sample_weight is not None:  # in task order, which folds cannot tell
            sample_weight = align_weights(
                sample_weight, labels.codes.shape, type(self).__name__, self.task_set_
            )
        seed = draw_seed(self.random_state)
        splits = self._splits(X, y, sample_weight, seed)
        settings = {
            "categorical_features": self.categorical_features,
            "on_empty_task": self.on_empty_task,
            "random_state": spawn_seeds(seed, 1)[0] % 2**31,
        }
        with warnings.catch_warnings():  # said once, by the blend
            for seen in (MissingLabelWarning, SingleClassWarning, IndexOrderWarning):
                warnings.simplefilter("ignore", seen)
            # threads: bits do not depend on how many cores a process is given
            members = Parallel(n_jobs=self.n_jobs, prefer="threads")(
                delayed(fit_member)(
                    make_member(name, given, self.task_set_, self._kind, settings),
                    *(X, y, sample_weight, self.task_set_, splits),
                    f"{type(self).__name__}: member {name!r}",
                )
                for name, given in named
            )
        self._weigh([name for name, _ in named], members, labels)
        return self

    def _named(self) -> list[tuple[str, Any]]:
        """Return names and members, or say what is wrong with them."""
        who = type(self).__name__
        given = self.estimators
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
        return list(given)

    def _splits(
        self, X: Any, y: Any, sample_weight: Any, seed: int
    ) -> list[tuple[np.ndarray, np.ndarray]] | None:
        """Return the folds of members without out-of-fold predictions of their own."""
        if num_samples(X) <= SMALL:
            return None
        cv = 5 if self.cv is None else self.cv
        if isinstance(cv, Integral):
            types = [task.type for task in self.task_set_.tasks]
            cv = MultiTaskStratifiedKFold(
                int(cv), shuffle=True, random_state=seed % 2**32, task_types=types
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", MissingLabelWarning)
                return list(split_weighted(cv, X, y, None, sample_weight))
        splits = split_weighted(check_cv(cv), X, y, None, sample_weight)
        return [(np.asarray(a), np.asarray(b)) for a, b in splits]

    def _weigh(
        self, names: Sequence[str], members: Sequence[Member], labels: Labels
    ) -> None:
        """Set members, weights, and losses."""
        tasks = self.task_set_.tasks
        self.estimators_ = [member.model for member in members]
        self.named_estimators_ = dict(zip(names, self.estimators_, strict=True))
        given = [member.held_out for member in members if member.held_out is not None]
        self.member_oof_predictions_ = dict(zip(names, given, strict=False))
        evidence = [
            read_evidence(
                task,
                labels.codes[:, t],
                labels.weights[:, t],
                [outputs[t] for outputs in given],
            )
            if given
            else None
            for t, task in enumerate(tasks)
        ]
        self._weights = blend_weights(evidence, len(members), self.n_common)
        self.weights_ = {
            task.name: dict(zip(names, row.tolist(), strict=True))
            for task, row in zip(tasks, self._weights, strict=True)
        }
        alone = np.eye(len(members))
        self.member_losses_ = {
            task.name: {
                name: np.nan if one is None else one.loss(row)[0]
                for name, row in zip(names, alone, strict=True)
            }
            for task, one in zip(tasks, evidence, strict=True)
        }

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-fold predictions of the training rows, mixed with the final weights.

        Probabilities (n_samples, n_classes) or values (n_samples,), in a list where y
        was 2-D; NaN where a member has none.
        """
        check_is_fitted(self)
        if not self.member_oof_predictions_:
            raise AttributeError(
                f"{type(self).__name__}: there is no oof_prediction_ with up to "
                f"{SMALL} rows, where all members weigh the same."
            )
        outputs = self._mix(list(self.member_oof_predictions_.values()))
        return outputs[0] if self.task_set_.is_1d else outputs

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, also those of the members by name.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the members and their parameters.

        Returns
        -------
        dict
            Names and values.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> BaseMultiTaskBlend:
        """Set parameters, also a member or its parameters by its name.

        Parameters
        ----------
        **params : dict
            Names and values.

        Returns
        -------
        self : object
            The blend.
        """
        self._set_params("estimators", **params)
        return self

    def _task_outputs(self, X: Any) -> list[np.ndarray]:
        check_is_fitted(self)
        X = check_features(self, X)
        used = np.any(self._weights > 0, axis=0)
        with warning_once():
            outputs = [
                outputs_of(model, X) if used[m] else None
                for m, model in enumerate(self.estimators_)
            ]
        return self._mix(outputs)

    def _mix(self, outputs: Sequence[list[np.ndarray] | None]) -> list[np.ndarray]:
        """Return the weighted means of the members' outputs."""
        n_rows = next(len(one[0]) for one in outputs if one is not None)
        mixed = []
        for t, task in enumerate(self.task_set_.tasks):
            if task.kind in ("constant", "empty"):
                mixed.append(constant_output(task, n_rows))
                continue
            pairs = zip(self._weights[t], outputs, strict=True)
            parts = [w * one[t] for w, one in pairs if w > 0 and one is not None]
            mixed.append(np.sum(parts, axis=0))
        return mixed

    def __sklearn_is_fitted__(self) -> bool:
        """Say whether there are weights."""
        return hasattr(self, "_weights")

    def __sklearn_tags__(self) -> Tags:
        """Declare what all members can do, and several outputs."""
        tags = super().__sklearn_tags__()
        members = [one for _, one in self.estimators or [] if hasattr(one, "fit")]
        inner = [get_tags(one).input_tags for one in members]
        tags.input_tags.sparse = all(one.sparse for one in inner)
        tags.input_tags.allow_nan = all(one.allow_nan for one in inner)
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.non_deterministic = False
        return tags


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
