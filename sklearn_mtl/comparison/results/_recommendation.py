"""Recommendation of a model: the smallest one with a score close to the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from sklearn_mtl.comparison.results._gains import MEAN, Gain, adjust
from sklearn_mtl.comparison.results._means import mean_interval
from sklearn_mtl.comparison.results._rows import (
    Measured,
    ModelRow,
    TaskRow,
    skills,
)
from sklearn_mtl.metrics import mean_over_tasks
from sklearn_mtl.utils._ties import difference, first_highest, first_lowest

__all__ = ["Recommendation", "recommend"]


@dataclass(frozen=True)
class Recommendation:
    """Recommended model, with the differences between the best model and the others.

    Attributes
    ----------
    name : str
        Name of the recommended model.
    best : str
        Name of the model with the best mean score.
    scores : dict of str to float
        Mean scores of the models without missing scores, the best first.
    differences : dict of str to Gain
        Gain of the best model over every other model for the mean over tasks, adjusted
        for their number. The effect "helps" means that the best model is better.
    left_out : list of str
        Models that are not compared because they lack scores that other models have.
    """

    name: str
    best: str
    scores: dict[str, float]
    differences: dict[str, Gain]
    left_out: list[str]

    @property
    def alike(self) -> list[str]:
        """Models that are not significantly worse than the best one."""
        return [
            name for name, gain in self.differences.items() if gain.effect != "helps"
        ]

    @property
    def is_clear(self) -> bool:
        """Return whether the best model is significantly better than all others."""
        return not self.alike


def recommend(
    models: Sequence[ModelRow],
    tasks: Sequence[TaskRow],
    measured: Measured,
    confidence: float = 0.95,
) -> Recommendation | None:
    """Recommend a model, or return None if no model has all scores.

    The model with the best mean score over tasks is compared with every other model.
    Models that are significantly worse are excluded, and so are models that are worse
    by more than one standard error. The smallest remaining model is recommended [1]_.

    References
    ----------
    .. [1] L. Breiman, J. Friedman, C. Stone, R. Olshen, "Classification and Regression
       Trees", Wadsworth 1984, section 3.4.3 (one standard error rule).
    """
    rows = _complete_rows(measured.scores)
    if not len(rows):
        return None
    names = [models[row].name for row in rows]
    scores = measured.scores[rows]
    by_task = mean_over_tasks(scores.transpose(0, 2, 1))  # over splits
    means = mean_over_tasks(np.where(measured.in_means, skills(by_task, tasks), np.nan))
    best = int(first_highest(means))
    gains = _gains(names[best], names, scores, tasks, measured, confidence)
    found = {gain.against: gain for gain in gains}
    order = [names[i] for i in np.argsort(-means, kind="stable")]
    return Recommendation(
        name=_smallest(names, names[best], found, measured.model_bytes[rows]),
        best=names[best],
        scores={name: float(means[names.index(name)]) for name in order},
        differences={name: found[name] for name in order if name in found},
        left_out=[row.name for row in models if row.name not in names],
    )


def _complete_rows(scores: np.ndarray) -> np.ndarray:
    """Return the models without missing scores: scores (n_models, n_splits, ...)."""
    has_score = ~np.isnan(scores)
    is_scored = has_score.any(axis=0)
    is_complete = (has_score == is_scored).all(axis=(1, 2)) & is_scored.any()
    return np.flatnonzero(is_complete)


def _gains(
    best: str,
    names: Sequence[str],
    scores: np.ndarray,
    tasks: Sequence[TaskRow],
    measured: Measured,
    confidence: float,
) -> list[Gain]:
    """Return the mean gains of the best model over every other model.

    Shapes: scores (n_rows, n_splits, n_tasks).
    """
    units = [task.unit for task in tasks]
    own, ratio = scores[names.index(best)], measured.ratios[-1]
    gains = []
    for name, other in zip(names, scores, strict=True):
        if name != best:
            gain = np.where(measured.in_means, difference(own, other) / units, np.nan)
            interval = mean_interval(gain, ratio, confidence=confidence)
            gains.append(Gain(best, name, MEAN, interval, interval))
    return adjust(gains, confidence)


def _smallest(
    names: Sequence[str], best: str, gains: Mapping[str, Gain], sizes: np.ndarray
) -> str:
    """Return the smallest model close to the best one: sizes (n_models, n_splits).

    If sizes are equal or unknown, the first model of the table is returned.
    """
    close = [
        i for i, name in enumerate(names) if name == best or _is_close(gains[name])
    ]
    known = np.nan_to_num(mean_over_tasks(sizes[close]), nan=np.inf)
    return names[close[int(first_lowest(known))]]


def _is_close(gain: Gain) -> bool:
    """Return whether a model is within a standard error, not significantly worse."""
    p_of_one_error = 2 * stats.t.sf(1, gain.interval.freedom)
    return gain.effect != "helps" and gain.interval.p_value >= p_of_one_error
