"""Schedules of the learning rate."""

from __future__ import annotations

import math

__all__ = ["TwoStages", "WarmUpCosine"]


class WarmUpCosine:
    """Linear warm-up, followed by cosine annealing to zero.

    Parameters
    ----------
    n_steps : int
        Number of steps of the whole fit.
    n_warm_up : int, default=20
        Number of steps of the warm-up, but at most a tenth of all steps.
    highest : float, default=1.0
        Factor of the learning rate at the end of the warm-up.
    """

    def __init__(self, n_steps: int, n_warm_up: int = 20, highest: float = 1.0) -> None:
        self.highest = highest
        self.n_steps = max(n_steps, 1)
        self.n_warm_up = min(n_warm_up, self.n_steps // 10)

    def __call__(self, step: int) -> float:
        """Return the factor of the learning rate in a step, counted from 0."""
        if step < self.n_warm_up:
            return self.highest * (step + 1) / self.n_warm_up
        rest = max(self.n_steps - self.n_warm_up, 1)
        cosine = math.cos(math.pi * (step - self.n_warm_up) / rest)
        return 0.5 * self.highest * (1.0 + cosine)


class TwoStages:
    """Two schedules in succession.

    Parameters
    ----------
    first, second : WarmUpCosine
        The schedules.
    """

    def __init__(self, first: WarmUpCosine, second: WarmUpCosine) -> None:
        self.first = first
        self.second = second

    def __call__(self, step: int) -> float:
        """Return the factor of the learning rate in a step, counted from 0."""
        if step < self.first.n_steps:
            return self.first(step)
        return self.second(step - self.first.n_steps)
