"""Prediction intervals and sets for any estimator, by cross-fitting."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.model_selection import check_cv
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from sklearn_mtl.exceptions import (
    FreeTextWarning,
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
    TaskError,
)
from sklearn_mtl.model_selection import FoldFits, split_weighted, stratified_folds
from sklearn_mtl.multioutput._model_outputs import model_codes, model_outputs
from sklearn_mtl.tasks import (
    MetaOutputsMixin,
    TargetColumns,
    TaskSet,
    align_weights,
    as_targets,
    decide_task_types,
    holds_lists,
    read_columns,
)
from sklearn_mtl.uncertainty import (
    CalibrationData,
    SetsMixin,
    StandardDeviationMixin,
)
from sklearn_mtl.utils._categories import warning_once
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._features import check_features, record_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._fit_params import fit_params_for, takes
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._pipelines import fitted_model, tolerant, weight_key
from sklearn_mtl.utils._private import HasMethods, StrOptions, num_samples
from sklearn_mtl.utils._tags import join_tags
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    TargetsLike,
)

__all__ = ["ConformalPredictor"]

_WHO = "ConformalPredictor"
_ALREADY_ISSUED = (
    FreeTextWarning,
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
)
_TYPES = {"classifier": "classification", "regressor": "regression"}


class ConformalPredictor(
    StandardDeviationMixin,
    SetsMixin,
    MetaOutputsMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Add prediction intervals and sets to any estimator by cross-fitting.

    The estimator is fitted to all samples, and additionally without each fold. The
    errors of the held-out samples determine the size of intervals and sets [1]_. Nets,
    forests and blends have the same methods and need no additional fits. Use this class
    for linear classifiers, `IndependentTasks`, searches, pipelines and estimators of
    scikit-learn.

    Parameters
    ----------
    estimator : estimator
        Any estimator that can be fitted to y. If labels are missing, wrap an estimator
        of scikit-learn in `IndependentTasks`. A fitted model in a `FrozenEstimator` is
        only calibrated; the samples must not be in its training set.
    cv : int, splitter or iterable, default=None
        An int is the number of folds of `MultiTaskStratifiedKFold`; None means 5.
        Alternatively, a splitter or an iterable of (train, test). Samples that are not
        in a test set are not used for calibration.
    on_empty_task : {"raise", "warn"}, default="raise"
        With "warn", estimators of this package predict NaN for a task without observed
        labels.
    n_jobs : int, default=None
        Number of fits in parallel.

    Attributes
    ----------
    estimator_ : estimator
        Estimator fitted to all samples. It is used for predictions.
    classes_ : ndarray, or list of ndarray
        Classes of the task if y was 1-D, otherwise a list with the classes of each task
        (None for a regression task). Not defined if all tasks are regressions.
    task_set_ : TaskSet
        Tasks seen in fit.
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks: columns of y, or task0, task1, ...
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features. Defined only if X has feature names that are all strings.

    See Also
    --------
    sklearn_mtl.MultiTaskRegressor : Net with intervals that need no additional fits.

    Notes
    -----
    `predict_interval` is NaN for classification tasks, and `predict_set` is None for
    regression tasks. If a classifier has no probabilities, the predicted class has the
    probability 1, so a set contains either this class or all classes.

    If the samples of a task are exchangeable, the label of a new sample is in the
    interval with approximately the nominal coverage. Intervals of CV+ [1]_ are based on
    the models of all folds and have a guaranteed coverage of at least 1 - 2 (1 -
    coverage). In contrast, these intervals are based on the model of all samples. They
    are shorter, and their coverage is closer to the nominal coverage.

    With `groups`, the samples of a group are held out together. The intervals are then
    valid for samples of new groups.

    References
    ----------
    .. [1] R. F. Barber, E. J. Candes, A. Ramdas and R. J. Tibshirani, "Predictive
       inference with the jackknife+", Annals of Statistics 49, 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_mtl.multioutput import ConformalPredictor, IndependentTasks
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 2))
    >>> y = X + rng.normal(size=(2000, 2))
    >>> y[::3, 0] = np.nan
    >>> model = ConformalPredictor(IndependentTasks(Ridge()))
    >>> model = model.fit(X[:1000], y[:1000])
    >>> low, high = np.moveaxis(model.predict_interval(X[1000:], 0.8), -1, 0)
    >>> is_in = (low < y[1000:]) & (y[1000:] < high)
    >>> float(is_in[:, 1].mean().round(2))
    0.8
    """

    # Groups are also used here: no fold divides a group.
    __metadata_request__fit = {"groups": True}

    _parameter_constraints: dict[str, list[Any]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "cv": ["cv_object"],
        "on_empty_task": [StrOptions({"raise", "warn"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        cv: CrossValidator | None = None,
        on_empty_task: str = "raise",
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.cv = cv
        self.on_empty_task = on_empty_task
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        **fit_params: Any,
    ) -> ConformalPredictor:
        """Fit the estimator to all samples, and without each fold.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs, in any form that the estimator accepts.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None, pandas.NA and pandas.NaT are missing labels, if the
            estimator supports them.
        sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weights of samples or labels, used in the fits and in the calibration. With
            metadata routing, the estimator must request them.
        groups : array-like of shape (n_samples,), default=None
            Group of each sample. With an integer `cv`, no group is divided between
            folds. Groups are also passed to a splitter and to every fit that accepts
            them.
        **fit_params : dict
            Parameters passed to all fits. Arrays with one entry per sample are
            restricted to the training samples.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If a task has no labels, its labels are tags of tokens, or the estimator
            does not support its type.
        ValueError
            If lengths differ, weights are invalid or not supported, or no sample is in
            a test set.
        """
        warn_of_index_order(_WHO, X=X, y=y, sample_weight=sample_weight)
        X, y = indexable(plain_inputs(X, _WHO), as_targets(y, _WHO))
        X = record_features(self, X)
        if groups is not None:
            groups = read_groups(groups, num_samples(X), _WHO)
        columns = read_columns(y, _WHO, sample_weight)
        _refuse_tokens(columns)
        sample_weight = align_weights(
            sample_weight, columns.observed.shape, _WHO, columns
        )
        params = self._route(sample_weight, groups, fit_params)
        estimator = decide_task_types(self.estimator, columns, _WHO)
        if self.on_empty_task == "warn":
            estimator = tolerant(estimator)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IndexOrderWarning)  # warned above
            whole = clone(estimator).fit(X, y, **params)
            task_set, codes = self._read_tasks(whole, y, sample_weight)
            splits = self._splits(X, y, sample_weight, groups, task_set)
        question = partial(model_outputs, task_set=task_set, who=_WHO)
        fits = FoldFits(
            tolerant(estimator), X, y, columns, params, _WHO, _ALREADY_ISSUED
        )
        parts = fits.ask(splits, question, self.n_jobs)
        self.estimator_, self.task_set_ = whole, task_set
        tests = [test for _, test in splits]
        self._calibration = CalibrationData.of_folds(
            task_set.tasks, parts, tests, codes, sample_weight
        )
        return self

    def _route(
        self,
        sample_weight: np.ndarray | None,
        groups: np.ndarray | None,
        fit_params: Mapping[str, Any],
    ) -> dict[str, Any]:
        """Return the parameters of fit for the estimator."""
        given = {"sample_weight": sample_weight, "groups": groups}
        given = {name: value for name, value in given.items() if value is not None}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **given, **fit_params)
            return dict(routed.estimator.fit)
        held = fit_params_for(self.estimator, {"groups": groups}, _WHO)
        params = {**fit_params, **held}
        if sample_weight is not None:
            params[weight_key(self.estimator, _WHO)] = sample_weight
        return params

    def _read_tasks(
        self, fitted: Any, y: TargetsLike, sample_weight: ArrayLike | None
    ) -> tuple[TaskSet, np.ndarray]:
        """Return the tasks of the fitted estimator, and the encoded labels."""
        known = getattr(fitted_model(fitted), "task_set_", None)
        if isinstance(known, TaskSet):
            return known, known.encode(y, who=_WHO, sample_weight=sample_weight)
        types = _TYPES.get(get_tags(fitted).estimator_type or "")
        return TaskSet.from_y(
            y, who=_WHO, task_types=types, sample_weight=sample_weight
        )

    def _splits(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None,
        groups: np.ndarray | None,
        task_set: TaskSet,
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        cv = self.cv
        if cv is None or isinstance(cv, Integral):
            types = [task.type for task in task_set.tasks]
            n_folds = None if cv is None else int(cv)
            cv = stratified_folds(n_folds, groups, task_types=types)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", MissingLabelWarning)
            splits = list(split_weighted(check_cv(cv), X, y, groups, sample_weight))
        if not any(len(test) for _, test in splits):
            raise ValueError(f"{_WHO}: cv={self.cv!r} has no sample in a test set.")
        return [(np.asarray(train), np.asarray(test)) for train, test in splits]

    def _calibration_data(self) -> CalibrationData:
        return self._calibration

    def _gives_probabilities(self) -> bool:
        return hasattr(getattr(self, "estimator_", self.estimator), "predict_proba")

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the estimator.

        Returns
        -------
        MetadataRouter
            Router that passes metadata of fit to the fits of the estimator that request
            them.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        fits = MethodMapping().add(caller="fit", callee="fit")
        return router.add(estimator=self.estimator, method_mapping=fits)

    def _takes_in_fit(self, name: str) -> bool:
        return name == "groups" or takes(self.estimator, name)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator is fitted."""
        return hasattr(self, "_calibration")

    def __sklearn_tags__(self) -> Tags:
        """Declare what the estimator can do."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags = join_tags(tags, [self.estimator])
        tags.target_tags.multi_output = inner.target_tags.multi_output
        if tags.classifier_tags is not None and inner.classifier_tags is not None:
            tags.classifier_tags.multi_label = inner.classifier_tags.multi_label
        return tags

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        X = check_features(self, X)
        with warning_once():
            return model_outputs(self.estimator_, X, self.task_set_, _WHO)

    def _task_codes(self, X: FeaturesLike) -> np.ndarray:
        X = check_features(self, X)
        with warning_once():
            return model_codes(self.estimator_, self.task_set_, X, _WHO)

    def _task_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        return self._task_codes(X)[:, t]


def _refuse_tokens(columns: TargetColumns) -> None:
    pairs = zip(columns.names, columns.values, strict=True)
    tagged = [name for name, values in pairs if holds_lists(values)]
    if tagged:
        raise TaskError(
            f"{_WHO}: task {tagged[0]!r} has lists as labels. Tags of tokens have no "
            "prediction sets; remove the task from y."
        )
