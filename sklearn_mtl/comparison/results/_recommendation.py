"""Which row to use: the best one, or the smallest of those that are as good."""

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
    """Which row to use, and how sure that is.

    Attributes
    ----------
    name : str
        The row to use.
    best : str
        The row with the best mean score.
    scores : dict of str to float
        Mean score of every row that was judged, the best first.
    differences : dict of str to Gain
        Gain of the best row over every other one in the mean over tasks, judged
        together. "helps" says that the best row is better.
    left_out : list of str
        Rows that have no score where others have one, so that they are not judged.
    """

    name: str
    best: str
    scores: dict[str, float]
    differences: dict[str, Gain]
    left_out: list[str]

    @property
    def alike(self) -> list[str]:
        """The other rows that cannot be told apart from the best one."""
        return [
            name for name, gain in self.differences.items() if gain.effect != "helps"
        ]

    @property
    def is_clear(self) -> bool:
        """Whether the best row is better than every other one beyond noise."""
        return not self.alike


def recommend(
    models: Sequence[ModelRow],
    tasks: Sequence[TaskRow],
    measured: Measured,
    confidence: float = 0.95,
) -> Recommendation | None:
    """Recommend a row; None where no row has all scores.

    The best row is compared with every other one by the mean over tasks. Those that are
    behind it by more than noise are ruled out, and of the rest those that are behind by
    more than a standard error. The smallest of the remaining rows is recommended [1]_.

    References
    ----------
    .. [1] L. Breiman, J. Friedman, C. Stone, R. Olshen, "Classification and Regression
       Trees", Wadsworth 1984, section 3.4.3 (the rule of one standard error).
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
    """Return the rows that have a score wherever one has: (n_models, n_splits, ...)."""
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
    """Return the mean gains of the best row over every other one.

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
    """Return the smallest of the best row and those close to it: sizes (n_rows, ...).

    The first in the table where sizes are equal or unknown.
    """
    close = [
        i for i, name in enumerate(names) if name == best or _is_close(gains[name])
    ]
    known = np.nan_to_num(mean_over_tasks(sizes[close]), nan=np.inf)
    return names[close[int(first_lowest(known))]]


def _is_close(gain: Gain) -> bool:
    """Whether a row is behind by a standard error at most, and not beyond noise."""
    p_of_one_error = 2 * stats.t.sf(1, gain.interval.freedom)
    return gain.effect != "helps" and gain.interval.p_value >= p_of_one_error
