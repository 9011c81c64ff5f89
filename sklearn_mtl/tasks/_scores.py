"""The numbers that `score` gives, over the observed cells of each task."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.exceptions import MissingLabelWarning
from sklearn_mtl.tasks._circular import unit_vectors
from sklearn_mtl.tasks._task_set import Task, TaskSet

__all__ = ["accuracies", "mean_of_observed", "r2_of_points", "r2_scores", "skills"]

_TINY = np.finfo(np.float64).tiny


def _observed(
    codes: np.ndarray, weights: np.ndarray, t: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = np.flatnonzero(~np.isnan(codes[:, t]) & (weights[:, t] > 0))
    return rows, codes[rows, t], weights[rows, t]


def accuracies(
    codes: np.ndarray, predicted: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the share of right labels of each task; NaN without observed cells."""
    out = np.full(codes.shape[1], np.nan)
    for t in range(len(out)):
        rows, labels, w = _observed(codes, weights, t)
        if len(rows):
            out[t] = np.average(labels == predicted[rows, t], weights=w)
    return out


def r2_scores(
    codes: np.ndarray,
    predicted: np.ndarray,
    weights: np.ndarray,
    periods: Sequence[float | None] | None = None,
) -> np.ndarray:
    """Return the R2 of each task; NaN where fewer than two cells are observed.

    Values that repeat are points on the unit circle, with the squares of their
    distances.
    """
    out = np.full(codes.shape[1], np.nan)
    for t in range(len(out)):
        rows, labels, w = _observed(codes, weights, t)
        if len(rows) > 1:
            period = None if periods is None else periods[t]
            out[t] = r2_of_points(labels, predicted[rows, t], w, period)
    return out


def r2_of_points(
    labels: np.ndarray, predicted: np.ndarray, w: np.ndarray, period: float | None
) -> float:
    """Return R2 of values, or of their points on the circle where they repeat."""
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
) -> np.ndarray:
    """Return 1 - loss / prior loss of each task.

    The loss is the squared error of a regression and the log-loss of a classification;
    the prior loss is that of the mean, or of the class frequencies, of the labels
    scored. So it is R2 for a regression and McFadden's R2 for a classification.
    """
    out = np.full(task_set.n_tasks, np.nan)
    for t, task in enumerate(task_set.tasks):
        rows, labels, w = _observed(codes, weights, t)
        if not task.is_classification:
            columns = codes[:, [t]], outputs[t][:, None], weights[:, [t]]
            out[t] = r2_scores(*columns, [task.period])[0]
        elif len(rows) and task.n_classes:
            out[t] = _log_loss_skill(task, labels, outputs[t][rows], w)
    return out


def mean_of_observed(scores: np.ndarray, who: str) -> float:
    """Return the mean of the scores that are there; NaN and a warning if none is."""
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
    known = labels >= 0  # an unseen label has probability 0
    at = np.where(known, labels, 0).astype(np.intp)
    given = np.where(known, proba[np.arange(len(at)), at], 0.0)
    # For the prior all unseen labels are one more class.
    share = np.bincount(np.where(known, at, task.n_classes), w) / w.sum()
    prior = -np.sum(share * np.log(np.maximum(share, _TINY)))
    eps = np.finfo(proba.dtype).eps  # as scikit-learn's log_loss clips
    return _relative(-np.average(np.log(np.maximum(given, eps)), weights=w), prior)


def _relative(loss: float, prior: float) -> float:
    """Return 1 - loss / prior; 1 or 0 where the labels do not vary, as r2_score."""
    if prior <= 0:
        return float(loss <= 0)
    return float(1.0 - loss / prior)
