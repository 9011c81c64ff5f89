"""Predictions of fitted estimators, converted to one array per task."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import TaskGiven
from sklearn_mtl.tasks import model_and_inputs
from sklearn_mtl.utils._pipelines import fitted_model
from sklearn_mtl.utils._typing import Estimator, FeaturesLike

__all__ = [
    "ask_probabilities",
    "classes_of_tasks",
    "given_of_tasks",
    "periods_of_tasks",
    "predicted_columns",
    "proba_of_tasks",
]


def classes_of_tasks(
    estimator: Estimator, n_tasks: int, who: str
) -> list[np.ndarray | None]:
    """Return the classes of each task, None for tasks that are regressions.

    In scikit-learn, `classes_` is a list for multi-output estimators, an array for one
    output, and an array of column numbers for multilabel estimators, whose labels are
    0 and 1.
    """
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return [None] * n_tasks
    is_list = isinstance(classes, list | tuple)
    if is_list and all(one is None or np.ndim(one) == 1 for one in classes):
        _check_number(len(classes), n_tasks, "classes_", who)
        return [None if one is None else _natural(one) for one in classes]
    if n_tasks == 1:
        return [_natural(classes)]
    # `classes_` of multilabel classifiers holds column numbers; the labels are 0 and 1.
    return [np.array([0, 1])] * n_tasks


def _natural(classes: Any) -> np.ndarray:
    """Return classes of dtype object with the dtype of their values, as read from y."""
    array = np.asarray(classes)
    return np.array(array.tolist()) if array.dtype.kind == "O" else array


def periods_of_tasks(estimator: Estimator, n_tasks: int) -> list[float | None]:
    """Return the period of each task, None if it is unknown."""
    task_set = getattr(fitted_model(estimator), "task_set_", None)
    if task_set is None or task_set.n_tasks != n_tasks:  # predict raises
        return [None] * n_tasks
    return [task.period for task in task_set.tasks]


def given_of_tasks(
    estimator: Any,
    X: FeaturesLike,
    classes: Sequence[np.ndarray | None],
    needs: Collection[str],
    who: str,
    coverage: float = 0.9,
) -> list[TaskGiven]:
    """Compute only the predictions that the metrics of the tasks need.

    `needs` contains `Metric.needs` of the metrics of all tasks. `coverage` is the
    nominal coverage of intervals and sets.

    Shapes: X (n_samples, n_features).
    """
    predicted: Sequence[np.ndarray | None] = [None] * len(classes)
    scores: Sequence[np.ndarray | None] = [None] * len(classes)
    is_proba = True
    if not {"labels", "values", "tags", "spans", "any"}.isdisjoint(needs):
        predicted = predicted_columns(estimator.predict(X), len(classes), who)
    if not {"scores", "proba", "any_proba"}.isdisjoint(needs):
        is_proba = hasattr(estimator, "predict_proba")
        if is_proba:
            scores = proba_of_tasks(ask_probabilities(estimator, X), classes, who)
        else:
            scores = _decisions(estimator, X, classes, needs, who)
    regions: Sequence[np.ndarray | None] = [None] * len(classes)
    if not {"interval", "set"}.isdisjoint(needs):
        regions = _regions(estimator, X, len(classes), coverage, who)
    return [
        TaskGiven(labels, _in_order(ranks, known), is_proba, region)
        for labels, ranks, known, region in zip(
            predicted, scores, classes, regions, strict=True
        )
    ]


def _regions(
    estimator: Estimator, X: FeaturesLike, n_tasks: int, coverage: float, who: str
) -> list[np.ndarray | None]:
    """Return intervals (n_samples, 2) and sets (n_samples, n_classes) of the tasks."""
    last = fitted_model(estimator)
    if not (hasattr(last, "predict_interval") or hasattr(last, "predict_set")):
        raise TaskError(
            f"{who}: {type(last).__name__} has neither predict_interval nor "
            "predict_set. Wrap it in a ConformalPredictor."
        )
    model, inputs = model_and_inputs(estimator, X, who)
    found: list[np.ndarray | None] = [None] * n_tasks
    if hasattr(model, "predict_interval"):
        ends = np.asarray(model.predict_interval(inputs, coverage))
        found = list(np.moveaxis(ends.reshape(len(ends), n_tasks, 2), 1, 0))
    if hasattr(model, "predict_set"):
        sets = model.predict_set(inputs, coverage)
        sets = [sets] if model.task_set_.is_1d else sets
        pairs = zip(found, sets, strict=True)
        found = [end if chosen is None else chosen for end, chosen in pairs]
    return found


def ask_probabilities(estimator: Any, X: FeaturesLike) -> Any:
    """Return the output of predict_proba, in a list if y was a 1-D list of tags."""
    output = estimator.predict_proba(X)
    task_set = getattr(fitted_model(estimator), "task_set_", None)
    is_flat = task_set is not None and task_set.is_1d and task_set.tasks[0].is_tokens
    return [output] if is_flat else output


def _in_order(scores: Any, classes: np.ndarray | None) -> Any:
    """Return columns of scores in the order of sorted classes."""
    # scores of tokens come from models of this package, whose classes are sorted
    is_list = scores is None or isinstance(scores, list)
    if is_list or classes is None or len(classes) < 2:
        return scores
    order = np.argsort(classes)
    return scores if (np.diff(order) == 1).all() else scores[:, order]


def predicted_columns(output: Any, n_tasks: int, who: str) -> list[np.ndarray]:
    """Return the predictions of each task."""
    if sparse.issparse(output):
        output = output.toarray()
    array = np.asarray(output)
    columns = [array] if array.ndim == 1 else list(array.T)
    _check_number(len(columns), n_tasks, "predict", who)
    return columns


def proba_of_tasks(
    output: Any, classes: Sequence[np.ndarray | None], who: str
) -> list[Any]:
    """Return the probabilities (n_samples, n_classes) of each task, None for values.

    For a token task this is a list with an array (n_tokens, n_tags) for each sample.
    """
    if not isinstance(output, list | tuple):
        array = np.asarray(output)
        if len(classes) == 1:
            output = [array]
        else:  # multilabel: the probabilities of label 1
            output = [np.column_stack([1 - p, p]) for p in array.T]
    _check_number(len(output), len(classes), "predict_proba", who)
    return [
        None
        if known is None
        else proba
        if isinstance(proba, list)
        else np.asarray(proba)
        for proba, known in zip(output, classes, strict=True)
    ]


def _decisions(
    estimator: Estimator,
    X: FeaturesLike,
    classes: Sequence[np.ndarray | None],
    needs: Collection[str],
    who: str,
) -> list[np.ndarray | None]:
    """Return the decision function of an estimator without probabilities."""
    needs_proba = not {"proba", "any_proba"}.isdisjoint(needs)
    if needs_proba or not hasattr(estimator, "decision_function"):
        raise TaskError(
            f"{who}: {type(estimator).__name__} has no predict_proba, which the metric "
            "requires. Wrap the classifier in CalibratedClassifierCV, or use a metric "
            "of labels such as 'balanced_accuracy'."
        )
    output = estimator.decision_function(X)
    if not isinstance(output, list | tuple):
        array = np.asarray(output)
        is_single = len(classes) == 1
        output = [array] if is_single else list(array.T)
    _check_number(len(output), len(classes), "decision_function", who)
    return [
        np.column_stack([-one, one]) if np.ndim(one) == 1 else np.asarray(one)
        for one in output
    ]


def _check_number(found: int, wanted: int, method: str, who: str) -> None:
    if found != wanted:
        raise TaskError(
            f"{who}: {method} of the estimator has {found} tasks, but y has {wanted}. "
            "y must have the tasks that the estimator was fitted to."
        )
