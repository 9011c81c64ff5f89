"""A score for each task from labels and predictions with missing labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._average import average_scores, check_average
from sklearn_mtl.metrics._choice import metrics_of_tasks
from sklearn_mtl.metrics._engine import TaskGiven, score_tasks
from sklearn_mtl.metrics._registry import find_metric
from sklearn_mtl.metrics._truth import TaskTruth, read_truth
from sklearn_mtl.utils._columns import read_columns
from sklearn_mtl.utils._tasks import TaskSet

__all__ = ["mean_task_score", "per_task_score"]


def per_task_score(
    y_true: Any,
    y_pred: Any,
    *,
    metric: Any = "auto",
    classes: Any = None,
    sample_weight: Any = None,
    task_types: Any = None,
    periods: Any = None,
) -> dict[str, float]:
    """Score every task over its observed labels.

    For task t with observed rows O_t and weights w this is metric(y[O_t, t],
    y_pred[O_t, t], w[O_t, t]); a missing label is in no score. Scores of a fitted model
    are had with `model_selection.per_task_scorers`, which knows its classes.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN, None or pandas.NA where missing.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), or list
        What `predict` gives, or a list with an array for each task: probabilities
        (n_samples, n_classes) as `predict_proba` gives them, or labels or values
        (n_samples,). Metrics that rank or need probabilities read 1-D numbers as those
        of the second of two classes; metrics of labels take the likeliest class from
        probabilities. One task may have one array (n_samples, n_classes).
    metric : str, callable or dict, default="auto"
        "auto" is ROC AUC for two classes, balanced accuracy for more, R2 for
        regressions. Names are scikit-learn's: of scores "roc_auc", "average_precision"
        (for more than two classes the mean of one against the rest), "accuracy",
        "balanced_accuracy", "f1", "matthews_corrcoef", "r2", "explained_variance"; of
        errors "log_loss", "brier_score", "zero_one_loss", "mean_squared_error",
        "root_mean_squared_error", "mean_absolute_error",
        "relative_root_mean_squared_error" [1]_, and their negatives with "neg_". A
        callable is called with the task's labels and predictions (and sample_weight,
        where weights are given). A dict says it by task name, or by kind: "binary",
        "multiclass", "classification", "regression".
    classes : list of array-like or array-like, default=None
        Classes of each task in the order of the columns of its probabilities, None for
        a regression. Needed where y_true does not have all of them.
    sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
        Weights; a cell of weight 0 counts as missing.
    task_types : str, sequence or dict, default=None
        "classification" or "regression", where it is neither implied by the metric nor
        inferred (strings, booleans, categories and up to 20 integers are classes).
    periods : float, dict or array-like, default=None
        After how much the values of regressions repeat, by task name, in task order, or
        for all tasks: 360 for degrees, 24 for hours. Errors are then those of the
        shorter way round, "r2" is that of `circular_score`.

    Returns
    -------
    dict of str to float
        The score of each task by its name, in task order; NaN where it is not defined.

    Raises
    ------
    TaskError
        If a metric is unknown, cannot score a task or lacks what it needs, or shapes do
        not fit.

    Warns
    -----
    UndefinedMetricWarning
        Once, with counts, if tasks have no score: a single class for ROC AUC, no
        observed label.
    UnseenLabelWarning
        If y_true has labels that are not in `classes`; they count as wrong.

    See Also
    --------
    mean_task_score : One number.
    delta_m : Compare with single-task models.

    References
    ----------
    .. [1] H. Borchani et al. "A survey on multi-output regression". WIREs Data Mining
       and Knowledge Discovery 5(5), 2015; the mean over tasks is aRRMSE.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.metrics import per_task_score
    >>> y_true = np.array([[0, 1.5], [1, np.nan], [1, 3.5], [np.nan, 2.5]])
    >>> y_pred = np.array([[0, 1.0], [1, 9.0], [0, 3.5], [1, 2.5]])
    >>> per_task_score(y_true, y_pred, metric={"binary": "accuracy"})
    {'task0': 0.667, 'task1': 0.875}
    """
    who = "per_task_score"
    types = _implied_types(metric, who) if task_types is None else task_types
    truths, given = _prepare(y_true, y_pred, classes, sample_weight, types, who)
    metrics = metrics_of_tasks(metric, truths, periods, who)
    return score_tasks(truths, given, metrics, who)


def mean_task_score(
    y_true: Any,
    y_pred: Any,
    *,
    metric: Any = "auto",
    average: Any = "macro",
    classes: Any = None,
    sample_weight: Any = None,
    task_types: Any = None,
    periods: Any = None,
) -> float:
    """Return one score for all tasks: the average of `per_task_score`.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN, None or pandas.NA where missing.
    y_pred : array-like of shape (n_samples,) or (n_samples, n_tasks), or list
        As in `per_task_score`.
    metric : str, callable or dict, default="auto"
        As in `per_task_score`.
    average : str, dict or array-like, default="macro"
        "macro", the mean over the tasks that have a score; "weighted", their mean
        weighted by the number of observed labels; "median"; "min", the worst of them;
        or a mean with weights by task name (0 for tasks that are not named) or in task
        order.
    classes : list of array-like or array-like, default=None
        As in `per_task_score`.
    sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
        Weights; a cell of weight 0 counts as missing.
    task_types : str, sequence or dict, default=None
        As in `per_task_score`.
    periods : float, dict or array-like, default=None
        As in `per_task_score`.

    Returns
    -------
    float
        The average; NaN if no task has a score.

    Raises
    ------
    TaskError
        As in `per_task_score`, or if the average is unknown.

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
    scores = score_tasks(truths, given, metrics, who)
    return average_scores(scores, truths, average, who)


def _prepare(
    y_true: Any,
    y_pred: Any,
    classes: Any,
    sample_weight: Any,
    task_types: Any,
    who: str,
) -> tuple[list[TaskTruth], list[TaskGiven]]:
    task_set, codes = TaskSet.from_y(
        y_true,
        who=who,
        task_types=task_types,
        on_empty_task="warn",
        warn=False,
        sample_weight=sample_weight,
    )
    outputs = _split(y_pred, codes.shape, who)
    known = _classes_of_tasks(classes, task_set, outputs, who)
    columns = read_columns(y_true, who, sample_weight)
    truths = read_truth(columns, known, sample_weight, None, who)
    given = [
        _read_given(truth, output, who)
        for truth, output in zip(truths, outputs, strict=True)
    ]
    return truths, given


def _implied_types(metric: Any, who: str) -> str | None:
    """Return the kind of task that one metric for all tasks can score."""
    if isinstance(metric, str) and metric != "auto":
        return find_metric(metric, who).kind
    return None


def _split(y_pred: Any, shape: tuple[int, int], who: str) -> list[np.ndarray]:
    """Return the output of each task, (n_samples,) or (n_samples, n_classes)."""
    n_samples, n_tasks = shape
    is_by_task = isinstance(y_pred, list | tuple) and all(
        hasattr(one, "shape") for one in y_pred
    )
    if is_by_task:
        outputs = [np.asarray(one) for one in y_pred]
    else:
        whole = np.asarray(y_pred)
        if n_tasks == 1 and (whole.ndim == 1 or whole.shape[1] != 1):
            outputs = [whole]
        else:
            outputs = list(whole.T) if whole.ndim == 2 else [whole]
    shapes = [output.shape for output in outputs]
    fits = all(len(s) in (1, 2) and s[0] == n_samples for s in shapes)
    if len(outputs) != n_tasks or not fits:
        raise TaskError(
            f"{who}: y_pred has the shapes {shapes} for {n_tasks} tasks; each must "
            f"have {n_samples} rows."
        )
    return outputs


def _classes_of_tasks(
    classes: Any, task_set: TaskSet, outputs: Sequence[np.ndarray], who: str
) -> list[np.ndarray | None]:
    if classes is None:
        pairs = zip(task_set.tasks, outputs, strict=True)
        return [
            _guess_classes(task.name, task.classes, out, who) for task, out in pairs
        ]
    if task_set.n_tasks == 1 and np.ndim(classes[0]) == 0 and classes[0] is not None:
        classes = [classes]
    if len(classes) != task_set.n_tasks:
        raise TaskError(
            f"{who}: classes has {len(classes)} entries for {task_set.n_tasks} tasks."
        )
    return [None if one is None else np.asarray(one) for one in classes]


def _guess_classes(
    name: str, classes: np.ndarray | None, output: np.ndarray, who: str
) -> np.ndarray | None:
    """Return the labels of y_true if there are as many as columns, or 0..K-1."""
    if classes is None:
        return None
    is_single = len(classes) == 1 and classes.dtype.kind not in "US"
    if output.ndim == 1 and is_single and classes[0] in (0, 1):
        return np.array([0, 1]).astype(classes.dtype)
    if output.ndim == 1 or output.shape[1] == len(classes):
        return classes
    every = np.arange(output.shape[1])
    if classes.dtype.kind not in "US" and np.isin(classes, every).all():
        return every
    raise TaskError(
        f"{who}: task {name!r} has {output.shape[1]} columns of probabilities, but "
        f"y_true has the labels {classes.tolist()}. Give classes=, the labels of the "
        "columns."
    )


def _read_given(truth: TaskTruth, output: np.ndarray, who: str) -> TaskGiven:
    if truth.classes is None:
        if output.ndim == 2:
            raise TaskError(
                f"{who}: task {truth.name!r} is a regression, but y_pred has "
                f"{output.shape[1]} columns for it. Give task_types= if it has classes."
            )
        return TaskGiven(predicted=output)
    n_known = len(truth.of_model)
    if output.ndim == 2:
        if output.shape[1] != n_known:
            raise TaskError(
                f"{who}: task {truth.name!r} has {n_known} classes, but y_pred has "
                f"{output.shape[1]} columns for it."
            )
        return TaskGiven(scores=output, is_proba=_looks_like_proba(output))
    if n_known != 2 or output.dtype.kind not in "fiub":
        return TaskGiven(predicted=output)
    second = output.astype(np.float64)
    return TaskGiven(
        predicted=output,
        scores=np.column_stack([1 - second, second]),
        is_proba=_looks_like_proba(second),
    )


def _looks_like_proba(scores: np.ndarray) -> bool:
    return bool(np.all((scores >= 0) & (scores <= 1)))
