"""Estimate of the remaining time of a comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.comparison.run._fits import Fit, FitJob

__all__ = ["TimeLeft"]

# Fits with less effort take milliseconds, from which others cannot be estimated.
_LEAST_EFFORT = 0.5


class TimeLeft:
    """Estimate of the remaining time from the finished fits.

    The time of a fit is assumed proportional to the number of training samples. The
    time of a model without finished fits is estimated by its effort relative to the
    other models.
    """

    def __init__(self, todo: Sequence[Sequence[FitJob]], n_workers: int) -> None:
        self._n_workers = n_workers
        self._n_left = len(todo)
        self._effort = {jobs[0].model: jobs[0].effort for jobs in todo}
        self._left: Counter[int] = Counter()  # training samples of all fits, by model
        self._done: Counter[int] = Counter()
        self._seconds: dict[int, float] = dict.fromkeys(self._effort, 0.0)
        for jobs in todo:
            self._left[jobs[0].model] += len(jobs[0].train)

    def add(self, fits: Sequence[Fit]) -> None:
        """Move one fit from the remaining to the finished fits."""
        job = fits[0].job
        spent = [fits[0].costs.fit_seconds, *(f.costs.predict_seconds for f in fits)]
        self._seconds[job.model] += float(np.nansum(spent))
        self._done[job.model] += len(job.train)
        self._left[job.model] -= len(job.train)
        self._n_left -= 1

    def seconds(self) -> float | None:
        """Return the remaining time in seconds, or None if it cannot be estimated."""
        waiting = [model for model, n in self._left.items() if n > 0]
        unseen = [model for model in waiting if not self._done[model]]
        rate = self._common_rate() if unseen else 0.0
        if rate is None:
            return None
        work = sum(
            self._left[model]
            * (
                self._seconds[model] / self._done[model]
                if self._done[model]
                else rate * self._effort[model]
            )
            for model in waiting
        )
        return work / max(min(self._n_workers, self._n_left), 1)

    def _common_rate(self) -> float | None:
        """Return the seconds per training sample and unit of effort."""
        seen = [m for m, n in self._done.items() if n]
        seen = [m for m in seen if self._effort[m] >= _LEAST_EFFORT]
        if not seen:
            return None
        effort = sum(self._effort[model] * self._done[model] for model in seen)
        return sum(self._seconds[model] for model in seen) / effort
