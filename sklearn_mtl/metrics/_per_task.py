"""A score for each task from labels and predictions with missing labels."""

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
    """Score every task over its observed labels.

    For task t with observed rows O_t and weights w this is metric(y[O_t, t],
    y_pred[O_t, t], w[O_t, t]); a missing label is in no score. Scores of a fitted model
    are had with `model_selection.per_task_scorers`, which knows its classes.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN, None or pandas.NA where missing.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), list or dict
        What `predict` gives, or a list (in task order) or dict (by task name) with an
        array for each task: probabilities (n_samples, n_classes) as `predict_proba`
        gives them, or labels or values (n_samples,). Metrics that rank or need
        probabilities read 1-D numbers as those of the second of two classes; metrics of
        labels take the likeliest class from probabilities. One task may have one array
        (n_samples, n_classes). Of tokens it is a list of tags, or an array (n_tokens,
        n_tags), for each sample. The columns of a frame are matched by name: they are
        tasks, or (task, class) as those of `proba_frame`, or the classes of one task.
        For metrics of intervals (n_samples, n_tasks, 2), of quantiles (n_samples,
        n_tasks, n_levels), of sets of classes a boolean array (n_samples, n_classes)
        for each task. A task that has nothing of the kind is None or NaN.
    metric : str, callable, dict or list, default="auto"
        "auto" is ROC AUC for two classes, balanced accuracy for more, R2 for
        regressions; "skill" is 1 - loss / loss of the best constant, which is R2 for
        regressions and D2 of the log-loss for classifications. Names are
        scikit-learn's: of scores "roc_auc", "average_precision" (for more than two
        classes the mean of one against the rest), "accuracy", "balanced_accuracy",
        "f1", "precision", "recall", "matthews_corrcoef", "d2_log_loss_score", "r2",
        "explained_variance", "d2_absolute_error_score"; of errors "log_loss",
        "brier_score", "expected_calibration_error" ("ece") [2]_ in 15 bins,
        "zero_one_loss", "mean_squared_error", "root_mean_squared_error",
        "mean_absolute_error", "relative_root_mean_squared_error" [1]_, and their
        negatives with "neg_". "coverage" and "mean_width" ("neg_mean_width") are
        "interval_coverage" and "interval_width" for regressions, "set_coverage" and
        "set_size" for classifications; "pinball" is the mean pinball loss of quantiles.
        Of tags of tokens there are "token_accuracy" and "span_f1", F1 of the spans that
        tags such as "B-city" and "I-city" mark, by the rules of conlleval and of
        seqeval's default mode [3]_; "auto" takes the second if tags mark spans. The
        metrics of classifications count every tag as a label of its own. A callable is
        called with the task's labels and predictions (and sample_weight, where weights
        are given); of tokens it gets lists of lists; `make_metric` makes one of
        probabilities. A dict says it by task name, or by kind: "binary", "multiclass",
        "classification", "regression", "tokens". A list of names and callables gives
        several scores of each task.
    classes : list of array-like, dict or array-like, default=None
        Classes of each task, in task order or by name, in the order of the columns of
        its probabilities, None for a regression. Needed where y_true does not have all
        of them.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
            default=None
        Weights; a cell of weight 0 counts as missing. The columns of a frame are
        matched by name.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens", where it is neither implied by the
        metric nor inferred: lists in a column are tags of tokens, a list of lists only
        where it is said. Strings, booleans, categories and up to 20 whole numbers are
        classes, unless the predictions of more than two whole numbers are fractions,
        such as 4.97, which makes the task a regression.
    periods : float, dict or array-like, default=None
        After how much the values of regressions repeat, by task name, in task order, or
        for all tasks: 360 for degrees, 24 for hours. Errors are then those of the
        shorter way round, "r2" is that of `circular_score`.
    levels : array-like of shape (n_levels,), default=None
        The levels of the quantiles, between 0 and 1, for "pinball".

    Returns
    -------
    dict of str to float
        The score of each task by its name, in task order; NaN where it is not defined.
        With a list of metrics the keys are "metric_task", such as "log_loss_grade".

    Raises
    ------
    TaskError
        If a metric is unknown, cannot score a task or lacks what it needs, shapes do
        not fit, labels are text and predictions numbers or the reverse, or a metric of
        labels gets fractions.

    Warns
    -----
    UndefinedMetricWarning
        Once, with counts, if tasks have no score: a single class for ROC AUC, no
        observed label, missing predictions.
    UnseenLabelWarning
        If y_true has labels that are not in `classes`; they count as wrong.
    TaskTypeWarning
        If a few labels of y_true decide whether a task has classes, or predictions of a
        task with two whole numbers could be values or scores.
    IndexOrderWarning
        If the indexes of y_true and y_pred have the same labels in another order.

    See Also
    --------
    mean_task_score : One number.
    delta_m : Compare with single-task models.

    References
    ----------
    .. [1] H. Borchani et al. "A survey on multi-output regression". WIREs Data Mining
       and Knowledge Discovery 5(5), 2015; the mean over tasks is aRRMSE.
    .. [2] C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger, "On calibration of modern neural
       networks", ICML 2017; equation 3. Of two classes it is of the second one, of more
       of the likeliest.
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
    """Return one score for all tasks: the average of `per_task_score`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN, None or pandas.NA where missing.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), list or dict
        As in `per_task_score`.
    metric : str, callable or dict, default="auto"
        As in `per_task_score`, but no list.
    average : str, dict or array-like, default="macro"
        "macro", the mean over the tasks that have a score; "weighted", their mean
        weighted by the number of observed labels; "median"; "min", the worst of them;
        or a mean with weights by task name (0 for tasks that are not named) or in task
        order.
    classes : list of array-like, dict or array-like, default=None
        As in `per_task_score`.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
            default=None
        Weights; a cell of weight 0 counts as missing.
    task_types : str, sequence or dict, default=None
        As in `per_task_score`.
    periods : float, dict or array-like, default=None
        As in `per_task_score`.
    levels : array-like of shape (n_levels,), default=None
        As in `per_task_score`.

    Returns
    -------
    float
        The average; NaN if no task has a score.

    Raises
    ------
    TaskError
        As in `per_task_score`, or if the average is unknown, or is one of errors and
        scores, or the "min" of errors.

    Warns
    -----
    DifferentUnitsWarning
        If errors in the units of tasks whose labels differ in spread by more than 10,
        or errors with and without a unit, are averaged without weights of yours.

    See Also
    --------
    per_task_score : The scores themselves; it has the metrics and the warnings.

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
