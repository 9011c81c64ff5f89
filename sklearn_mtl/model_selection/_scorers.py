"""Scorers for scikit-learn's tools that understand several tasks and missing labels."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.metadata_routing import UNUSED

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import (
    Metric,
    TaskTruth,
    average_scores,
    check_average,
    find_metric,
    is_by_kind,
    joined_scores,
    metrics_of_tasks,
    named_metrics,
    read_truth,
    score_tasks,
    warn_of_units,
)
from sklearn_mtl.model_selection._responses import (
    classes_of_tasks,
    given_of_tasks,
    periods_of_tasks,
)
from sklearn_mtl.tasks import read_columns
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._pipelines import fitted_model
from sklearn_mtl.utils._typing import (
    Estimator,
    FeaturesLike,
    MetricChoice,
    MetricChoices,
    TargetsLike,
    TaskNumbers,
)

__all__ = ["PerTaskScorer", "TaskScorer", "per_task_scorers", "task_scorer"]

MEAN = "mean"


class _BaseTaskScorer(BaseEstimator):
    """What both scorers share. A BaseEstimator, for its repr, clone and routing."""

    # `score` is what scikit-learn routes weights to; the estimator is no metadata
    __metadata_request__score = {"estimator": UNUSED}

    metric: MetricChoices
    periods: TaskNumbers | None
    coverage: float

    def __call__(
        self,
        estimator: Estimator,
        X: FeaturesLike,
        y_true: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Any:
        """Score a fitted estimator, as `score` does."""
        return self.score(estimator, X, y_true, sample_weight=sample_weight)

    @abstractmethod
    def score(
        self,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
    ) -> Any:
        """Score a fitted estimator."""

    def _score_tasks(
        self,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None,
        who: str,
    ) -> tuple[list[dict[str, float]], list[TaskTruth], list[list[Metric]]]:
        """Return scores and metrics of all tasks, once for each metric asked for."""
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        model = getattr(fitted_model(estimator), "task_set_", None)
        columns = read_columns(y, who, sample_weight, model)
        classes = classes_of_tasks(estimator, len(columns.names), who)
        in_order = [None if one is None else np.sort(one) for one in classes]
        truths = read_truth(columns, in_order, model, who)
        periods = self.periods
        if periods is None:
            periods = periods_of_tasks(estimator, len(truths))
        asked = named_metrics(self.metric, who).values()
        metrics = [metrics_of_tasks(one, truths, periods, who) for one in asked]
        for some in metrics:
            _refuse_quantiles(some, who)
        needs = {metric.needs for some in metrics for metric in some}
        given = given_of_tasks(estimator, X, classes, needs, who, self.coverage)
        scores = [score_tasks(truths, given, some, who) for some in metrics]
        return scores, truths, metrics


class PerTaskScorer(_BaseTaskScorer):
    """A scorer that gives a dict with a score for each task and their mean.

    Made by `per_task_scorers`.

    Parameters
    ----------
    metric : str, callable, dict or list, default="auto"
        As in `per_task_scorers`.
    periods : float, dict or array-like, default=None
        As in `per_task_scorers`.
    mean : bool, default=True
        As in `per_task_scorers`.
    coverage : float, default=0.9
        As in `per_task_scorers`.

    Examples
    --------
    >>> from sklearn_mtl.model_selection import per_task_scorers
    >>> per_task_scorers("accuracy")
    PerTaskScorer(metric='accuracy')
    """

    def __init__(
        self,
        metric: MetricChoices = "auto",
        periods: TaskNumbers | None = None,
        mean: bool = True,
        coverage: float = 0.9,
    ) -> None:
        self.metric = metric
        self.periods = periods
        self.mean = mean
        self.coverage = coverage

    def score(
        self,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
    ) -> dict[str, float]:
        """Score each task over its observed labels.

        Shapes: X (n_samples, n_features), y (n_samples,) or (n_samples,
        n_tasks), sample_weight (n_samples,) or (n_samples, n_tasks).
        """
        who = "per_task_scorers"
        found, truths, metrics = self._score_tasks(estimator, X, y, sample_weight, who)
        if self.mean:
            pairs = zip(found, metrics, strict=True)
            found = [_with_mean(scores, truths, some, who) for scores, some in pairs]
        names = named_metrics(self.metric, who)
        return joined_scores(dict(zip(names, found, strict=True)))


class TaskScorer(_BaseTaskScorer):
    """A scorer that gives one number for all tasks.

    Made by `task_scorer`.

    Parameters
    ----------
    metric : str, callable or dict, default="auto"
        As in `task_scorer`.
    average : str, dict or array-like, default="macro"
        As in `task_scorer`.
    periods : float, dict or array-like, default=None
        As in `task_scorer`.
    coverage : float, default=0.9
        As in `task_scorer`.

    Examples
    --------
    >>> from sklearn_mtl.model_selection import task_scorer
    >>> task_scorer("accuracy", average="min")
    TaskScorer(average='min', metric='accuracy')
    """

    def __init__(
        self,
        metric: MetricChoice = "auto",
        average: str | TaskNumbers = "macro",
        periods: TaskNumbers | None = None,
        coverage: float = 0.9,
    ) -> None:
        self.metric = metric
        self.average = average
        self.periods = periods
        self.coverage = coverage

    def score(
        self,
        estimator: Estimator,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
    ) -> float:
        """Score all tasks over their observed labels.

        Shapes: X (n_samples, n_features), y (n_samples,) or (n_samples,
        n_tasks), sample_weight (n_samples,) or (n_samples, n_tasks).
        """
        who = "task_scorer"
        found, truths, several = self._score_tasks(estimator, X, y, sample_weight, who)
        (scores,), (metrics,) = found, several
        warn_of_units(scores, truths, metrics, self.average, who)
        return average_scores(scores, truths, self.average, who)


def _with_mean(
    scores: dict[str, float], truths: list[TaskTruth], metrics: list[Metric], who: str
) -> dict[str, float]:
    if MEAN in scores:
        raise TaskError(
            f"{who}: a task is called 'mean', as the mean of all scores is. Give the "
            "column another name."
        )
    warn_of_units(scores, truths, metrics, "macro", who)
    return {**scores, MEAN: average_scores(scores, truths, "macro", who)}


def _refuse_quantiles(metrics: list[Metric], who: str) -> None:
    """Refuse metrics of quantiles, whose levels a scorer does not know."""
    for metric in metrics:
        if metric.needs == "quantiles":
            raise TaskError(
                f"{who}: {metric.name!r} needs quantiles of given levels. Predict "
                "them, and score them with per_task_score."
            )


def per_task_scorers(
    metric: MetricChoices = "auto",
    *,
    periods: TaskNumbers | None = None,
    mean: bool = True,
    coverage: float = 0.9,
) -> PerTaskScorer:
    """Make a scorer that gives a score for each task and their mean.

    For `scoring=` of cross_validate, GridSearchCV (with `refit="mean"`),
    permutation_importance and other tools that take several scores. Greater is better.
    Only observed labels are scored. A task that has no score in a fold (a single class
    for ROC AUC) is NaN there, and "mean" is the mean of the others; one warning a call
    says how many. Labels that the model never saw count as wrong.

    Parameters
    ----------
    metric : str, callable, dict or list, default="auto"
        "auto" is ROC AUC for two classes, balanced accuracy for more and R2 for
        regressions, which all fit rare classes, and of tokens the F1 of spans, or the
        accuracy of tags that mark none; "skill" is 1 - loss / loss of the best
        constant, whose mean counts all tasks alike. Otherwise a name of
        `metrics.per_task_score`, errors negated ("neg_log_loss"), a callable (y_true,
        y_pred) of the labels of one task of which more is better, or a dict of them by
        task name or by kind ("binary", "multiclass", "classification", "regression",
        "tokens");
        what a dict does not name is "auto". A task is binary if model and y together
        have at most two classes. A list of names and callables gives several scores of
        each task, with keys such as "roc_auc_grade" and "roc_auc_mean".
    periods : float, dict or array-like, default=None
        After how much the values of regressions repeat, by task name, in task order, or
        for all: 360 for degrees, 24 for hours. Their errors are those of the shorter
        way round, and their R2 is `metrics.circular_score`. None asks the model, whose
        `CircularLoss` knows it.
    mean : bool, default=True
        Whether "mean" is in the dict.
    coverage : float, default=0.9
        What the intervals and sets are asked to contain that "coverage" and
        "neg_mean_width" score.

    Returns
    -------
    callable
        Of (estimator, X, y, sample_weight=None) -> dict of str to float. It is a
        consumer of `sample_weight`, (n_samples,) or (n_samples, n_tasks), in metadata
        routing.

    Raises
    ------
    TaskError
        If the metric is unknown, or an error that is not negated. When scoring: if it
        is "coverage" or "neg_mean_width", and the model has no intervals or sets.

    Warns
    -----
    DifferentUnitsWarning
        When scoring: if "mean" is one of errors in the units of tasks whose labels
        differ in spread by more than 10, or of errors with and without a unit.

    See Also
    --------
    best_mean_rank : Choose by ranks, whatever the units are.
    task_scorer : One number.
    sklearn_mtl.metrics.per_task_score : The same for predictions; it lists the metrics.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn_mtl.model_selection import per_task_scorers
    >>> y = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> model = DummyRegressor().fit(y, y)
    >>> y_test = np.array([[1.0, 4.0], [3.0, np.nan]])
    >>> scorer = per_task_scorers("neg_mean_absolute_error")
    >>> scorer(model, y_test, y_test)
    {'task0': -1.0, 'task1': -1.0, 'mean': -1.0}
    """
    for one in named_metrics(metric, "per_task_scorers").values():
        _check_metric(one, "per_task_scorers")
    return PerTaskScorer(metric, periods, mean, coverage)


def task_scorer(
    metric: MetricChoice = "auto",
    *,
    average: str | TaskNumbers = "macro",
    periods: TaskNumbers | None = None,
    coverage: float = 0.9,
) -> TaskScorer:
    """Make a scorer that gives one number for all tasks.

    Parameters
    ----------
    metric : str, callable or dict, default="auto"
        As in `per_task_scorers`, but no list.
    average : str, dict or array-like, default="macro"
        "macro", the mean over the tasks that have a score; "weighted", their mean
        weighted by the number of observed labels; "median"; "min", the worst of them;
        or a mean with weights by task name (0 for tasks that are not named; {"a": 1}
        scores task a alone) or in task order.
    periods : float, dict or array-like, default=None
        As in `per_task_scorers`.
    coverage : float, default=0.9
        As in `per_task_scorers`.

    Returns
    -------
    callable
        Of (estimator, X, y, sample_weight=None) -> float.

    Raises
    ------
    TaskError
        If the metric or the average is unknown, or the metric is an error that is not
        negated.

    Warns
    -----
    DifferentUnitsWarning
        When scoring: as in `per_task_scorers`, unless weights of tasks are given.

    See Also
    --------
    per_task_scorers : The score of each task.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyRegressor
    >>> from sklearn_mtl.model_selection import task_scorer
    >>> y = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> model = DummyRegressor().fit(y, y)
    >>> y_test = np.array([[1.0, 6.0], [3.0, np.nan]])
    >>> task_scorer("neg_mean_absolute_error", average="min")(model, y_test, y_test)
    -3.0
    """
    _check_metric(metric, "task_scorer")
    check_average(average, "task_scorer")
    return TaskScorer(metric, average, periods, coverage)


def _check_metric(metric: MetricChoice, who: str) -> None:
    """Refuse unknown names, and errors, which searches would maximise."""
    for one in metric.values() if isinstance(metric, Mapping) else [metric]:
        if is_by_kind(one):
            is_error = one == "mean_width"
        else:
            found = find_metric(one, who)
            is_error = found.is_error and found.sign > 0
        if is_error:
            raise TaskError(
                f"{who}: {one!r} is an error, of which less is better, but searches "
                f"take the greatest score. Use 'neg_{one}'."
            )
