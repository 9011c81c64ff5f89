"""How the learning rate moves during a fit."""

from __future__ import annotations

import math

__all__ = ["WarmUpCosine"]


class WarmUpCosine:
    """Linear warm-up, then half a cosine down to zero.

    Parameters
    ----------
    n_steps : int
        Steps of the whole fit.
    n_warm_up : int, default=20
        Steps of the warm-up; at most a tenth of all.
    """

    def __init__(self, n_steps: int, n_warm_up: int = 20) -> None:
        self.n_steps = max(n_steps, 1)
        self.n_warm_up = min(n_warm_up, self.n_steps // 10)

    def __call__(self, step: int) -> float:
        """Return the factor of the learning rate after so many steps."""
        if step < self.n_warm_up:
            return (step + 1) / self.n_warm_up
        rest = max(self.n_steps - self.n_warm_up, 1)
        return 0.5 * (1.0 + math.cos(math.pi * (step - self.n_warm_up) / rest))
