"""Find out which tasks to train together, and train them so."""

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
    r"""Find the groups of tasks that are best learned together, a model a group.

    Three steps: measure the affinity of the tasks (`inspection.task_affinity`); find
    for every number of groups k the partition that maximises

    .. math:: \sum_G \sum_{j \in G} \frac{1}{|G| - 1} \sum_{i \in G, i \ne j} A_{ij};

    score these partitions by cross-validation, all tasks together (k = 1) and all apart
    (k = n_tasks) among them, and take the one with the best mean score over tasks. Then
    fit one model to each group.

    Use it when some of many tasks may be related and nobody knows which. With a few
    tasks or a model that shares only what helps, such as `MultiTaskLinearRegressor`,
    expect what all tasks together give.

    Parameters
    ----------
    estimator : estimator
        What is fitted to every group: any multi-output estimator. A task alone is
        fitted by `IndependentTasks`. Arguments of this package's estimators that speak
        of tasks (task_types, loss, class_weight, task_weight) are cut to the group.
    max_groups : int, default=None
        Most groups, and thus models; None allows one a task.
    method : {"gain", "lookahead", "gradient", "label"} or array-like, default="gain"
        How the affinity is measured, or the affinities (n_tasks, n_tasks) themselves,
        also as a `TaskAffinity` or a DataFrame, which are matched to the tasks by name.
    search : {"auto", "exact", "greedy", "spectral"}, default="auto"
        How partitions are found. "exact" looks at all of them, which takes 3^n_tasks
        steps; "greedy" merges groups; "spectral" is spectral clustering. "auto" is
        "exact" up to 10 tasks, else "greedy".
    cv : int, splitter or iterable, default=5
        Folds for "gain" and for the scores of partitions; a number gives folds
        stratified on all tasks.
    scoring : str, callable or dict, default=None
        Metric, as in `per_task_scorers`; None is "auto".
    max_sets : int, default=None
        Most sets of tasks that "gain" trains, as in `task_affinity`.
    on_empty_task : {"raise", "warn"}, default="raise"
        Whether a task without any observed label is an error, or predicted as NaN with
        a warning.
    n_jobs : int, default=None
        Fits at a time.
    memory : str or joblib.Memory, default=None
        Where scores of fits are kept, so that another search repeats none.
    random_state : int, RandomState, Generator or None, default=None
        Seed of folds and of what the method draws. Set the random_state of the
        estimator too, if it has one.
    verbose : bool, default=False
        Whether a progress bar is shown on stderr, if that is a terminal.

    Attributes
    ----------
    groups_ : list of list of str
        Names of the tasks of every group.
    task_groups_ : ndarray of shape (n_tasks,)
        Number of the group of every task.
    estimators_ : list of estimator
        The fitted model of every group.
    affinity_ : TaskAffinity or None
        What the search is based on; None where one partition or two are possible.
    cv_results_ : dict of str to list or ndarray
        One entry for each partition that was scored: "groups", "n_groups", "affinity"
        (the sum above), "mean_test_score", "std_test_score", "rank_test_score",
        "split0_test_score", ..., and "task_scores", the mean score of each task.
    best_index_ : int
        The chosen partition in `cv_results_`.
    best_score_ : float
        Its mean score; NaN where there was nothing to choose.
    n_fits_ : int
        Fits of the search, without the last ones.
    refit_time_ : float
        Seconds of the last fits.
    classes_ : ndarray, or list of ndarray
        Labels of each task (None for a regression). Absent if all are regressions.
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
    sklearn_mtl.inspection.task_affinity : The affinities alone.
    compare : Find out whether learning all tasks together helps.

    Notes
    -----
    Of more than 12 possible numbers of groups, 12 are tried, in a geometric series.
    In `cv_results_`, each task counts by its mean score over the splits that score it,
    if these are more than half of the splits. Thus "mean_test_score" is not the mean of
    the split scores where a split lacks scores of a task.
    `best_score_` is a little optimistic, for it is the best of several and the
    affinities come from the same rows; cross-validate the search for an honest score.

    A task with a single class, or without labels, is in a group of its own. With one
    possible partition nothing is cross-validated. `score` is that of the package's
    estimators (mean accuracy, R2 or skill), whatever `scoring` is.

    Cost: n_folds times the number of different groups, at most 2 n_tasks - 1 where the
    search is "greedy", beside that of the affinity.

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
        """Find the groups, and fit a model to each.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs; whatever the estimator takes.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None, pandas.NA and pandas.NaT are missing labels, where the
            estimator takes them.
        sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weights of rows or cells, in fits and scores. With metadata routing the
            estimator must request them; scores are weighted in any case.
        groups : array-like of shape (n_samples,), default=None
            The group of each sample: folds of a number do not divide groups, and a
            splitter and every fit that takes groups get them.
        X_val, y_val, sample_weight_val : array-like, default=None
            A validation set of shapes (n_val, n_features), (n_val, n_tasks) and, for
            the weights, (n_val,) or (n_val, n_tasks), for the fits: each gets the tasks
            of its group. Partitions are still scored by `cv`.
        **fit_params : dict
            Given to all fits; of what has one entry per sample, those of the samples
            that are fitted.

        Returns
        -------
        self : object
            The fitted search.

        Raises
        ------
        TaskError
            If a task has no label or labels of the wrong kind, or affinities are not
            (n_tasks, n_tasks); or if y_val has other tasks, other classes, or no label
            of a task.
        ValueError
            If a parameter is out of its range, lengths differ, or the estimator has no
            use for the validation set.
        """
        events = FitEvents(self, X, y, sample_weight)
        events.begin(None)  # how many sets it takes shows on the way
        X, y = indexable(plain_inputs(X, _WHO), as_targets(y, _WHO))
        X = record_features(self, X)
        weighted = {"sample_weight": sample_weight, "groups": groups}
        held = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        data = read_search_data(self, X, y, weighted, held, fit_params)
        with warnings.catch_warnings():  # said once, when y was read
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
        """Return how metadata reach the estimator and the splitter.

        Returns
        -------
        MetadataRouter
            Groups and weights are used by the search itself too: by folds of a number
            and by scores.
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
        """Say whether all groups have their models."""
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self) -> Tags:
        """Declare what the estimator can do."""
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
