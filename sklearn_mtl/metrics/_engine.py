"""Computation of the score of each task over its observed labels."""

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
    """Predictions of a model for one task; None if no metric needs them.

    Attributes
    ----------
    predicted : ndarray of shape (n_samples,) or None
        Labels or values; lists of tags for a token task.
    scores : ndarray of shape (n_samples, n_classes) or None
        Probabilities or other scores of the classes of the model; for a token task, one
        array (n_tokens, n_tags) per sample.
    is_proba : bool
        Whether the scores are probabilities.
    region : ndarray of shape (n_samples, 2), (n_samples, n_levels) or \
            (n_samples, n_classes), or None
        Intervals or quantiles of a regression task, or sets of classes.
    """

    predicted: np.ndarray | None = None
    scores: Any = None
    is_proba: bool = True
    region: np.ndarray | None = None


def score_tasks(
    truths: Sequence[TaskTruth],
    given: Sequence[TaskGiven],
    metrics: Sequence[Metric],
    who: str,
) -> dict[str, float]:
    """Score each task with its metric."""
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
    """Return the score, and the reason if it is NaN."""
    if not len(truth.y):
        return np.nan, "no observed label"
    if truth.model.classes is not None and not len(truth.model.classes):
        return np.nan, "no label in fit"
    read, reason = _READ[metric.needs]
    values = read(truth, truth.align(given, who), metric, who)
    if values.dtype.kind == "f" and np.isnan(values).any():
        return np.nan, "predictions are NaN"
    if metric.needs in ("any", "any_proba"):
        # A user-defined function only needs to accept weights if weights are given.
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
    """Return the predicted labels or values of the scored samples."""
    # All values are NaN if one is missing.
    if given.predicted is None and given.region is not None and given.scores is None:
        raise TaskError(
            f"{who}: task {truth.name!r} is a regression task, but y_pred has "
            f"{given.region.shape[1]} columns for it. If it has classes, set "
            "task_types. For intervals or quantiles, use the metric "
            "'interval_coverage', 'interval_width' or 'mean_pinball_loss'."
        )
    if given.predicted is None:
        raise TaskError(
            f"{who}: the metric {metric.name!r} of task {truth.name!r} requires "
            "predicted labels or values."
        )
    predicted = read_predicted(given.predicted[truth.rows])
    return np.full(len(truth.rows), np.nan) if predicted is None else predicted


def _of_spans(
    truth: TaskTruth, given: TaskGiven, metric: Metric, who: str
) -> np.ndarray:
    """Return predicted tags, after a check that tags are strings."""
    assert truth.classes is not None  # for the type checker
    if truth.classes.dtype.kind != "U":
        raise TaskError(
            f"{who}: the metric {metric.name!r} of task {truth.name!r} requires tags "
            "that are strings, such as 'B-city', 'I-city' and 'O'; got "
            f"{truth.classes[:3].tolist()}."
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
    """Return one-hot predicted labels; zeros for a label that is not a class."""
    # All values are NaN if a prediction is missing.
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
    """Return the scores of all classes; the lowest score for classes not in fit."""
    needs_proba = metric.needs in ("proba", "any_proba")
    if given.scores is None or (needs_proba and not given.is_proba):
        wanted = "probabilities" if needs_proba else "probabilities or scores"
        raise TaskError(
            f"{who}: the metric {metric.name!r} of task {truth.name!r} requires "
            f"{wanted} of the classes."
        )
    scores = given.scores[truth.rows]
    lowest = 0.0 if given.is_proba else scores.min()
    out = np.full((len(scores), _n_classes(truth)), lowest, dtype=scores.dtype)
    out[:, truth.of_model] = scores
    return out


def _own_proba(
    truth: TaskTruth, given: TaskGiven, metric: Metric, who: str
) -> np.ndarray:
    """Return probabilities in the form for functions of scikit-learn."""
    proba = _spread(truth, given, metric, who)
    return proba[:, 1] if proba.shape[1] == 2 else proba


def _region(truth: TaskTruth, given: TaskGiven, metric: Metric, who: str) -> np.ndarray:
    """Return the intervals or quantiles of the scored samples."""
    if given.predicted is not None and _is_missing(given.predicted):
        return np.full((len(truth.rows), 1), np.nan)
    if given.region is None:
        raise TaskError(
            f"{who}: the metric {metric.name!r} of task {truth.name!r} requires "
            f"{_REGIONS[metric.needs]}."
        )
    found = given.region[truth.rows].astype(np.float64)
    if metric.needs == "interval" and found.shape[1] != 2:
        raise TaskError(
            f"{who}: the intervals of task {truth.name!r} have {found.shape[1]} "
            "columns; there must be two columns, for the lower and the upper end."
        )
    levels = getattr(metric.function, "keywords", {}).get("levels", found.T)
    if len(levels) != found.shape[1]:
        raise TaskError(
            f"{who}: task {truth.name!r} has {found.shape[1]} quantiles for each "
            f"sample, but there are {len(levels)} levels."
        )
    return found


def _set(truth: TaskTruth, given: TaskGiven, metric: Metric, who: str) -> np.ndarray:
    """Return ones for the classes in the set of each sample, and zeros for others."""
    found = _region(truth, given, metric, who)
    if np.isnan(found).any():
        return found
    out = np.zeros((len(found), _n_classes(truth)))
    out[:, truth.of_model] = found
    return out


def _is_missing(values: np.ndarray) -> bool:
    return values.dtype.kind == "f" and bool(np.isnan(values).all())


_REGIONS = {
    "interval": "an interval for each sample, of shape (n_samples, n_tasks, 2), or "
    "(n_samples, 2) for one task",
    "quantiles": "quantiles of each sample, of shape (n_samples, n_tasks, n_levels), "
    "or (n_samples, n_levels) for one task",
    "set": "a set of classes for each sample: one boolean array per task, of shape "
    "(n_samples, n_classes)",
}


def _n_classes(truth: TaskTruth) -> int:
    """Return the number of classes, at least two, because metrics are one-vs-rest."""
    return 0 if truth.classes is None else max(2, len(truth.classes))


# function that reads the required predictions, and the reason why a score is NaN
_READ: dict[str, tuple[Callable[..., np.ndarray], str]] = {
    "any": (_predicted, "its metric is NaN"),
    "values": (_values, "constant labels"),
    "labels": (_one_hot, "a single class"),
    "tags": (_one_hot, "a single class"),
    "spans": (_of_spans, "no span"),
    "scores": (_spread, "a single class"),
    "proba": (_spread, "a single class"),
    "any_proba": (_own_proba, "its metric is NaN"),
    "interval": (_region, "the metric of its intervals is NaN"),
    "quantiles": (_region, "the metric of its quantiles is NaN"),
    "set": (_set, "the metric of its sets is NaN"),
}


def _warn_of_undefined(reasons: dict[str, list[str]], n_tasks: int, who: str) -> None:
    n_lost = sum(len(names) for names in reasons.values())
    told = "; ".join(
        f"{reason}: {names[:10]}" + (" ..." if len(names) > 10 else "")
        for reason, names in reasons.items()
    )
    warnings.warn(
        f"{who}: the scores of {n_lost} of {n_tasks} tasks are undefined and NaN "
        f"({told}).",
        UndefinedMetricWarning,
        stacklevel=4,
    )
