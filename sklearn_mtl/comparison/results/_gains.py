"""Gains of the shared models and their effects."""

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
    """Difference between the scores of a model and a reference.

    Attributes
    ----------
    model : str
        Name of the model.
    against : str
        Reference: "twin" for the gain from sharing, "automatically selected", or the
        name of a model.
    task : str
        Name of the task, or "mean".
    interval : Interval
        The gain with its unadjusted interval.
    adjusted : Interval
        The gain with an interval that is adjusted for the number of gains tested
        together (Holm). It excludes 0 if and only if `effect` is "helps" or "hurts".
    p_adjusted : float
        p-value with the same adjustment.
    shares : bool
        Whether the task shares parameters with other tasks in this model.
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
        """Return whether the reference is a model given by its name."""
        return self.against not in (TWIN, SELECTED)

    @property
    def effect(self) -> str:
        """Effect according to the adjusted interval.

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
    """Compute the gains of every shared model over its twin and single-task models.

    Gains are adjusted in four kinds of families: the gains of all models over their
    twins on all tasks; the gains of all models over their twins for the mean over
    tasks; the gains of one model over one single-task model on all tasks; and the gains
    of one model over all single-task models for the mean over tasks.
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
    """Return the scores of the references of a shared model (n_splits, n_tasks)."""
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
    """Adjust gains for their number with Holm's procedure."""
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
    """Return the gains on all tasks and for their mean: gain (n_splits, n_tasks)."""
    names, units = [task.name for task in tasks], [task.unit for task in tasks]
    shares = np.array([against != TWIN or name not in model.alone for name in names])
    # Without shared parameters, a difference to the twin is not a gain from sharing.
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
