"""Score every task over its observed cells; the engine behind functions and scorers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._labels import check_labels, check_values, read_predicted
from sklearn_mtl.metrics._registry import Metric
from sklearn_mtl.metrics._tags import TagTruth
from sklearn_mtl.metrics._truth import TaskTruth

__all__ = ["TaskGiven", "score_tasks"]


@dataclass(frozen=True)
class TaskGiven:
    """What a model gives for one task; whatever no metric asks for may be None.

    Attributes
    ----------
    predicted : ndarray of shape (n_samples,) or None
        Labels or values; of tokens lists of tags.
    scores : ndarray of shape (n_samples, n_classes) or None
        Probabilities, or scores that rank, of the model's classes; of tokens one array
        (n_tokens, n_tags) per sample.
    is_proba : bool
        Whether the scores are probabilities.
    """

    predicted: np.ndarray | None = None
    scores: Any = None
    is_proba: bool = True


def score_tasks(
    truths: Sequence[TaskTruth],
    given: Sequence[TaskGiven],
    metrics: Sequence[Metric],
    who: str,
) -> dict[str, float]:
    """Score every task by its metric."""
    scores: dict[str, float] = {}
    reasons: dict[str, list[str]] = {}
    for truth, one, metric in zip(truths, given, metrics, strict=True):
        score, reason = _score(truth, one, metric, who)
        scores[truth.name] = score
        if np.isnan(score):
            reasons.setdefault(reason, []).append(truth.name)
    if reasons:
        _warn_of_undefined(reasons, len(scores), who)
    return scores


def _score(
    truth: TaskTruth, given: TaskGiven, metric: Metric, who: str
) -> tuple[float, str]:
    """Return the score, and why it is NaN where it is."""
    if not len(truth.y):
        return np.nan, "no observed label"
    if truth.model.classes is not None and not len(truth.model.classes):
        return np.nan, "no label in fit"
    read, reason = _READ[metric.needs]
    values = read(truth, truth.align(given, who), metric, who)
    if values.dtype.kind == "f" and np.isnan(values).any():
        return np.nan, "predictions are NaN"
    if metric.needs == "any":
        # A function of the user need not take weights unless they matter.
        weight = truth.weight_of_labels
        weights = {} if (weight == 1).all() else {"sample_weight": weight}
        given_labels = truth.regroup(values)
        score = float(metric.function(truth.labels, given_labels, **weights))
    elif isinstance(truth, TagTruth) and metric.needs == "spans":
        score = metric.function(*truth.in_sequence(values))
    else:
        score = metric.function(truth.y, values, truth.weight)
    return metric.sign * score, reason


def _predicted(
    truth: TaskTruth, given: TaskGiven, metric: Metric, who: str
) -> np.ndarray:
    """Return the predicted labels or values of the rows that are scored."""
    # All are NaN where one is missing.
    if given.predicted is None:
        raise TaskError(
            f"{who}: {metric.name!r} of task {truth.name!r} needs predicted labels or "
            "values."
        )
    predicted = read_predicted(given.predicted[truth.rows])
    return np.full(len(truth.rows), np.nan) if predicted is None else predicted


def _of_spans(
    truth: TaskTruth, given: TaskGiven, metric: Metric, who: str
) -> np.ndarray:
    """Return predicted tags that can mark spans."""
    assert truth.classes is not None  # for the type checker
    if truth.classes.dtype.kind != "U":
        raise TaskError(
            f"{who}: {metric.name!r} of task {truth.name!r} needs tags that are texts, "
            f"such as 'B-city', 'I-city' and 'O'; found {truth.classes[:3].tolist()}."
        )
    predicted = _predicted(truth, given, metric, who)
    if predicted.dtype.kind != "f":  # not missing
        check_labels(predicted, truth.classes, truth.name, who)
    return predicted


def _values(truth: TaskTruth, given: TaskGiven, metric: Metric, who: str) -> np.ndarray:
    predicted = _predicted(truth, given, metric, who)
    check_values(predicted, truth.name, who)
    return predicted.astype(np.float64)


def _one_hot(
    truth: TaskTruth, given: TaskGiven, metric: Metric, who: str
) -> np.ndarray:
    """Return ones at the predicted labels; nowhere for a label that nobody knows."""
    # All are NaN where a prediction is missing.
    has_labels = given.predicted is not None or given.scores is None
    source = _predicted(truth, given, metric, who) if has_labels else given.scores
    assert source is not None  # for the type checker
    found = source if has_labels else source[truth.rows]
    if found.dtype.kind == "f" and np.isnan(found).any():
        return np.full((len(found), _n_classes(truth)), np.nan)
    if has_labels:
        assert truth.model.classes is not None  # for the type checker
        check_labels(found, truth.model.classes, truth.name, who)
        codes = truth.model.encode(found).astype(np.intp)
    else:
        codes = found.argmax(axis=1)
    out = np.zeros((len(codes), _n_classes(truth)))
    known = np.flatnonzero(codes >= 0)
    out[known, truth.of_model[codes[known]]] = 1.0
    return out


def _spread(truth: TaskTruth, given: TaskGiven, metric: Metric, who: str) -> np.ndarray:
    """Return the scores of all classes; the lowest where the model has none."""
    needs_proba = metric.needs == "proba"
    if given.scores is None or (needs_proba and not given.is_proba):
        wanted = "probabilities" if needs_proba else "probabilities or scores"
        raise TaskError(
            f"{who}: {metric.name!r} of task {truth.name!r} needs {wanted} of the "
            "classes."
        )
    scores = given.scores[truth.rows]
    lowest = 0.0 if given.is_proba else scores.min()
    out = np.full((len(scores), _n_classes(truth)), lowest, dtype=scores.dtype)
    out[:, truth.of_model] = scores
    return out


def _n_classes(truth: TaskTruth) -> int:
    """Return the number of classes, at least two, so that one class has its rest."""
    return 0 if truth.classes is None else max(2, len(truth.classes))


# by what a metric needs: how it is read, and why the score is NaN if it is
_READ: dict[str, tuple[Callable[..., np.ndarray], str]] = {
    "any": (_predicted, "its metric gives NaN"),
    "values": (_values, "labels do not vary"),
    "labels": (_one_hot, "a single class"),
    "tags": (_one_hot, "a single class"),
    "spans": (_of_spans, "no span"),
    "scores": (_spread, "a single class"),
    "proba": (_spread, "a single class"),
}


def _warn_of_undefined(reasons: dict[str, list[str]], n_tasks: int, who: str) -> None:
    n_lost = sum(len(names) for names in reasons.values())
    told = "; ".join(
        f"{reason}: {names[:10]}" + (" ..." if len(names) > 10 else "")
        for reason, names in reasons.items()
    )
    warnings.warn(
        f"{who}: {n_lost} of {n_tasks} tasks have no score and are NaN ({told}).",
        UndefinedMetricWarning,
        stacklevel=4,
    )
