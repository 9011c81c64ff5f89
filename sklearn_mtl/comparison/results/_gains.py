"""Gains of the shared models, and what may be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.comparison.results._intervals import (
    Interval,
    corrected_interval,
    holm,
    holm_factors,
    widened,
)
from sklearn_mtl.comparison.results._means import mean_interval
from sklearn_mtl.comparison.results._rows import (
    SELECTED,
    Measured,
    ModelRow,
    TaskRow,
)
from sklearn_mtl.utils._ties import difference

__all__ = [
    "MEAN",
    "TWIN",
    "Gain",
    "adjust",
    "compute_gains",
]

MEAN = "mean"
TWIN = "twin"


@dataclass(frozen=True)
class Gain:
    """Score of a model minus that of another row.

    Attributes
    ----------
    model : str
        The model.
    against : str
        What it is compared with: "twin", which shows what sharing does, "automatically
        selected", or the name of a row.
    task : str
        Name of the task, or "mean".
    interval : Interval
        The gain and its interval, by itself.
    adjusted : Interval
        The interval that decides what is said: wider, for the number of gains that are
        judged together (Holm). It excludes 0 exactly where `effect` is "helps" or
        "hurts".
    p_adjusted : float
        The p-value adjusted in the same way.
    shares : bool
        Whether the model shares anything with the task.
    """

    model: str
    against: str
    task: str
    interval: Interval
    adjusted: Interval
    p_adjusted: float = np.nan
    shares: bool = True

    @property
    def is_over_row(self) -> bool:
        """Whether it is over one row of the table, neither twin nor a selection."""
        return self.against not in (TWIN, SELECTED)

    @property
    def effect(self) -> str:
        """What it shows.

        One of "helps", "hurts", "no evidence", "unknown" and "nothing to share".
        """
        if not self.shares:
            return "nothing to share"
        if np.isnan(self.adjusted.low):
            return "unknown"
        if self.adjusted.low > 0:
            return "helps"
        return "hurts" if self.adjusted.high < 0 else "no evidence"


def compute_gains(
    models: Sequence[ModelRow],
    tasks: Sequence[TaskRow],
    measured: Measured,
    confidence: float = 0.95,
) -> list[Gain]:
    """Compute the gains of every shared model over its twin and the single-task rows.

    Judged together are: over the twins, the gains of all models and tasks, and those in
    the mean; over one single-task row, the gains of one model on all tasks, and those
    of one model in the mean over all these rows.
    """
    found = [
        gain
        for model, own in zip(models, measured.scores, strict=True)
        if model.role == "shared"
        for against, other in _references(model, models, measured).items()
        for gain in _gains(
            model, against, tasks, difference(own, other), measured, confidence
        )
    ]
    families: dict[tuple[object, ...], list[int]] = {}
    for place, gain in enumerate(found):
        families.setdefault(_family(gain), []).append(place)
    for places in families.values():
        adjusted = adjust([found[place] for place in places], confidence)
        for place, gain in zip(places, adjusted, strict=True):
            found[place] = gain
    return found


def _references(
    model: ModelRow, models: Sequence[ModelRow], measured: Measured
) -> dict[str, np.ndarray]:
    """Return the scores that a shared model is compared with (n_splits, n_tasks)."""
    scores = dict(zip([row.name for row in models], measured.scores, strict=True))
    references = {}
    if model.twin is not None:
        references[TWIN] = scores[model.twin]
    if (measured.chosen >= 0).any():
        references[SELECTED] = measured.selected()
    return references | {
        row.name: scores[row.name] for row in models if row.role == "single"
    }


def _family(gain: Gain) -> tuple[object, ...]:
    is_mean = gain.task == MEAN
    if gain.against == TWIN:
        return TWIN, is_mean
    return gain.model, is_mean or gain.against


def adjust(gains: Sequence[Gain], confidence: float) -> list[Gain]:
    """Adjust gains for their number, after Holm."""
    p = np.array([gain.interval.p_value for gain in gains])
    return [
        replace(
            gain,
            adjusted=widened(gain.interval, float(factor), confidence),
            p_adjusted=float(p_adjusted),
        )
        for gain, factor, p_adjusted in zip(
            gains, holm_factors(p), holm(p), strict=True
        )
    ]


def _gains(
    model: ModelRow,
    against: str,
    tasks: Sequence[TaskRow],
    gain: np.ndarray,
    measured: Measured,
    confidence: float,
) -> list[Gain]:
    """Return the gains on all tasks and in the mean: gain (n_splits, n_tasks)."""
    names, units = [task.name for task in tasks], [task.unit for task in tasks]
    shares = np.array([against != TWIN or name not in model.alone for name in names])
    # Where nothing is shared, the difference to the twin is no gain of sharing.
    gain = np.where(shares, gain, np.nan)
    *ratios, ratio = measured.ratios.tolist()
    found = [
        corrected_interval(column, own, confidence=confidence)
        for column, own in zip(gain.T, ratios, strict=True)
    ]
    counted = np.where(measured.in_means, gain / units, np.nan)
    found.append(mean_interval(counted, ratio, confidence=confidence))
    shares = np.append(shares, shares.any())
    return [
        Gain(model.name, against, task, interval, interval, shares=bool(one))
        for task, interval, one in zip([*names, MEAN], found, shares, strict=True)
    ]
