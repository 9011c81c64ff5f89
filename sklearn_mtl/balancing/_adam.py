"""Adam for the parameters of a weighting."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["AdamNumbers"]

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


@dataclass
class AdamNumbers:
    """Parameters, and Adam's moments and number of steps for each of them.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
    algorithm 1.
    """

    values: Tensor
    first: Tensor
    second: Tensor
    count: Tensor

    @classmethod
    def of(cls, values: Tensor) -> AdamNumbers:
        """Return parameters with moments of zero."""
        return cls(values, *(torch.zeros_like(values) for _ in range(3)))

    def to(self, like: Tensor) -> Tensor:
        """Move the state to the device and dtype of a tensor; return the values."""
        values = self.values.to(like, non_blocking=True)
        if values is not self.values:
            rest = self.first, self.second, self.count
            moved = (one.to(like, non_blocking=True) for one in rest)
            self.first, self.second, self.count = moved
            self.values = values
        return values

    def step(self, gradient: Tensor, moves: Tensor, lr: float) -> None:
        """Take a step against the gradient for the parameters in `moves`.

        The other parameters keep their moments and their number of steps, because a
        task that is absent from a batch takes no step.
        """
        gradient = torch.where(moves, gradient, torch.zeros_like(gradient))
        first = _BETA_1 * self.first + (1 - _BETA_1) * gradient
        self.first = torch.where(moves, first, self.first)
        second = _BETA_2 * self.second + (1 - _BETA_2) * gradient.square()
        # The number of steps corrects the bias, so it is kept, too.
        self.second = torch.where(moves, second, self.second)
        self.count = self.count + moves
        # Both moments start at zero, so they are biased towards zero in the first
        # steps.
        step = self.first / (1 - _BETA_1**self.count)
        step = step / ((self.second / (1 - _BETA_2**self.count)).sqrt() + _EPSILON)
        self.values = torch.where(moves, self.values - lr * step, self.values)
