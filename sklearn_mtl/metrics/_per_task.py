"""Scores of each task from labels and predictions, with missing labels."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from sklearn_mtl.metrics._average import average_scores, check_average, check_directions
from sklearn_mtl.metrics._choice import (
    joined_scores,
    metrics_of_tasks,
    named_metrics,
    with_levels,
)
from sklearn_mtl.metrics._engine import TaskGiven, score_tasks
from sklearn_mtl.metrics._labels import kinds_of_tasks
from sklearn_mtl.metrics._predictions import give_to_tasks, read_predictions
from sklearn_mtl.metrics._read_truth import read_truth
from sklearn_mtl.metrics._registry import Metric, find_metric, is_by_kind
from sklearn_mtl.metrics._truth import TaskTruth
from sklearn_mtl.metrics._units import warn_of_units
from sklearn_mtl.tasks import (
    TaskSet,
    is_of_tokens,
    parse_task_types,
    read_columns,
    read_tasks,
    warn_of_close_types,
)
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import (
    MetricChoice,
    MetricChoices,
    TaskNumbers,
    TaskTypes,
)

__all__ = ["mean_task_score", "per_task_score"]


def per_task_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    metric: MetricChoices = "auto",
    classes: Any = None,
    sample_weight: ArrayLike | None = None,
    task_types: TaskTypes | None = None,
    periods: TaskNumbers | None = None,
    levels: ArrayLike | None = None,
) -> dict[str, float]:
    """Score each task over its observed labels.

    The score of task t is metric(y[O_t, t], y_pred[O_t, t], w[O_t, t]), with the
    samples O_t whose label is observed and weights w. To score a fitted model, use
    `model_selection.per_task_scorers`, which takes the classes from the model.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN, None or pandas.NA where missing.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), list or dict
        Predictions as returned by `predict`, or a list (in task order) or dict (by task
        name) with one array per task: probabilities (n_samples, n_classes) as returned
        by `predict_proba`, or labels or values (n_samples,). For one task, an array
        (n_samples, n_classes) is also allowed. Metrics that need scores or
        probabilities read 1-D numbers as scores of the second of two classes. Metrics
        of labels convert probabilities to the most probable class. The prediction of a
        token task is a list of tags, or an array (n_tokens, n_tags), for each sample.
        The columns of a DataFrame are matched by name. They are tasks, (task, class) as
        in `proba_frame`, or the classes of one task. Metrics of intervals require shape
        (n_samples, n_tasks, 2), metrics of quantiles (n_samples, n_tasks, n_levels),
        and metrics of sets a boolean array (n_samples, n_classes) for each task. Use
        None or NaN for a task without such predictions.
    metric : str, callable, dict or list, default="auto"
        Metric of each task. "auto" is ROC AUC for two classes, balanced accuracy for
        more classes, and R2 for regression. "skill" is 1 - loss / (loss of the best
        constant prediction), which is R2 for regression and D2 of the log-loss for
        classification. The names are those of scikit-learn. Scores: "roc_auc",
        "average_precision" (one-vs-rest mean for more than two classes), "accuracy",
        "balanced_accuracy", "f1", "precision", "recall", "matthews_corrcoef",
        "d2_log_loss_score", "r2", "explained_variance", "d2_absolute_error_score".
        Errors: "log_loss", "brier_score", "expected_calibration_error" ("ece") [2]_
        with 15 bins, "zero_one_loss", "mean_squared_error", "root_mean_squared_error",
        "mean_absolute_error", "relative_root_mean_squared_error" [1]_; the prefix
        "neg_" negates an error. "coverage" and "mean_width" ("neg_mean_width") are
        "interval_coverage" and "interval_width" for regression, and "set_coverage" and
        "set_size" for classification. "pinball" is the mean pinball loss of quantiles.
        Token tasks: "token_accuracy", and "span_f1", which is the F1 score of the spans
        marked by tags such as "B-city" and "I-city" with the rules of conlleval and of
        seqeval's default mode [3]_; "auto" is "span_f1" if tags mark spans, and
        "token_accuracy" otherwise. Classification metrics of token tasks count each tag
        as a separate label. A callable is called with the labels and predictions of one
        task, which are lists of lists for a token task, and with sample_weight if
        weights are given; use `make_metric` for a function of probabilities. A dict
        maps task names or kinds of task ("binary", "multiclass", "classification",
        "regression", "tokens") to metrics. A list of names and callables gives several
        scores for each task.
    classes : list of array-like, dict or array-like, default=None
        Classes of each task, in task order or by task name, in the order of the columns
        of its probabilities; None for a regression task. Required if y_true does not
        contain all classes.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
            default=None
        Weights of samples or labels; a label with weight 0 is treated as missing. The
        columns of a DataFrame are matched by name.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens": one value for all tasks, a sequence
        in task order, or a dict by task name. If None, the type is implied by the
        metric or inferred. Strings, booleans, categories and up to 20 different
        integers are classes. However, if there are more than two integers and
        predictions are fractions such as 4.97, the task is a regression. Lists in a
        column are tags of tokens; a list of lists is only read as tags if "tokens" is
        given.
    periods : float, dict or array-like, default=None
        Period of the values of circular regression tasks, such as 360 for degrees or 24
        for hours: by task name, in task order, or one number for all tasks. Errors of
        circular tasks are measured along the shorter arc, and "r2" is `circular_score`.
    levels : array-like of shape (n_levels,), default=None
        Levels of the quantiles, between 0 and 1. Required for "pinball".

    Returns
    -------
    dict of str to float
        Score of each task by its name, in task order; NaN if it is undefined. With a
        list of metrics, the keys are "metric_task", such as "log_loss_grade".

    Raises
    ------
    TaskError
        If a metric is unknown, cannot score a task or requires other predictions,
        shapes are inconsistent, either labels or predictions are strings and the others
        are numbers, or a metric of labels gets fractions.

    Warns
    -----
    UndefinedMetricWarning
        Once, with counts, if scores of tasks are undefined because of a single class
        (ROC AUC), no observed labels or missing predictions.
    UnseenLabelWarning
        If y_true has labels that are not in `classes`. They count as wrong predictions.
    TaskTypeWarning
        If the inferred type of a task depends on a few labels of y_true, or if the
        predictions of a task with two integers could be either values or scores.
    IndexOrderWarning
        If the indexes of y_true and y_pred have the same labels in a different order.

    See Also
    --------
    mean_task_score : Average of the scores.
    delta_m : Comparison with single-task models.

    References
    ----------
    .. [1] H. Borchani et al. "A survey on multi-output regression". WIREs Data Mining
       and Knowledge Discovery 5(5), 2015; the mean over tasks is aRRMSE.
    .. [2] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017; equation 3. With two classes, it is computed for the second
       class; with more classes, for the most probable class.
    .. [3] E. F. Tjong Kim Sang, F. De Meulder. "Introduction to the CoNLL-2003 shared
       task: language-independent named entity recognition". CoNLL 2003.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import per_task_score
    >>> y_true = np.array([[0, 1.5], [1, np.nan], [1, 3.5], [np.nan, 2.5]])
    >>> y_pred = np.array([[0, 1.0], [1, 9.0], [0, 3.5], [1, 2.5]])
    >>> per_task_score(y_true, y_pred, metric={"binary": "accuracy"})
    {'task0': 0.667, 'task1': 0.875}
    >>> per_task_score(y_true[:, 0], y_pred[:, 0], metric=["precision", "recall"])
    {'precision_task0': 1.0, 'recall_task0': 0.5}
    """
    who = "per_task_score"
    types = _implied_types(metric, who) if task_types is None else task_types
    truths, given = _prepare(y_true, y_pred, classes, sample_weight, types, who)

    def score(one: MetricChoice) -> dict[str, float]:
        metrics = metrics_of_tasks(one, truths, periods, who)
        return score_tasks(truths, given, with_levels(metrics, levels, who), who)

    named = named_metrics(metric, who)
    return joined_scores({name: score(one) for name, one in named.items()})


def mean_task_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    metric: MetricChoice = "auto",
    average: str | TaskNumbers = "macro",
    classes: Any = None,
    sample_weight: ArrayLike | None = None,
    task_types: TaskTypes | None = None,
    periods: TaskNumbers | None = None,
    levels: ArrayLike | None = None,
) -> float:
    """Average the scores of all tasks.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN, None or pandas.NA where missing.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), list or dict
        As in `per_task_score`.
    metric : str, callable or dict, default="auto"
        As in `per_task_score`, but not a list.
    average : str, dict or array-like, default="macro"
        Average over the tasks that have a score: "macro" is the mean, "weighted" the
        mean weighted by the number of observed labels, "median" the median, and "min"
        the worst score. A dict or an array gives weights by task name or in task order;
        tasks that are not in the dict have weight 0.
    classes : list of array-like, dict or array-like, default=None
        As in `per_task_score`.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
            default=None
        Weights of samples or labels; a label with weight 0 is treated as missing.
    task_types : str, sequence or dict, default=None
        As in `per_task_score`.
    periods : float, dict or array-like, default=None
        As in `per_task_score`.
    levels : array-like of shape (n_levels,), default=None
        As in `per_task_score`.

    Returns
    -------
    float
        Average of the scores; NaN if no task has a score.

    Raises
    ------
    TaskError
        As in `per_task_score`, or if the average is unknown, mixes errors and scores,
        or is the "min" of errors.

    Warns
    -----
    DifferentUnitsWarning
        If `average` is a name and errors of tasks with different units are averaged.
        This is assumed if the spreads of their labels differ by a factor of more than
        10, or if only some of the errors have a unit.

    See Also
    --------
    per_task_score : Score of each task; its docstring describes the metrics.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import mean_task_score
    >>> y_true = np.array([[0, 1], [1, np.nan], [1, 0], [np.nan, 0]])
    >>> y_pred = np.array([[0, 1], [1, 1], [0, 1], [1, 0]])
    >>> mean_task_score(y_true, y_pred, metric="accuracy", average="min")
    0.6667
    """
    who = "mean_task_score"
    check_average(average, who)
    types = _implied_types(metric, who) if task_types is None else task_types
    truths, given = _prepare(y_true, y_pred, classes, sample_weight, types, who)
    metrics = metrics_of_tasks(metric, truths, periods, who)
    metrics = with_levels(metrics, levels, who)
    check_directions(metrics, truths, average, who)
    scores = score_tasks(truths, given, metrics, who)
    warn_of_units(scores, truths, metrics, average, who)
    return average_scores(scores, truths, average, who)


def _prepare(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    classes: Any,
    sample_weight: ArrayLike | None,
    task_types: TaskTypes | None,
    who: str,
) -> tuple[list[TaskTruth], list[TaskGiven]]:
    nested = is_of_tokens(task_types)
    columns = read_columns(y_true, who, sample_weight, nested=nested)
    warn_of_index_order(who, y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
    outputs = read_predictions(y_pred, columns, len(columns.observed), who)
    wanted = parse_task_types(task_types, columns.names, "mixed", who)
    if (
        getattr(y_pred, "ndim", 0) == 3
    ):  # intervals or quantiles: of values, where there are any
        wanted = [
            "regression" if kind == "infer" and one.values.ndim == 2 else kind
            for kind, one in zip(wanted, outputs, strict=True)
        ]
    if classes is None:
        wanted = kinds_of_tasks(columns, wanted, [o.values for o in outputs], who)
    warn_of_close_types(columns, wanted, who)
    tasks = read_tasks(
        columns, "mixed", who, wanted, "warn", warn=False, allow_tokens=True
    )
    task_set = TaskSet(tasks, columns.is_1d, columns.has_names)
    given, known = give_to_tasks(outputs, classes, task_set, who)
    truths = read_truth(columns, known, None, who)
    return truths, given


def _implied_types(metric: MetricChoices, who: str) -> str | None:
    """Return the kind of task that one metric for all tasks can score."""
    kinds = {
        find_metric(one, who).kind
        if isinstance(one, str | Metric) and not is_by_kind(one)
        else None
        for one in named_metrics(metric, who).values()
    }
    return kinds.pop() if len(kinds) == 1 else None
