"""Learning curves of shared models and their twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.design._splits import Split
from sklearn_mtl.comparison.design._targets import Targets
from sklearn_mtl.comparison.results._gains import MEAN
from sklearn_mtl.comparison.results._intervals import (
    Interval,
    holm_factors,
    widened,
)
from sklearn_mtl.comparison.results._means import mean_interval
from sklearn_mtl.comparison.results._rows import ModelRow, TaskRow, skills
from sklearn_mtl.comparison.run._fits import Fit
from sklearn_mtl.datasets import hide_codes
from sklearn_mtl.metrics import mean_over_tasks, tasks_in_means
from sklearn_mtl.utils._numbers import as_numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LearningCurve",
    "check_shares",
    "curve_frame",
    "gather_curve",
    "hide_parts",
    "labels_of_twin",
]

_WHO = "compare"


@dataclass(frozen=True)
class LearningCurve:
    """Scores of the shared models and their twins by fraction of the labels.

    Attributes
    ----------
    shares : ndarray of shape (n_shares,)
        Fractions of the training labels in increasing order; the last one is 1.
    n_labels : ndarray of shape (n_shares, n_splits, n_tasks)
        Number of training labels.
    scores : ndarray of shape (n_models, n_shares, n_splits, n_tasks)
        Test scores; NaN for models that are neither shared nor a twin.
    """

    shares: np.ndarray
    n_labels: np.ndarray
    scores: np.ndarray


def check_shares(learning_curve: Any) -> np.ndarray:
    """Return the sorted fractions, with 1 as the last, or an empty array for None.

    Shapes: -> (n_shares,).
    """
    if learning_curve is None:
        return np.empty(0)
    shares = np.atleast_1d(as_numbers(learning_curve, "learning_curve", _WHO))
    if not len(shares) or not ((shares > 0) & (shares <= 1)).all():
        raise ValueError(
            f"{_WHO}: learning_curve is {learning_curve!r}; it must contain fractions "
            "of the labels in (0, 1], such as (0.1, 0.3, 1.0)."
        )
    return np.unique(np.append(shares, 1.0))


def hide_parts(
    targets: Targets, splits: Sequence[Split], shares: np.ndarray, seed: int
) -> list[list[np.ndarray]]:
    """Return masks of the labels to hide for each fraction, stratified by class.

    Within a split, the labels of a fraction are a subset of those of larger fractions.

    Shapes: shares (n_shares,) -> (n_train, n_tasks).
    """
    codes = np.where(targets.observed("y_fit"), targets.codes, np.nan)
    is_class = [kind == "classification" for kind in targets.task_types]
    return [
        # The same seed gives nested subsets, because the labels have the same order.
        [hide_codes(codes[train], is_class, 1 - share, seed + s) for share in shares]
        for s, (train, _) in enumerate(splits)
    ]


def gather_curve(
    fits: Sequence[Fit],
    scores: np.ndarray,
    shares: np.ndarray,
    hidden: Sequence[Sequence[np.ndarray]],
    n_train: np.ndarray,
) -> LearningCurve | None:
    """Combine the scores of the fits to fewer labels and to all labels.

    Shapes: scores (n_models, n_splits, n_tasks), shares (n_shares,),
    n_train (n_splits, n_tasks).
    """
    if not len(shares):
        return None
    n_models, n_splits, n_tasks = scores.shape
    found = np.full((n_models, len(shares), n_splits, n_tasks), np.nan)
    for fit in fits:
        if fit.job.part >= 0:
            found[fit.job.model, fit.job.part, fit.job.split] = fit.scores
    measured = sorted({fit.job.model for fit in fits if fit.job.part >= 0})
    found[measured, -1] = scores[measured]
    lost = np.zeros((len(shares), n_splits, n_tasks), dtype=int)
    for s, own in enumerate(hidden):
        for i, is_hidden in enumerate(own):
            lost[i, s] = is_hidden.sum(axis=0)
    return LearningCurve(shares, n_train - lost, found)


def curve_frame(
    curve: LearningCurve,
    models: Sequence[ModelRow],
    tasks: Sequence[TaskRow],
    ratios: np.ndarray,
    confidence: float,
) -> pd.DataFrame:
    """Return one row for each shared model, task and fraction.

    The intervals of each model and task are adjusted for the number of fractions. The
    gain is NaN for tasks that share no parameters with other tasks.

    Shapes: ratios (n_tasks + 1,).
    """
    import pandas as pd

    names = [model.name for model in models]
    in_means = tasks_in_means(curve.scores[:, -1])
    rows = []
    for m, model in enumerate(models):
        if model.role != "shared" or model.twin is None:
            continue
        own, twin = curve.scores[m], curve.scores[names.index(model.twin)]
        shares = np.array([task.name not in model.alone for task in tasks])
        parts = [(task.name, own, twin, np.array([t])) for t, task in enumerate(tasks)]
        both = skills(own, tasks), skills(twin, tasks)
        parts.append((MEAN, *both, np.flatnonzero(in_means & shares)))
        for (task, one, other, chosen), ratio in zip(parts, ratios, strict=True):
            gain = np.where(shares, one - other, np.nan)[..., chosen]
            gains = _gains(gain, ratio, confidence)
            for i, share in enumerate(curve.shares):
                labels = mean_over_tasks(curve.n_labels[i].mean(axis=0)[chosen])
                means = [_mean(part[i][:, chosen]) for part in (one, other)]
                found = gains[i].mean, gains[i].low, gains[i].high
                rows.append((model.name, task, share, labels, *means, *found))
    columns = "model task share labels score twin gain low high"
    return pd.DataFrame(rows, columns=columns.split())


def labels_of_twin(rows: pd.DataFrame, place: int = 0) -> float:
    """Return the number of labels at which the twin has the shared model's score."""
    target = rows["score"].iloc[place]
    twin, logs = rows["twin"].to_numpy(), np.log(rows["labels"].to_numpy())
    above = np.flatnonzero(twin >= target)
    if not len(above):
        return np.inf
    first = int(above[0])
    if first == 0:
        return float(rows["labels"].iloc[0])
    # Interpolate linearly over log(labels), as in the plot.
    share = (target - twin[first - 1]) / (twin[first] - twin[first - 1])
    return float(np.exp(logs[first - 1] + share * (logs[first] - logs[first - 1])))


def _gains(gain: np.ndarray, ratio: float, confidence: float) -> list[Interval]:
    """Return the mean gain for each fraction, with Holm's adjustment.

    Shapes: gain (n_shares, n_splits, n_tasks).
    """
    found = [mean_interval(one, ratio, confidence=confidence) for one in gain]
    factors = holm_factors(np.array([one.p_value for one in found]))
    return [
        widened(one, float(factor), confidence)
        for one, factor in zip(found, factors, strict=True)
    ]


def _mean(scores: np.ndarray) -> float:
    """Return the mean over splits and then over tasks: scores (n_splits, n_tasks)."""
    return float(mean_over_tasks(mean_over_tasks(scores.T)))
