"""How long the fits that are left will take, from those that are done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.comparison.run._fits import Fit, FitJob

__all__ = ["TimeLeft"]

# Fits with less effort last milliseconds, which say nothing about others.
_LEAST_EFFORT = 0.5


class TimeLeft:
    """Estimate the time left, by model and number of training samples.

    A model without a finished fit counts by its effort relative to the others.
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
        """Take one finished fit out of those that are left."""
        job = fits[0].job
        spent = [fits[0].costs.fit_seconds, *(f.costs.predict_seconds for f in fits)]
        self._seconds[job.model] += float(np.nansum(spent))
        self._done[job.model] += len(job.train)
        self._left[job.model] -= len(job.train)
        self._n_left -= 1

    def seconds(self) -> float | None:
        """Return the time left; None while nothing can be said."""
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
        """Return seconds for one sample and a unit of effort."""
        seen = [m for m, n in self._done.items() if n]
        seen = [m for m in seen if self._effort[m] >= _LEAST_EFFORT]
        if not seen:
            return None
        effort = sum(self._effort[model] * self._done[model] for model in seen)
        return sum(self._seconds[model] for model in seen) / effort
