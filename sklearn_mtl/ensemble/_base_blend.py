"""Base class of the blends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.pipeline import Pipeline
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
)
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.ensemble._fitting import Training, draw_splits, fit_members
from sklearn_mtl.ensemble._members import (
    Member,
    are_nets,
    known_tasks,
    named_members,
    outputs_and_variance_of,
    outputs_of,
)
from sklearn_mtl.ensemble._reading import SMALL, read_labels
from sklearn_mtl.ensemble._simplex import MixtureLoss, WeightRule, weigh_known
from sklearn_mtl.ensemble._stacking import TaskStacking
from sklearn_mtl.ensemble._weighing import (
    FoldWeights,
    draw_folds,
    mix,
    read_mixture_losses,
)
from sklearn_mtl.neural_network import Labels, read_validation_labels
from sklearn_mtl.preprocessing import warn_of_text_categories
from sklearn_mtl.tasks import TaskSet, align_weights, as_targets
from sklearn_mtl.uncertainty import CalibrationData
from sklearn_mtl.utils._categories import warning_once
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._features import check_features, record_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import (
    BaseComposition,
    Interval,
    StrOptions,
)
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._table import in_task_order
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["BLEND_CONSTRAINTS", "BaseMultiTaskBlend"]

BLEND_CONSTRAINTS: dict[str, list[Any]] = {
    "estimators": [list, None],
    "n_common": [Interval(Real, 0, None, closed="left")],
    "cv": ["cv_object"],
    "stacking": ["boolean"],
    "categorical_features": [str, "array-like", None],
    "on_empty_task": [StrOptions({"raise", "warn"})],
    "n_jobs": [Integral, None],
    "random_state": ["random_state", np.random.Generator],
}


class BaseMultiTaskBlend(MetaEstimatorMixin, BaseComposition, BaseEstimator):
    """Base class that fits members and their weights, and mixes their predictions.

    Subclasses add the constructor and mixins for the types of their outputs.
    """

    _kind: str
    task_set_: TaskSet
    member_oof_predictions_: dict[str, list[np.ndarray]]
    _calibration: CalibrationData | None
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = BLEND_CONSTRAINTS

    # like scikit-learn's group splitters: groups are always used if they are passed
    __metadata_request__fit = {"groups": True}

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        X_val: Any = None,
        y_val: TargetsLike | None = None,
        sample_weight_val: ArrayLike | None = None,
    ) -> BaseMultiTaskBlend:
        """Fit all members to all samples and find their weights for each task.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Input data, in any form that all members accept.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values. NaN, None, pandas.NA and pandas.NaT are missing labels.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights per sample or per label.
        groups : array-like of shape (n_samples,), default=None
            Group labels of the samples, such as patient identifiers. The folds of the
            blend, and members whose fit takes groups, do not divide groups.
        X_val : array-like or sparse matrix of shape (n_val, n_features), default=None
            Input data of a validation set. If given, the weights are fitted to it, and
            no training sample is held out. Members whose fit takes a validation set
            receive it.
        y_val : array-like of shape (n_val,) or (n_val, n_tasks), default=None
            Target values of the validation set, in the form of `y`.
        sample_weight_val : array-like of shape (n_val,) or (n_val, n_tasks), \
                default=None
            Weights of the validation set, per sample or per label.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If a task has no label or labels of a wrong type, if a member treats it as
            another type, or if y_val has other tasks, other classes, or no label of a
            task.
        ValueError
            If names of members are not unique, or X, the weights, the groups or the
            validation set are invalid.
        TypeError
            If a member is not an estimator.

        Warns
        -----
        UserWarning
            If all samples are in one group, in which case no sample is held out.
        MissingLabelWarning
            If all labels of a task are in one group, in which case its out-of-fold
            predictions are missing.
        FreeTextWarning
            If a column of free text is treated as categories.
        """
        named = self._named()
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        X, y = indexable(plain_inputs(X, who), as_targets(y, who))
        X = record_features(self, X)
        if not all(isinstance(member, Pipeline) for _, member in named):
            warn_of_text_categories(self, X)
        held = HoldOut.read(who, X, groups, X_val, y_val, sample_weight_val)
        self.task_set_, labels = read_labels(self, X, y, sample_weight)
        held_labels = labels
        if held.has_validation:
            held = held.like_inputs(self)
            held_labels = read_validation_labels(
                self, held, self.task_set_, labels, sample_weight
            )
        if getattr(self, "class_weight", None) is not None:
            sample_weight, sample_weight_val = labels.weights, held_labels.weights
        elif sample_weight is not None:  # align by name before folds drop the names
            sample_weight = align_weights(
                sample_weight, labels.codes.shape, who, self.task_set_
            )
        given: dict[str, Any] = {"sample_weight": sample_weight, "groups": held.group}
        if held.has_validation:
            own = None if sample_weight_val is None else held_labels.weights
            # in the task order of `own`
            y_val = in_task_order(y_val, self.task_set_, "y_val", who)
            given |= {"X_val": held.X, "y_val": y_val, "sample_weight_val": own}
        seed = draw_seed(self.random_state)
        splits = draw_splits(self, X, y, sample_weight, held, seed)
        if splits is not None:
            held.warn_of_lone_tasks(self.task_set_, labels.weights > 0, who)
        data = Training(X, y, self.task_set_, splits, held.X, held.group is not None)
        members = fit_members(self, named, data, given, seed)
        folds = draw_folds(self.task_set_, held_labels, held.group, seed)
        self._weigh([name for name, _ in named], members, held_labels, folds)
        self._stack(members, held_labels, held.group)
        if held.has_validation:  # the outputs are those of the validation set
            self.member_oof_predictions_ = {}
        return self

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the metadata routing of this blend.

        Returns
        -------
        MetadataRouter
            Router that passes metadata of fit to the fit of members that request them.
            The default members receive them without a request.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        mapping = MethodMapping().add(caller="fit", callee="fit")
        members = {name: one for name, one in self._named() if not isinstance(one, str)}
        return router.add(method_mapping=mapping, **members)

    def _named(self) -> list[tuple[str, Any]]:
        return named_members(self.estimators, type(self).__name__)

    def _weigh(
        self,
        names: Sequence[str],
        members: Sequence[Member],
        labels: Labels,
        folds: np.ndarray,
    ) -> None:
        """Set the fitted members, their weights and their losses."""
        tasks = self.task_set_.tasks
        self.estimators_ = [member.model for member in members]
        self.named_estimators_ = dict(zip(names, self.estimators_, strict=True))
        given = [member.held_out for member in members if member.held_out is not None]
        self.member_oof_predictions_ = dict(zip(names, given, strict=False))
        knows = known_tasks(self.estimators_, len(tasks))
        rule = WeightRule(knows, are_nets(self.estimators_), self.n_common)
        losses: list[MixtureLoss | None] = [None] * len(tasks)
        self._fold_weights: FoldWeights | None = None
        if given:
            losses = read_mixture_losses(self.task_set_, labels, given, knows)
            self._fold_weights = FoldWeights.learn(
                self.task_set_, labels, given, rule, folds
            )
        self._weights = weigh_known(losses, rule)
        self.weights_ = {
            task.name: dict(zip(names, row.tolist(), strict=True))
            for task, row in zip(tasks, self._weights, strict=True)
        }
        self.member_losses_ = {
            task.name: dict.fromkeys(names, np.nan)
            | (_losses(one, np.array(names)[knows[t]]) if one is not None else {})
            for t, (task, one) in enumerate(zip(tasks, losses, strict=True))
        }

    def _stack(
        self, members: Sequence[Member], labels: Labels, group: np.ndarray | None
    ) -> None:
        """Fit the second stage and the calibration to held-out predictions."""
        self._stacking: TaskStacking | None = None
        self._calibration = None
        if self._fold_weights is not None:
            given = [one.held_out for one in members if one.held_out is not None]
            outputs = self._fold_weights.mix(self.task_set_, given)
            if self.stacking:
                self._stacking = TaskStacking.learn(
                    self.task_set_, labels, outputs, self._fold_weights.fold
                )
            if self._stacking is not None:
                outputs = self._stacking.held_out(outputs)
            self._calibration = CalibrationData.of_fit(
                self.task_set_.tasks,
                outputs,
                labels.codes,
                labels.sample_weights,
                group,
            )
        gain = {} if self._stacking is None else self._stacking.gain
        self.stacking_gains_ = {
            task.name: gain.get(t, 0.0) for t, task in enumerate(self.task_set_.tasks)
        }

    @property
    def oof_prediction_(self) -> Any:
        """Out-of-fold predictions of the training samples.

        The weights, and with `stacking` the corrections, are fitted without the fold of
        the sample. Probabilities (n_samples, n_classes) or values (n_samples,), in a
        list if y was 2-D; NaN if a member has no out-of-fold prediction.
        """
        check_is_fitted(self)
        if not self.member_oof_predictions_:
            raise AttributeError(
                f"{type(self).__name__}: oof_prediction_ is only available if training "
                f"samples were held out: with more than {SMALL} samples, with more "
                "than one group, and without X_val."
            )
        assert self._fold_weights is not None
        given = list(self.member_oof_predictions_.values())
        outputs = self._fold_weights.mix(self.task_set_, given)
        if self._stacking is not None:
            outputs = self._stacking.held_out(outputs)
        return outputs[0] if self.task_set_.is_1d else outputs

    def _forget_calibration(self) -> None:
        self._calibration = None

    def _calibration_data(self) -> CalibrationData:
        if self._calibration is None:
            raise ValueError(
                f"{type(self).__name__}: intervals and sets need predictions of "
                f"held-out samples. Fit the blend to more than {SMALL} samples and "
                "more than one group, pass X_val and y_val to fit, or fit a "
                "ConformalPredictor with this blend."
            )
        return self._calibration

    def _outputs_and_variance(
        self, X: FeaturesLike
    ) -> tuple[list[np.ndarray], np.ndarray | None]:
        """Return the outputs, and their variance between the members of nets."""
        found = self._of_members(X, outputs_and_variance_of)
        outputs = self._stacked(self._mix([one and one[0] for one in found]))
        total = np.zeros((len(outputs[0]), self.task_set_.n_tasks))
        for one, weight in zip(found, self._weights.T, strict=True):
            if one is not None and one[1] is not None:
                total += weight**2 * one[1]
        return outputs, total

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters of the blend and of its members.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the members and their parameters.

        Returns
        -------
        dict
            Parameter names and values.
        """
        return self._get_params("estimators", deep=deep)

    def set_params(self, **params: Any) -> BaseMultiTaskBlend:
        """Set parameters of the blend, members by name, and parameters of members.

        Parameters
        ----------
        **params : dict
            Parameter names and values.

        Returns
        -------
        self : object
            The blend.
        """
        self._set_params("estimators", **params)
        return self

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        return self._stacked(self._mix(self._of_members(X, outputs_of)))

    def _stacked(self, outputs: list[np.ndarray]) -> list[np.ndarray]:
        """Return outputs after the corrections of the second stage."""
        return outputs if self._stacking is None else self._stacking.apply(outputs)

    def _of_members(
        self, X: FeaturesLike, compute: Callable[[Any, Any], Any]
    ) -> list[Any]:
        """Return the outputs of all members, None for members without any weight."""
        check_is_fitted(self)
        X = check_features(self, X)
        used = np.any(self._weights > 0, axis=0)
        with warning_once():
            return [
                compute(model, X) if used[m] else None
                for m, model in enumerate(self.estimators_)
            ]

    def predict_members(self, X: FeaturesLike) -> dict[str, Any]:
        """Predict the values and probabilities of each member of the blend.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Input data.

        Returns
        -------
        dict of str to ndarray or list of ndarray
            Values (n_samples,) or probabilities (n_samples, n_classes) of each member
            by name, in a list with one array per task if y was 2-D.
        """
        check_is_fitted(self)
        X = check_features(self, X)
        with warning_once():
            members = {
                name: outputs_of(model, X)
                for name, model in self.named_estimators_.items()
            }
        if self.task_set_.is_1d:
            return {name: outputs[0] for name, outputs in members.items()}
        return members

    def _mix(self, outputs: Sequence[list[np.ndarray] | None]) -> list[np.ndarray]:
        """Return the weighted means of the outputs of the members."""
        return mix(self.task_set_, self._weights, outputs)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether there are weights."""
        return hasattr(self, "_weights")

    def __sklearn_tags__(self) -> Tags:
        """Declare the inputs that all members support, and several outputs."""
        tags = super().__sklearn_tags__()
        members = [one for _, one in self.estimators or [] if hasattr(one, "fit")]
        inner = [get_tags(one).input_tags for one in members]
        tags.input_tags.sparse = all(one.sparse for one in inner)
        tags.input_tags.allow_nan = all(one.allow_nan for one in inner)
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        tags.non_deterministic = False
        return tags


def _losses(mixture: MixtureLoss, names: Sequence[str]) -> dict[str, float]:
    """Return the loss of each member by name."""
    alone = np.eye(len(names))
    return {
        str(name): mixture.loss(row)[0] for name, row in zip(names, alone, strict=True)
    }
