"""Random weights."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses

__all__ = ["Random"]


class Random(LossWeighting[None]):
    r"""Draw new weights in every step (RLW).

    .. math:: w = softmax(\xi), \quad \xi_t \sim N(0, 1)

    over the tasks that have labels in the batch. Use it as a baseline: a balancing
    method that is not better has gained nothing from the losses or gradients.

    References
    ----------
    B. Lin, F. Ye, Y. Zhang, I. W. Tsang, "Reasonable Effectiveness of Random
    Weighting: A Litmus Test for Multi-Task Learning", TMLR 2022, algorithm 2.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import Random, StepLosses
    >>> generator = torch.Generator().manual_seed(0)
    >>> step = StepLosses.of(torch.ones(1, 3), generators=[generator])
    >>> print(f"{Random().weigh(step).sum():.1f}")
    1.0
    """

    of_mean = True

    def _weigh(self, step: StepLosses, state: None) -> Tensor:
        draws = torch.empty(step.losses.shape, dtype=step.losses.dtype)
        for member, generator in enumerate(step.generators):
            draws[member].normal_(generator=generator)
        draws = draws.to(step.losses.device, non_blocking=True)
        return draws.masked_fill_(~step.present, -torch.inf).softmax(dim=-1)
