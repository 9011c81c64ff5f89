"""Smooth Tchebycheff scalarisation."""

from __future__ import annotations

from numbers import Real

import torch
from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses
from sklearn_mtl.utils._private import Interval

__all__ = ["STCH"]


class STCH(LossWeighting[None]):
    r"""Minimise a smooth maximum of the losses (smooth Tchebycheff).

    .. math:: \mu \log \sum_t \exp(\lambda_t L_t / \mu), \quad
        w_t = \lambda_t\, softmax_t(\lambda_t L_t / \mu)

    Use it if the worst task matters most. The losses are compared directly, so bring
    them to a similar scale first. Regression targets are standardised anyway.

    Parameters
    ----------
    mu : float, default=0.1
        Smoothness. For small values only the task with the largest loss is trained; for
        large values all weights are equal.

    Notes
    -----
    :math:`\lambda` is `task_weight`, normalised to mean one. The ideal point of the
    paper is 0, which is the minimum of these losses.

    References
    ----------
    X. Lin et al., "Smooth Tchebycheff Scalarization for Multi-Objective Optimization",
    ICML 2024, eq. 9.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import STCH, StepLosses
    >>> STCH(mu=0.5).weigh(StepLosses.of(torch.tensor([[1.0, 0.5]])))
    tensor([[0.7311, 0.2689]])
    """

    of_mean = True
    role_of_task_weight = "preference"
    _parameter_constraints = {"mu": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, mu: float = 0.1) -> None:
        self.mu = mu

    def _weigh(self, step: StepLosses, state: None) -> Tensor:
        # Equal preferences become ones for any number of tasks.
        preference = step.share * step.present.sum(dim=-1, keepdim=True)
        scores = (preference * step.losses / self.mu).masked_fill(
            ~step.present, -torch.inf
        )
        # The gradient of mu log sum_t exp(preference_t L_t / mu).
        return preference * scores.softmax(dim=-1)
