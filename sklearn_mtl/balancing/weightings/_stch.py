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

    Use it where the worst task matters. It compares losses as they are, so put tasks on
    one scale first: regressions are standardised anyway.

    Parameters
    ----------
    mu : float, default=0.1
        Smoothness; towards 0 only the task with the largest loss is trained, a large
        one makes the weights equal.

    Notes
    -----
    :math:`\lambda` is `task_weight` brought to a mean of one; the ideal point of the
    paper is 0, where these losses have their minimum.

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
        # Equal preferences are ones, whatever the number of tasks.
        preference = step.share * step.present.sum(dim=-1, keepdim=True)
        scores = (preference * step.losses / self.mu).masked_fill(
            ~step.present, -torch.inf
        )
        # The gradient of mu log sum_t exp(preference_t L_t / mu).
        return preference * scores.softmax(dim=-1)
