"""The mean of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses

__all__ = ["Mean"]


class Mean(LossWeighting[None]):
    r"""Average the losses: :math:`\frac1T \sum_t L_t` over all T tasks.

    With an optimiser that does not see the scale of a gradient, such as AdamW, it is
    the same as the sum; with SGD it is the sum at a T-th of the learning rate.
    """

    def _weigh(self, step: StepLosses, state: None) -> Tensor:
        return torch.full_like(step.losses, 1.0 / step.losses.shape[-1])
