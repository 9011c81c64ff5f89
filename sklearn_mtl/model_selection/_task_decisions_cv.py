"""Choose the predicted classes of all tasks by thresholds or by costs."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from sklearn_mtl.exceptions import IndexOrderWarning
from sklearn_mtl.model_selection._calibration import CALIBRATIONS
from sklearn_mtl.model_selection._decision_fit import (
    DecisionFit,
    task_set_of,
    weights_of,
)
from sklearn_mtl.model_selection._decision_settings import check_names, read_settings
from sklearn_mtl.model_selection._decisions import threshold_of
from sklearn_mtl.model_selection._out_of_fold import OWN, Training, outputs_of_tasks
from sklearn_mtl.tasks import (
    MetaOutputsMixin,
    TargetColumns,
    as_targets,
    decide_task_types,
    read_columns,
    stack_codes,
)
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._features import check_features, reads_texts, record_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._fit_params import fit_params_for, refuse_untransformed, takes
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._pipelines import tolerant, weight_key
from sklearn_mtl.utils._private import HasMethods, StrOptions, num_samples
from sklearn_mtl.utils._tags import join_tags
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    TargetsLike,
)

__all__ = ["TaskDecisionsCV"]

_WHO = "TaskDecisionsCV"


class TaskDecisionsCV(MetaOutputsMixin, MetaEstimatorMixin, BaseEstimator):
    r"""Choose the predicted class of each task by a tuned threshold or by costs.

    A classifier predicts the most probable class, which is often not the best decision:
    with 2 % positive labels it may never predict the positive class. This
    meta-estimator fits the estimator to all samples. It then chooses the class of each
    task from the probabilities p with a cost matrix C,

    .. math:: \hat y = \arg\min_k \sum_j p_j C_{jk},

    which is either given or tuned on out-of-fold predictions to maximise a metric. With
    two classes, this is a threshold t with C = [[0, t], [1 - t, 0]]. Predictions of
    regression tasks are not changed. scikit-learn's `TunedThresholdClassifierCV` and
    `CalibratedClassifierCV` do the same for a single task without missing labels.

    Parameters
    ----------
    estimator : estimator
        Any multi-output classifier or mixed estimator with `predict_proba`. A
        FrozenEstimator is not fitted again. In this case X and y must be samples that
        it was not trained on, unless `cv` is "oof".
    scoring : str, callable, dict or None, default="balanced_accuracy"
        Metric of predicted labels to maximise: a name from `metrics.per_task_score`, or
        a callable with signature (y_true, y_pred) for one task. A dict maps task names
        or kinds of task ("binary", "multiclass", "classification") to metrics. If None,
        or if the dict does not contain the task, the most probable class is predicted.
    constraint : tuple (metric, float) or dict, default=None
        Lower bound on another metric, for tasks with two classes: ("precision", 0.9)
        maximises `scoring` over the thresholds with a precision of at least 0.9. A dict
        maps task names or kinds of task to constraints.
    costs : array-like of shape (n_classes, n_classes) or dict, default=None
        Cost of each predicted class (column) for each true class (row), in the order of
        `classes_`. An array is used for all classification tasks; a dict maps task
        names to arrays. The class with the lowest expected cost is predicted, and
        `scoring` is not used for the task. A fixed threshold t is [[0, t], [1 - t, 0]].
    calibrate : {"isotonic", "sigmoid", "temperature"} or None, default=None
        Method that calibrates the probabilities of all classification tasks on the
        out-of-fold predictions, before tuning. "sigmoid" is Platt's method [1]_ applied
        to the logits. "isotonic" needs at least about a thousand labels [2]_. With more
        than two classes, both calibrate each class against the rest and normalise the
        result to sum to 1. "temperature" divides the logarithms of the probabilities by
        one number [3]_.
    cv : int, splitter, iterable, "oof" or None, default=None
        Source of the out-of-fold predictions. None uses `oof_prediction_` of the fitted
        estimator if it has this attribute (blends, forests and nets with several
        members), and 5 folds otherwise. "oof" raises an error if there is no
        `oof_prediction_`. With an int, a splitter or an iterable of (train, test), a
        clone is fitted to each fold.
    on_empty_task : {"raise", "warn"} or None, default=None
        Value to set for the parameter of this name, if the estimator has it: raise an
        error for a task without observed labels, or warn and predict NaN. None leaves
        the estimator unchanged.
    n_jobs : int, default=None
        Number of folds to fit at the same time.

    Attributes
    ----------
    estimator_ : estimator
        The estimator fitted to all samples.
    thresholds_ : dict of str to float
        For each task with two classes, the probability above which the second class is
        predicted; NaN for other tasks. It is 0.5 if no threshold was chosen.
    costs_ : dict of str to ndarray of shape (n_classes, n_classes) or None
        Cost matrix of each task. It is None if the most probable class is predicted,
        and for regression tasks.
    best_scores_ : dict of str to float
        Score of the tuned decisions on the out-of-fold predictions; NaN for tasks that
        are not tuned. It is optimistic, because it is the best of many candidates.
    classes_ : ndarray, or list of ndarray
        Labels of each task (None for a regression).
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features. Defined only if X has feature names that are all strings.

    See Also
    --------
    sklearn.model_selection.TunedThresholdClassifierCV : For one task with two classes.
    sklearn.calibration.CalibratedClassifierCV : For one task.
    per_task_scorers : Scores of the decisions.

    Notes
    -----
    Missing labels, labels with weight 0, and samples without an out-of-fold prediction
    for a task are left out. Weights are used in all scores and calibrations. If fewer
    than two classes of a task remain, its most probable class is predicted, with a
    warning.

    With two classes, about 200 thresholds are compared, and the middle of the range
    with the best score is chosen. With more classes, each probability is divided by a
    power of the frequency of its class, and this power is tuned between -1 and 2: 0
    predicts the most probable class, and 1 maximises balanced accuracy if the
    probabilities are correct. Separate weights for each class are not tuned, because
    they overfit the out-of-fold predictions.

    If the estimator is a Pipeline, its transformers are fitted to all samples, and
    `oof_prediction_` holds out samples only for the final step. If a transformer uses
    y, set `cv` to a number.

    The estimator is fitted once, plus once per fold if it has no out-of-fold
    predictions. Prediction takes as long as with the estimator alone.

    References
    ----------
    .. [1] J. Platt, "Probabilistic outputs for support vector machines and comparisons
       to regularized likelihood methods", Advances in Large Margin Classifiers, 1999.
    .. [2] A. Niculescu-Mizil, R. Caruana, "Predicting good probabilities with
       supervised learning", ICML 2005.
    .. [3] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017.
    .. [4] C. Elkan, "The foundations of cost-sensitive learning", IJCAI 2001; equations
       1 and 2.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.datasets import make_multitask_classification
    >>> from sklearn_mtl.linear_model import MultiTaskLinearClassifier
    >>> from sklearn_mtl.model_selection import TaskDecisionsCV
    >>> X, y = make_multitask_classification(random_state=0)
    >>> model = TaskDecisionsCV(
    ...     MultiTaskLinearClassifier(),
    ...     scoring={"task0": "f1"},
    ...     costs={"task1": [[0, 1], [9, 0]]},
    ... ).fit(X, y)
    >>> model.thresholds_["task1"], model.thresholds_["task2"]
    (0.1, 0.5)
    """

    # Only the folds of an integer cv use groups; other fit params go to the estimator.
    __metadata_request__fit = {"groups": True}

    _parameter_constraints: dict[str, list[Any]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "scoring": [str, callable, dict, None],
        "constraint": [tuple, dict, None],
        "costs": [dict, "array-like", None],
        "calibrate": [StrOptions(set(CALIBRATIONS)), None],
        "cv": ["cv_object", StrOptions({OWN})],
        "on_empty_task": [StrOptions({"raise", "warn"}), None],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        scoring: Any = "balanced_accuracy",
        constraint: Any = None,
        costs: Any = None,
        calibrate: str | None = None,
        cv: CrossValidator | str | None = None,
        on_empty_task: str | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.scoring = scoring
        self.constraint = constraint
        self.costs = costs
        self.calibrate = calibrate
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
    ) -> TaskDecisionsCV:
        """Fit the estimator, and tune the decisions of all tasks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs, in any form that the estimator accepts.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None, pandas.NA and pandas.NaT are missing labels, if the
            estimator supports them.
        sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weights of samples or labels, used in fits, calibrations and scores. With
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
            If all tasks are regressions, a named task is unknown or a regression, costs
            are not of shape (n_classes, n_classes), a metric is unknown or does not
            depend on predicted labels, or no threshold satisfies a constraint.
        ValueError
            If lengths differ, if `cv` is "oof" and the estimator has no out-of-fold
            predictions of these samples, or if the estimator does not predict
            probabilities.

        Warns
        -----
        MissingLabelWarning
            If a task has out-of-fold predictions for fewer than two classes.
        """
        warn_of_index_order(_WHO, X=X, y=y, sample_weight=sample_weight)
        warn_of_index_order(_WHO, X=X, groups=groups)
        X, y = indexable(plain_inputs(X, _WHO), as_targets(y, _WHO))
        if not reads_texts([self.estimator]):
            X = record_features(self, X)
        if groups is not None:
            groups = read_groups(groups, num_samples(X), _WHO)
        columns = read_columns(y, _WHO, sample_weight)
        settings = self.scoring, self.constraint, self.costs
        check_names(columns.names, *settings, _WHO)
        weights = weights_of(columns, _WHO)
        params = self._route(weights, groups, fit_params)
        estimator = self._prepared(columns)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", IndexOrderWarning)  # warned above
            model = clone(estimator).fit(X, y, **params)
        self.estimator_, self.task_set_ = model, task_set_of(model, columns, _WHO)
        data = Training(X, y, columns, weights, params, groups)
        chosen = read_settings(self.task_set_.tasks, *settings, _WHO)
        fit = DecisionFit(estimator, model, self.task_set_, chosen, self.calibrate)
        self._rules = fit.learn_rules(data, self.cv, self.n_jobs, _WHO)
        return self

    def _prepared(self, columns: TargetColumns) -> Any:
        """Return the estimator that is fitted to all samples and to each fold."""
        if isinstance(self.estimator, FrozenEstimator):
            return self.estimator
        estimator = decide_task_types(self.estimator, columns, _WHO)
        return tolerant(estimator, self.on_empty_task)

    def _route(
        self, sample_weight: Any, groups: Any, fit_params: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the parameters that are passed to the fits of the estimator."""
        given = {"sample_weight": sample_weight, "groups": groups}
        given = {name: value for name, value in given.items() if value is not None}
        if get_config()["enable_metadata_routing"]:
            routed = process_routing(self, "fit", **given, **fit_params)
            return dict(routed.estimator.fit)
        if isinstance(self.estimator, FrozenEstimator):
            return {}
        refuse_untransformed(fit_params, "its step", _WHO)
        params = {
            **fit_params,
            **fit_params_for(self.estimator, {"groups": groups}, _WHO),
        }
        if sample_weight is not None:
            params[weight_key(self.estimator, _WHO)] = sample_weight
        return params

    @property
    def costs_(self) -> dict[str, np.ndarray | None]:
        """The cost matrix of each task, by its name."""
        pairs = zip(self.task_set_.names, self._rules, strict=True)
        return {name: rule.costs for name, rule in pairs}

    @property
    def thresholds_(self) -> dict[str, float]:
        """The threshold of each task with two classes, NaN for others."""
        pairs = zip(self.task_set_.tasks, self._rules, strict=True)
        return {
            task.name: threshold_of(rule.costs) if task.n_classes == 2 else np.nan
            for task, rule in pairs
        }

    @property
    def best_scores_(self) -> dict[str, float]:
        """The out-of-fold score of the tuned decisions of each task, by its name."""
        pairs = zip(self.task_set_.names, self._rules, strict=True)
        return {name: rule.score for name, rule in pairs}

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the estimator and the splitter.

        Returns
        -------
        MetadataRouter
            Router. Groups and weights are also used by this estimator itself.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        fits = MethodMapping().add(caller="fit", callee="fit")
        router.add(estimator=self.estimator, method_mapping=fits)
        if hasattr(self.cv, "split"):
            splits = MethodMapping().add(caller="fit", callee="split")
            router.add(splitter=self.cv, method_mapping=splits)
        return router

    def _takes_in_fit(self, name: str) -> bool:
        return name == "groups" or takes(self.estimator, name)

    def _gives_probabilities(self) -> bool:
        return hasattr(getattr(self, "estimator_", self.estimator), "predict_proba")

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator is fitted."""
        return hasattr(self, "_rules")

    def __sklearn_tags__(self) -> Tags:
        """Declare what the estimator can do."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags = join_tags(tags, [self.estimator])
        tags.target_tags.multi_output = inner.target_tags.multi_output
        if tags.classifier_tags is not None and inner.classifier_tags is not None:
            tags.classifier_tags.multi_label = inner.classifier_tags.multi_label
        return tags

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        if not reads_texts([self.estimator]):
            X = check_features(self, X)
        given = outputs_of_tasks(self.estimator_, X, self.n_tasks_, _WHO)
        pairs = zip(self._rules, given, strict=True)
        return [rule.output(one) for rule, one in pairs]

    def _task_codes(self, X: FeaturesLike) -> np.ndarray:
        tasks = self.task_set_.tasks
        each = zip(self._rules, self._finite_outputs(X), tasks, strict=True)
        return stack_codes([rule.code(output, task) for rule, output, task in each])

    def _task_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        task = self.task_set_.tasks[t]
        return self._rules[t].code(self._finite_output(X, t), task)
