"""Mean of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses

__all__ = ["Mean"]


class Mean(LossWeighting[None]):
    r"""Average the losses: :math:`\frac1T \sum_t L_t` over all T tasks.

    With optimisers that do not depend on the scale of a gradient, such as AdamW, it
    equals the sum. With SGD it equals the sum with the learning rate divided by T.
    """

    def _weigh(self, step: StepLosses, state: None) -> Tensor:
        return torch.full_like(step.losses, 1.0 / step.losses.shape[-1])
