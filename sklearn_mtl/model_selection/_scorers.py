"""Scorers for several tasks with missing labels, compatible with scikit-learn."""

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
    """Base class of both scorers; BaseEstimator provides repr, clone and routing."""

    # scikit-learn routes weights to `score`; the argument `estimator` is not metadata.
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
        """Score a fitted estimator; the same as `score`."""
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
        """Return the scores and metrics of all tasks, for each requested metric."""
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
    """Scorer that returns a dict with a score for each task and their mean.

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
    """Scorer that returns one number for all tasks.

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
            f"{who}: a task is named 'mean', which is also the key of the mean score. "
            "Rename the task, or set mean=False."
        )
    warn_of_units(scores, truths, metrics, "macro", who)
    return {**scores, MEAN: average_scores(scores, truths, "macro", who)}


def _refuse_quantiles(metrics: list[Metric], who: str) -> None:
    """Raise for metrics of quantiles, because a scorer does not know their levels."""
    for metric in metrics:
        if metric.needs == "quantiles":
            raise TaskError(
                f"{who}: {metric.name!r} requires predicted quantiles, which a scorer "
                "cannot request. Predict them, and score them with per_task_score."
            )


def per_task_scorers(
    metric: MetricChoices = "auto",
    *,
    periods: TaskNumbers | None = None,
    mean: bool = True,
    coverage: float = 0.9,
) -> PerTaskScorer:
    """Make a scorer that returns a score for each task and their mean.

    Use it as `scoring` of cross_validate, GridSearchCV (with `refit="mean"`),
    permutation_importance and other tools that accept several scores. Greater is
    better. Only observed labels are scored. If the score of a task is undefined in a
    fold (for example ROC AUC with a single class), it is NaN, and "mean" is the mean of
    the other tasks; one warning per call reports the number of such tasks. Labels that
    were not seen in training count as wrong predictions.

    Parameters
    ----------
    metric : str, callable, dict or list, default="auto"
        Metric of each task. "auto" is ROC AUC for two classes, balanced accuracy for
        more classes and R2 for regression; for tokens it is the F1 score of spans, or
        the accuracy if the tags do not mark spans. "skill" is 1 - loss / (loss of the
        best constant prediction), which is comparable between tasks. Other values: a
        name from `metrics.per_task_score`, where errors are negated ("neg_log_loss"); a
        callable with signature (y_true, y_pred) for one task, where greater is better;
        or a dict that maps task names or kinds of task ("binary", "multiclass",
        "classification", "regression", "tokens") to metrics. Tasks that are not in the
        dict use "auto". A task is binary if model and y together have at most two
        classes. A list of names and callables gives several scores for each task, with
        keys such as "roc_auc_grade" and "roc_auc_mean".
    periods : float, dict or array-like, default=None
        Period of the values of circular regression tasks, such as 360 for degrees or 24
        for hours: by task name, in task order, or one number for all tasks. Errors of
        circular tasks are measured along the shorter arc, and their R2 is
        `metrics.circular_score`. None uses the periods of the model, which
        `CircularLoss` sets.
    mean : bool, default=True
        Whether to include the key "mean".
    coverage : float, default=0.9
        Nominal coverage of the prediction intervals and sets that "coverage" and
        "neg_mean_width" score.

    Returns
    -------
    callable
        Scorer with signature (estimator, X, y, sample_weight=None) that returns a dict
        of str to float. In metadata routing it is a consumer of `sample_weight`, of
        shape (n_samples,) or (n_samples, n_tasks).

    Raises
    ------
    TaskError
        If the metric is unknown, or an error that is not negated. When scoring: if the
        metric is "coverage" or "neg_mean_width" and the model does not predict
        intervals or sets.

    Warns
    -----
    DifferentUnitsWarning
        When scoring: if "mean" averages errors of tasks with different units. This is
        assumed if the spreads of their labels differ by a factor of more than 10, or if
        only some of the errors have a unit.

    See Also
    --------
    best_mean_rank : Choose a candidate by ranks, which do not depend on units.
    task_scorer : Scorer that returns one number.
    sklearn_mtl.metrics.per_task_score : Scores of predictions; lists all metrics.

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
    """Make a scorer that returns one number for all tasks.

    Parameters
    ----------
    metric : str, callable or dict, default="auto"
        As in `per_task_scorers`, but not a list.
    average : str, dict or array-like, default="macro"
        Average over the tasks that have a score: "macro" is the mean, "weighted" the
        mean weighted by the number of observed labels, "median" the median, and "min"
        the worst score. A dict or an array gives weights by task name or in task order;
        tasks that are not in the dict have weight 0, so {"a": 1} scores only task a.
    periods : float, dict or array-like, default=None
        As in `per_task_scorers`.
    coverage : float, default=0.9
        As in `per_task_scorers`.

    Returns
    -------
    callable
        Scorer with signature (estimator, X, y, sample_weight=None) that returns a
        float.

    Raises
    ------
    TaskError
        If the metric or the average is unknown, or the metric is an error that is not
        negated.

    Warns
    -----
    DifferentUnitsWarning
        When scoring: as in `per_task_scorers`, unless `average` gives weights.

    See Also
    --------
    per_task_scorers : Scorer that returns a score for each task.

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
    """Raise for unknown names, and for errors, which a search would maximise."""
    for one in metric.values() if isinstance(metric, Mapping) else [metric]:
        if is_by_kind(one):
            is_error = one == "mean_width"
        else:
            found = find_metric(one, who)
            is_error = found.is_error and found.sign > 0
        if is_error:
            raise TaskError(
                f"{who}: {one!r} is an error (lower is better), but a scorer must "
                f"return a score (greater is better). Use 'neg_{one}'."
            )
