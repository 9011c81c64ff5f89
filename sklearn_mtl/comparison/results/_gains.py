"""Gains of the shared models, and what may be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.comparison.results._intervals import Interval, corrected_interval, holm
from sklearn_mtl.comparison.results._rows import (
    BEST_SINGLE,
    Measured,
    ModelRow,
    TaskRow,
)
from sklearn_mtl.metrics import mean_over_tasks
from sklearn_mtl.utils._ties import difference

__all__ = [
    "MEAN",
    "TWIN",
    "Gain",
    "compute_gains",
]

MEAN = "mean"
TWIN = "twin"
LEVEL = 0.05


@dataclass(frozen=True)
class Gain:
    """Score of a shared model minus that of another row.

    Attributes
    ----------
    model : str
        The shared model.
    against : {"twin", "best single"}
        What it is compared with: "twin" shows what sharing does.
    task : str
        Name of the task, or "mean".
    interval : Interval
        The gain and its interval, by itself.
    p_adjusted : float
        p-value adjusted for the number of tasks (Holm); that of the mean as it is.
    """

    model: str
    against: str
    task: str
    interval: Interval
    p_adjusted: float

    @property
    def effect(self) -> str:
        """One of "helps", "hurts", "no evidence" and "unknown"."""
        if np.isnan(self.p_adjusted):
            return "unknown"
        if self.p_adjusted >= LEVEL:
            return "no evidence"
        return "helps" if self.interval.mean > 0 else "hurts"


def compute_gains(
    models: Sequence[ModelRow],
    tasks: Sequence[TaskRow],
    measured: Measured,
    confidence: float = 0.95,
) -> list[Gain]:
    """Compute every gain of every shared model."""
    names = [model.name for model in models]
    references = {}
    if (measured.chosen >= 0).any():
        references[BEST_SINGLE] = measured.best_single()
    gains = []
    for model, own in zip(models, measured.scores, strict=True):
        if model.role != "shared":
            continue
        references.pop(TWIN, None)
        if model.twin is not None:
            references[TWIN] = measured.scores[names.index(model.twin)]
        for against in (TWIN, BEST_SINGLE):
            if against in references:
                gain = difference(own, references[against])
                gains += _describe(
                    model.name, against, tasks, gain, measured, confidence
                )
    return gains


def _describe(
    model: str,
    against: str,
    tasks: Sequence[TaskRow],
    gain: np.ndarray,
    measured: Measured,
    confidence: float,
) -> list[Gain]:
    units = [task.unit for task in tasks]
    columns = np.column_stack([gain, mean_over_tasks(gain, units)])
    found = [
        corrected_interval(column, ratio, confidence=confidence)
        for column, ratio in zip(columns.T, measured.ratios, strict=True)
    ]
    # The mean over tasks is a hypothesis of its own, not one of the family.
    adjusted = np.append(holm([i.p_value for i in found[:-1]]), found[-1].p_value)
    names = [task.name for task in tasks] + [MEAN]
    blank = Gain(model, against, "", found[0], np.nan)
    return [
        replace(blank, task=name, interval=interval, p_adjusted=float(p))
        for name, interval, p in zip(names, found, adjusted, strict=True)
    ]
