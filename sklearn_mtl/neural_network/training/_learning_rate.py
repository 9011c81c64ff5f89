"""How the learning rate moves during a fit."""

from __future__ import annotations

import math

__all__ = ["TwoStages", "WarmUpCosine"]


class WarmUpCosine:
    """Linear warm-up, then half a cosine down to zero.

    Parameters
    ----------
    n_steps : int
        Steps of the whole fit.
    n_warm_up : int, default=20
        Steps of the warm-up; at most a tenth of all.
    highest : float, default=1.0
        The factor at the end of the warm-up.
    """

    def __init__(self, n_steps: int, n_warm_up: int = 20, highest: float = 1.0) -> None:
        self.highest = highest
        self.n_steps = max(n_steps, 1)
        self.n_warm_up = min(n_warm_up, self.n_steps // 10)

    def __call__(self, step: int) -> float:
        """Return the factor of the learning rate after so many steps."""
        if step < self.n_warm_up:
            return self.highest * (step + 1) / self.n_warm_up
        rest = max(self.n_steps - self.n_warm_up, 1)
        cosine = math.cos(math.pi * (step - self.n_warm_up) / rest)
        return 0.5 * self.highest * (1.0 + cosine)


class TwoStages:
    """One schedule, and another one for the steps after it.

    Parameters
    ----------
    first, second : WarmUpCosine
        The schedules.
    """

    def __init__(self, first: WarmUpCosine, second: WarmUpCosine) -> None:
        self.first = first
        self.second = second

    def __call__(self, step: int) -> float:
        """Return the factor of the learning rate after so many steps."""
        if step < self.first.n_steps:
            return self.first(step)
        return self.second(step - self.first.n_steps)
