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

    An estimator predicts the likeliest class, which is rarely what a task needs: where
    2 % of the labels are positive it may never predict one. This meta-estimator fits
    the estimator to all samples, and chooses the class of each task from its
    probabilities p by a cost matrix C,

    .. math:: \hat y = \arg\min_k \sum_j p_j C_{jk},

    which is given, or tuned to a metric on out-of-fold predictions. For two classes
    that is a threshold t, with C = [[0, t], [1 - t, 0]]. Values of regressions are
    predicted as they are. scikit-learn's `TunedThresholdClassifierCV` and
    `CalibratedClassifierCV` do the same for a single task without missing labels.

    Parameters
    ----------
    estimator : estimator
        Any multi-output classifier or mixed estimator with `predict_proba`. A
        FrozenEstimator is not fitted again: unless `cv` is "oof", X and y must then be
        samples that it was not trained on.
    scoring : str, callable, dict or None, default="balanced_accuracy"
        Metric of labels that is maximised: a name of `metrics.per_task_score`, or a
        callable (y_true, y_pred) of the labels of one task. A dict gives it by task
        name or by kind ("binary", "multiclass", "classification"). None, or a task that
        the dict does not name, predicts the likeliest class.
    constraint : tuple (metric, float) or dict, default=None
        What another metric must reach, for tasks with two classes: ("precision", 0.9)
        maximises `scoring` among the thresholds with that precision. A dict gives it by
        task name or by kind.
    costs : array-like of shape (n_classes, n_classes) or dict, default=None
        The cost of each predicted class (column) for each true class (row), in the
        order of `classes_`, for all classification tasks or in a dict by task name. The
        class of minimal expected cost is predicted, and `scoring` is not used for the
        task. A fixed threshold t is [[0, t], [1 - t, 0]].
    calibrate : {"isotonic", "sigmoid", "temperature"} or None, default=None
        How the probabilities of all classification tasks are calibrated on the
        out-of-fold predictions, before anything is tuned. "sigmoid" is Platt's [1]_ on
        the logits, "isotonic" needs a thousand labels or more [2]_; of more than two
        classes each is calibrated against the rest, and their sum is scaled to 1.
        "temperature" divides the logarithms of the probabilities by one number [3]_.
    cv : int, splitter, iterable, "oof" or None, default=None
        Where out-of-fold predictions come from. None takes the `oof_prediction_` of the
        fitted estimator where it has one, as blends, forests and nets with several
        members have, and 5 folds otherwise; "oof" is an error otherwise. A number, a
        splitter or an iterable of (train, test) fits a clone to each fold.
    on_empty_task : {"raise", "warn"} or None, default=None
        Set for the estimator, if it has this parameter: whether a task without any
        observed label is an error, or predicted as NaN with a warning. None leaves the
        estimator's own.
    n_jobs : int, default=None
        Number of folds to fit at the same time.

    Attributes
    ----------
    estimator_ : estimator
        The estimator fitted to all samples.
    thresholds_ : dict of str to float
        For each task the probability above which the second of two classes is
        predicted; NaN for other tasks. It is 0.5 where nothing was chosen.
    costs_ : dict of str to ndarray of shape (n_classes, n_classes) or None
        The cost matrix of each task; None where the likeliest class or a value is
        predicted.
    best_scores_ : dict of str to float
        The score that the tuned thresholds reach on the out-of-fold predictions; NaN
        for other tasks. It is that of the best of many, and thus optimistic.
    classes_ : ndarray, or list of ndarray
        Labels of each task (None for a regression).
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names that are strings.

    See Also
    --------
    sklearn.model_selection.TunedThresholdClassifierCV : For one task with two classes.
    sklearn.calibration.CalibratedClassifierCV : For one task.
    per_task_scorers : Scores of the decisions.

    Notes
    -----
    Missing labels, labels of weight 0, and samples without an out-of-fold prediction of
    a task are left out; weights count in all scores and calibrations. A task of which
    fewer than two classes are left predicts its likeliest class, with a warning.

    With two classes some 200 thresholds are compared, and of those with the best score
    the middle is taken. With more, probabilities are divided by a power of the
    frequency of their class, and the power is tuned, from -1 to 2: 0 predicts the
    likeliest class, and 1 is the optimum of balanced accuracy where probabilities are
    right. A weight for each class would be tuned better than it generalises.

    In a Pipeline inside of this meta-estimator the steps before the model are fitted to
    all samples, and `oof_prediction_` is that of the model alone. Where such a step
    uses y, give `cv` a number.

    Cost: one fit, and one for each fold where the estimator has no out-of-fold
    predictions; predictions cost what those of the estimator cost.

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

    # Folds of a number do not divide groups; what else fit gets is the estimator's.
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
            Inputs; whatever the estimator takes.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None, pandas.NA and pandas.NaT are missing labels, where the
            estimator takes them.
        sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weights of samples or labels, in fits, calibrations and scores. With
            metadata routing the estimator must request them.
        groups : array-like of shape (n_samples,), default=None
            The group of each sample: folds of a number do not divide groups, and a
            splitter and every fit that takes groups get them.
        **fit_params : dict
            Given to all fits; of what has one entry per sample, those of the samples
            that are fitted.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If all tasks are regressions, a task that is named is unknown or a
            regression, costs are not (n_classes, n_classes), a metric is unknown or
            does not depend on predicted labels, or no threshold meets a constraint.
        ValueError
            If lengths differ, cv is "oof" and the estimator has no out-of-fold
            predictions of these samples, or it has no probabilities.

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
            warnings.simplefilter("ignore", IndexOrderWarning)  # said above
            model = clone(estimator).fit(X, y, **params)
        self.estimator_, self.task_set_ = model, task_set_of(model, columns, _WHO)
        data = Training(X, y, columns, weights, params, groups)
        chosen = read_settings(self.task_set_.tasks, *settings, _WHO)
        fit = DecisionFit(estimator, model, self.task_set_, chosen, self.calibrate)
        self._rules = fit.learn_rules(data, self.cv, self.n_jobs, _WHO)
        return self

    def _prepared(self, columns: TargetColumns) -> Any:
        """Return the estimator that is fitted, to the whole as to each fold."""
        if isinstance(self.estimator, FrozenEstimator):
            return self.estimator
        estimator = decide_task_types(self.estimator, columns, _WHO)
        return tolerant(estimator, self.on_empty_task)

    def _route(
        self, sample_weight: Any, groups: Any, fit_params: dict[str, Any]
    ) -> dict[str, Any]:
        """Return what the fits of the estimator get."""
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
        """What the tuned decisions of each task reach out of fold, by its name."""
        pairs = zip(self.task_set_.names, self._rules, strict=True)
        return {name: rule.score for name, rule in pairs}

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata reach the estimator and the splitter.

        Returns
        -------
        MetadataRouter
            Groups and weights are used by this estimator itself too.
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
        """Say whether the decisions of all tasks are known."""
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
