"""Adam for the few numbers that a weighting learns beside the net."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

__all__ = ["adam_step"]

_BETA_1, _BETA_2, _EPSILON = 0.9, 0.999, 1e-8


def adam_step(
    state: dict[str, Any], name: str, gradient: Tensor, moves: Tensor, lr: float
) -> None:
    """Move state[name] against a gradient, where `moves` says so.

    An element that does not move keeps its moments and its count of steps: the step of
    a task that is absent from a batch never happened.

    References
    ----------
    D. P. Kingma, J. Ba, "Adam: A Method for Stochastic Optimization", ICLR 2015,
    algorithm 1.
    """
    values = state[name]
    first, second, count = state.get(f"{name}_moments", (torch.zeros_like(values),) * 3)
    gradient = torch.where(moves, gradient, torch.zeros_like(gradient))
    first = torch.where(moves, _BETA_1 * first + (1 - _BETA_1) * gradient, first)
    second = torch.where(
        moves, _BETA_2 * second + (1 - _BETA_2) * gradient.square(), second
    )
    count = count + moves
    step = first / (1 - _BETA_1**count)
    step = step / ((second / (1 - _BETA_2**count)).sqrt() + _EPSILON)
    state[name] = torch.where(moves, values - lr * step, values)
    state[f"{name}_moments"] = (first, second, count)
