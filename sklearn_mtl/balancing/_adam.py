"""Adam for the few numbers that a weighting learns beside the net."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["AdamNumbers"]

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


@dataclass
class AdamNumbers:
    """Numbers that Adam moves, with its moments and its count of steps for each.

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
        """Return numbers that have not moved yet."""
        return cls(values, *(torch.zeros_like(values) for _ in range(3)))

    def to(self, like: Tensor) -> Tensor:
        """Go to the device and dtype of a tensor, and return the values."""
        values = self.values.to(like)
        if values is not self.values:
            self.first, self.second = self.first.to(like), self.second.to(like)
            self.count = self.count.to(like)
            self.values = values
        return values

    def step(self, gradient: Tensor, moves: Tensor, lr: float) -> None:
        """Move against a gradient, where `moves` says so.

        Where it does not, moments and count stay: the step of a task that is absent
        from a batch never happened.
        """
        gradient = torch.where(moves, gradient, torch.zeros_like(gradient))
        first = _BETA_1 * self.first + (1 - _BETA_1) * gradient
        self.first = torch.where(moves, first, self.first)
        second = _BETA_2 * self.second + (1 - _BETA_2) * gradient.square()
        # A number that rests keeps its moments and its count, which correct its bias.
        self.second = torch.where(moves, second, self.second)
        self.count = self.count + moves
        # both moments begin at zero, towards which they are biased in the first steps
        step = self.first / (1 - _BETA_1**self.count)
        step = step / ((self.second / (1 - _BETA_2**self.count)).sqrt() + _EPSILON)
        self.values = torch.where(moves, self.values - lr * step, self.values)
