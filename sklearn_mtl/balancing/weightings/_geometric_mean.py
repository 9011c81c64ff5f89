"""Geometric mean of the losses."""

from __future__ import annotations

from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses

__all__ = ["GeometricMean"]

_SMALLEST = 1e-8  # avoids division by zero


class GeometricMean(LossWeighting[None]):
    r"""Minimise the geometric mean of the losses (GLS).

    .. math:: \prod_t L_t^{p_t}, \quad w_t = p_t \frac{\prod_s L_s^{p_s}}{L_t}

    with :math:`p_t = 1 / T`, or `task_weight` normalised to sum one. The weights do not
    depend on the scale of a loss. The method has no parameters and no state. A task
    whose loss is almost zero dominates.

    References
    ----------
    S. Chennupati, G. Sistu, S. Yogamani, S. A. Rawashdeh, "MultiNet++: Multi-Stream
    Feature Aggregation and Geometric Loss Strategy for Multi-Task Learning", CVPR
    Workshops 2019, eq. 2.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import GeometricMean, StepLosses
    >>> GeometricMean().weigh(StepLosses.of(torch.tensor([[1.0, 4.0]])))
    tensor([[1.0000, 0.2500]])
    """

    of_mean = True
    role_of_task_weight = "preference"

    def _weigh(self, step: StepLosses, state: None) -> Tensor:
        losses = step.losses.clamp(min=_SMALLEST)
        share = step.share
        total = (share * losses.log()).sum(dim=-1, keepdim=True).exp()
        # The derivative of exp(sum_t share_t log L_t).
        return share * total / losses
