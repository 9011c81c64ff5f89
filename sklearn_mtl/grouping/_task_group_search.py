"""Search for groups of tasks, with one model per group."""

from __future__ import annotations

import time
import warnings
from numbers import Integral
from typing import Any

import numpy as np
from joblib import Memory
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.utils import Tags, get_tags, indexable
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping

from sklearn_mtl.exceptions import (
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
)
from sklearn_mtl.grouping._group_models import GroupModels, group_codes, group_outputs
from sklearn_mtl.grouping._group_search import GroupSearch, search_groups
from sklearn_mtl.grouping._reading import read_search_data
from sklearn_mtl.inspection import AFFINITY_METHODS, TaskAffinity
from sklearn_mtl.tasks import MetaOutputsMixin, as_targets
from sklearn_mtl.utils._callbacks import CallbackSupportMixin, FitEvents, with_callbacks
from sklearn_mtl.utils._categories import warning_once
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._features import check_features, record_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._fit_params import takes
from sklearn_mtl.utils._hold_out import VALIDATION
from sklearn_mtl.utils._private import HasMethods, Interval, StrOptions
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._tags import join_tags
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    MetricChoice,
    Seed,
    TargetsLike,
)

__all__ = ["TaskGroupSearchCV"]

_WHO = "TaskGroupSearchCV"


class TaskGroupSearchCV(
    MetaOutputsMixin, CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator
):
    r"""Search for groups of tasks that should be learned together.

    The search has three steps. First, the affinity A_ij of task i to task j is measured
    for all pairs (see `inspection.task_affinity`). Second, for each number of groups k
    the partition is found that maximises

    .. math:: \sum_G \sum_{j \in G} \frac{1}{|G| - 1} \sum_{i \in G, i \ne j} A_{ij}.

    These partitions include all tasks together (k = 1) and each task separately (k =
    n_tasks). Third, the partitions are scored by cross-validation, and the one with the
    best mean score over tasks is chosen. Finally, one model is fitted to each group.

    Use it for many tasks of which unknown subsets may be related. With few tasks, or a
    model that adapts how much it shares, such as `MultiTaskLinearRegressor`, the scores
    are usually similar to those of learning all tasks together.

    Parameters
    ----------
    estimator : estimator
        Any multi-output estimator, of which a clone is fitted to each group. A single
        task is fitted by `IndependentTasks`. Parameters with values for each task
        (task_types, loss, class_weight, task_weight) of estimators of this package are
        restricted to the group.
    max_groups : int, default=None
        Maximum number of groups, and thus of models. None means the number of tasks.
    method : {"gain", "lookahead", "gradient", "label"} or array-like, default="gain"
        Method to measure the affinity, as in `task_affinity`, or the affinities: an
        array of shape (n_tasks, n_tasks), or a `TaskAffinity` or a DataFrame, which are
        matched to the tasks by name.
    search : {"auto", "exact", "greedy", "spectral"}, default="auto"
        Method to find the partitions. "exact" compares all partitions in 3^n_tasks
        steps; "greedy" merges groups; "spectral" uses spectral clustering. "auto" is
        "exact" for up to 10 tasks, and "greedy" otherwise.
    cv : int, splitter or iterable, default=5
        Cross-validation for the method "gain" and for the scores of partitions. An
        integer is a number of folds, which are stratified on all tasks.
    scoring : str, callable or dict, default=None
        Metric, as in `per_task_scorers`; None means "auto".
    max_sets : int, default=None
        Maximum number of sets of tasks that the method "gain" trains, as in
        `task_affinity`.
    on_empty_task : {"raise", "warn"}, default="raise"
        Whether to raise an error for a task without observed labels, or to issue a
        warning and predict NaN.
    n_jobs : int, default=None
        Number of fits to run in parallel.
    memory : str or joblib.Memory, default=None
        Cache for the scores of fits, which other searches can reuse.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds and of the affinity method. For reproducible results, also set
        the `random_state` of the estimator.
    verbose : bool, default=False
        Whether to show a progress bar on stderr if it is a terminal.

    Attributes
    ----------
    groups_ : list of list of str
        Names of the tasks in each group.
    task_groups_ : ndarray of shape (n_tasks,)
        Index of the group of each task.
    estimators_ : list of estimator
        Fitted model of each group.
    affinity_ : TaskAffinity or None
        Affinities of the tasks; None if at most two partitions are possible.
    cv_results_ : dict of str to list or ndarray
        One entry for each scored partition: "groups", "n_groups", "affinity" (the sum
        above), "mean_test_score", "std_test_score", "rank_test_score",
        "split0_test_score", ..., and "task_scores", the mean score of each task.
    best_index_ : int
        Index of the chosen partition in `cv_results_`.
    best_score_ : float
        Mean score of the chosen partition; NaN if only one partition is possible.
    n_fits_ : int
        Number of fits of the search, without the final ones.
    refit_time_ : float
        Time of the final fits in seconds.
    classes_ : ndarray, or list of ndarray
        Class labels of each task (None for regression tasks). It does not exist if all
        tasks are regression tasks.
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks.
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all names of X are strings.

    See Also
    --------
    sklearn_mtl.inspection.task_affinity : Measure the affinities of tasks.
    compare : Compare models and measure whether learning tasks together helps.

    Notes
    -----
    If there are more than 12 possible numbers of groups, 12 of them in a geometric
    series are tried.

    In `cv_results_`, "mean_test_score" is the mean over tasks of the mean score over
    the splits that score a task. Tasks that are scored in at most half of the splits
    are excluded. If a split lacks the score of a task, the mean therefore differs from
    the mean of the split scores.

    `best_score_` is slightly optimistic, because it is the best of several scores and
    the affinities come from the same samples. Cross-validate the search for an unbiased
    score.

    Tasks with a single class or without labels form separate groups. If only one
    partition is possible, there is no cross-validation. The method `score` does not use
    `scoring`: it returns mean accuracy, R2 or skill, like other estimators of the
    package.

    The number of fits is n_folds times the number of different groups, which is at most
    2 n_tasks - 1 for the search "greedy", plus the fits for the affinity.

    References
    ----------
    .. [1] T. Standley, A. Zamir, D. Chen, L. Guibas, J. Malik, S. Savarese, "Which
       tasks should be learned together in multi-task learning?", ICML 2020.
    .. [2] C. Fifty, E. Amid, Z. Zhao, T. Yu, R. Anil, C. Finn, "Efficiently identifying
       task groupings for multi-task learning", NeurIPS 2021.

    Examples
    --------
    >>> from sklearn_mtl.grouping import TaskGroupSearchCV
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> from sklearn_mtl.linear_model import MultiTaskLinearRegressor
    >>> X, y = make_multitask_regression(
    ...     200, 10, 4, n_groups=[0, 1, 0, 1], relatedness=1.0, random_state=0
    ... )
    >>> model = MultiTaskLinearRegressor(penalty="mean", alpha=1.0)
    >>> search = TaskGroupSearchCV(model, random_state=0).fit(X, y)
    >>> search.groups_
    [['task0', 'task2'], ['task1', 'task3']]
    """

    # The search uses groups itself; validation sets go to the estimator.
    __metadata_request__fit = {"groups": True, **dict.fromkeys(VALIDATION, UNUSED)}

    _parameter_constraints: dict[str, list[Any]] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "max_groups": [Interval(Integral, 1, None, closed="left"), None],
        "method": [StrOptions(set(AFFINITY_METHODS)), TaskAffinity, "array-like"],
        "search": [StrOptions({"auto", "exact", "greedy", "spectral"})],
        "cv": ["cv_object"],
        "scoring": [str, callable, dict, None],
        "max_sets": [Interval(Integral, 1, None, closed="left"), None],
        "on_empty_task": [StrOptions({"raise", "warn"})],
        "n_jobs": [Integral, None],
        "memory": [str, HasMethods(["cache"]), None],
        "random_state": ["random_state", np.random.Generator],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: Estimator,
        *,
        max_groups: int | None = None,
        method: Any = "gain",
        search: str = "auto",
        cv: CrossValidator = 5,
        scoring: MetricChoice | None = None,
        max_sets: int | None = None,
        on_empty_task: str = "raise",
        n_jobs: int | None = None,
        memory: str | Memory | None = None,
        random_state: Seed = None,
        verbose: bool = False,
    ) -> None:
        self.estimator = estimator
        self.max_groups = max_groups
        self.method = method
        self.search = search
        self.cv = cv
        self.scoring = scoring
        self.max_sets = max_sets
        self.on_empty_task = on_empty_task
        self.n_jobs = n_jobs
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=False)
    @with_callbacks
    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        X_val: FeaturesLike | None = None,
        y_val: TargetsLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        **fit_params: Any,
    ) -> TaskGroupSearchCV:
        """Search for the groups and fit a model to each of them.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Input data in any form that the estimator accepts.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Target values. NaN, None, pandas.NA and pandas.NaT are missing labels, if
            the estimator supports them.
        sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weights per sample or per label, for fits and scores. With metadata routing,
            the estimator must request them for its fits.
        groups : array-like of shape (n_samples,), default=None
            Group labels of the samples. The folds of an integer `cv` do not divide
            groups. They are also passed to a splitter and to estimators whose fit takes
            groups.
        X_val, y_val, sample_weight_val : array-like, default=None
            Validation set for the fits, of shapes (n_val, n_features), (n_val, n_tasks)
            and (n_val,) or (n_val, n_tasks). Each fit receives the tasks of its group.
            Partitions are still scored by `cv`.
        **fit_params : dict
            Parameters to pass to all fits. Values with one entry per sample are
            restricted to the samples of a fit.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        TaskError
            If a task has no labels or labels of the wrong type, or the affinities do
            not have the shape (n_tasks, n_tasks); or if y_val has other tasks, unknown
            classes, or no label of a task.
        ValueError
            If a parameter is out of its range, lengths differ, or the estimator does
            not use a validation set.
        """
        events = FitEvents(self, X, y, sample_weight)
        events.begin(None)  # the number of sets is not known in advance
        X, y = indexable(plain_inputs(X, _WHO), as_targets(y, _WHO))
        X = record_features(self, X)
        weighted = {"sample_weight": sample_weight, "groups": groups}
        held = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        data = read_search_data(self, X, y, weighted, held, fit_params)
        with warnings.catch_warnings():  # they were issued when y was read
            for seen in (MissingLabelWarning, SingleClassWarning, IndexOrderWarning):
                warnings.simplefilter("ignore", seen)
            found = search_groups(self, data, draw_seed(self.random_state), events)
            events.begin_part("refit")
            start = time.perf_counter()
            fitted = GroupModels.fit(self.estimator, data, found.partition, self.n_jobs)
        self.refit_time_ = time.perf_counter() - start
        events.end_part()
        self._set_results(found, fitted)
        events.end()
        return self

    def _set_results(self, found: GroupSearch, fitted: GroupModels) -> None:
        self.affinity_, self.cv_results_ = found.affinity, found.results
        self.best_index_, self.n_fits_ = found.best, found.n_fits
        self.best_score_ = float(found.results["mean_test_score"][found.best])
        self._fitted, self.task_set_ = fitted, fitted.task_set
        self.estimators_, self.groups_ = fitted.models, fitted.names
        self.task_groups_ = fitted.group_of_task

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the estimator and the splitter.

        Returns
        -------
        MetadataRouter
            Router that also requests groups and weights for the search, which needs
            them for the folds of an integer `cv` and for the scores.
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
        fitted = getattr(self, "estimators_", [])
        return all(hasattr(one, "predict_proba") for one in fitted or [self.estimator])

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the models of all groups are fitted."""
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of the estimator."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags = join_tags(tags, [self.estimator])
        if tags.classifier_tags is not None and inner.classifier_tags is not None:
            tags.classifier_tags.multi_label = inner.classifier_tags.multi_label
        return tags

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        X = check_features(self, X)
        with warning_once():
            return self._fitted.ask_all(group_outputs, X)

    def _task_codes(self, X: FeaturesLike) -> np.ndarray:
        X = check_features(self, X)
        with warning_once():
            return np.stack(self._fitted.ask_all(group_codes, X), axis=1)

    def _task_output(self, X: FeaturesLike, t: int) -> np.ndarray:
        return self._fitted.ask_one(group_outputs, check_features(self, X), t)

    def _task_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        return self._fitted.ask_one(group_codes, check_features(self, X), t)
