"""Sum of the losses."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses

__all__ = ["SumOfLosses"]


class SumOfLosses(LossWeighting[None]):
    r"""Add the losses: :math:`\sum_t L_t`, with weights 1.

    This is the default. V. Kurin et al. find that no balancing method is better than a
    well-regularised sum on their benchmarks.

    References
    ----------
    V. Kurin, A. De Palma, I. Kostrikov, S. Whiteson, M. P. Kumar, "In Defense of the
    Unitary Scalarization for Deep Multi-Task Learning", NeurIPS 2022.
    """

    def _weigh(self, step: StepLosses, state: None) -> Tensor:
        return torch.ones_like(step.losses)
