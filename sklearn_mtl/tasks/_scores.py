"""Scores of the `score` method, over the observed labels of each task."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.tasks._circular import unit_vectors
from sklearn_mtl.tasks._task_set import Task, TaskSet
from sklearn_mtl.tasks._tokens import TokenLabels

__all__ = ["accuracies", "mean_of_observed", "r2_of_points", "r2_scores", "skills"]

_TINY = np.finfo(np.float64).tiny


# tags of the token tasks, by column number
Tokens = Mapping[int, TokenLabels]


def _observed(
    codes: np.ndarray, given: Any, weights: np.ndarray, t: int, tokens: Tokens | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the observed labels of a task, their predictions, and their weights."""
    rows = np.flatnonzero(~np.isnan(codes[:, t]) & (weights[:, t] > 0))
    if tokens and t in tokens:
        return tokens[t].flatten(rows, given, weights[rows, t])
    return codes[rows, t], given[rows], weights[rows, t]


def accuracies(
    codes: np.ndarray,
    predicted: np.ndarray,
    weights: np.ndarray,
    tokens: Tokens | None = None,
) -> np.ndarray:
    """Return the accuracy of the labels or tags of each task; NaN without labels."""
    out = np.full(codes.shape[1], np.nan)
    for t in range(len(out)):
        labels, given, w = _observed(codes, predicted[:, t], weights, t, tokens)
        if len(labels):
            out[t] = np.average(labels == given, weights=w)
    return out


def r2_scores(
    codes: np.ndarray,
    predicted: np.ndarray,
    weights: np.ndarray,
    periods: Sequence[float | None] | None = None,
) -> np.ndarray:
    """Return the R2 of each task; NaN if fewer than two labels are observed.

    The values of a circular task are points on the unit circle, with squared Euclidean
    distances.
    """
    out = np.full(codes.shape[1], np.nan)
    for t in range(len(out)):
        labels, given, w = _observed(codes, predicted[:, t], weights, t, None)
        if len(labels) > 1:
            period = None if periods is None else periods[t]
            out[t] = r2_of_points(labels, given, w, period)
    return out


def r2_of_points(
    labels: np.ndarray, predicted: np.ndarray, w: np.ndarray, period: float | None
) -> float:
    """Return R2 of values, or of points on the unit circle if there is a period."""
    if period is None:
        truth, given = labels[:, None], predicted[:, None]
    else:
        truth, given = unit_vectors(labels, period), unit_vectors(predicted, period)
    mean = np.average(truth, axis=0, weights=w)
    loss, prior = (np.sum(w[:, None] * (truth - point) ** 2) for point in (given, mean))
    return _relative(loss, prior)


def skills(
    task_set: TaskSet,
    codes: np.ndarray,
    outputs: Sequence[np.ndarray],
    weights: np.ndarray,
    tokens: Tokens | None = None,
) -> np.ndarray:
    """Return 1 - loss / prior loss of each task.

    The loss is the squared error of regression tasks and the log-loss of classes or
    tags. The prior loss is the loss of the mean, or of the class frequencies, of the
    scored labels. Therefore the skill is R2 for a regression task, and McFadden's R2
    for a classification task.
    """
    out = np.full(task_set.n_tasks, np.nan)
    for t, task in enumerate(task_set.tasks):
        if task.classes is None:
            columns = codes[:, [t]], outputs[t][:, None], weights[:, [t]]
            out[t] = r2_scores(*columns, [task.period])[0]
        elif task.n_classes:
            labels, proba, w = _observed(codes, outputs[t], weights, t, tokens)
            if len(labels):
                out[t] = _log_loss_skill(task, labels, proba, w)
    return out


def mean_of_observed(scores: np.ndarray, who: str) -> float:
    """Return the mean of the scores that are not NaN; warn if all are NaN."""
    seen = scores[~np.isnan(scores)]
    if len(seen):
        return float(seen.mean())
    warnings.warn(
        f"{who}: no task of y has enough observed labels to score; the score is NaN.",
        MissingLabelWarning,
        stacklevel=3,
    )
    return float("nan")


def _log_loss_skill(
    task: Task, labels: np.ndarray, proba: np.ndarray, w: np.ndarray
) -> float:
    known = labels >= 0  # labels that were not seen in fit have probability 0
    at = np.where(known, labels, 0).astype(np.intp)
    given = np.where(known, proba[np.arange(len(at)), at], 0.0)
    # For the prior, all unseen labels form one additional class.
    share = np.bincount(np.where(known, at, task.n_classes), w) / w.sum()
    prior = -np.sum(share * np.log(np.maximum(share, _TINY)))
    eps = np.finfo(proba.dtype).eps  # as in scikit-learn's log_loss
    return _relative(-np.average(np.log(np.maximum(given, eps)), weights=w), prior)


def _relative(loss: float, prior: float) -> float:
    """Return 1 - loss / prior; 1 or 0 for constant labels, like r2_score."""
    if prior <= 0:
        return float(loss <= 0)
    return float(1.0 - loss / prior)
