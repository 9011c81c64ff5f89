"""Impartial loss balancing."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import torch
from torch import Tensor

from sklearn_mtl.balancing._adam import AdamNumbers
from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses
from sklearn_mtl.utils._private import Interval

__all__ = ["IMTLL"]


@dataclass
class IMTLLState:
    """Logarithms s of the scales, (n_members, n_tasks)."""

    log_scale: AdamNumbers


class IMTLL(LossWeighting[IMTLLState]):
    r"""Learn scales that bring all losses to the same size (IMTL-L).

    It minimises over the network and the log-scales s

    .. math:: \sum_t v_t (e^{s_t} L_t - s_t)

    At the minimum :math:`e^{s_t} L_t` is one. The objective is twice that of
    `Uncertainty` with -s in place of s. Initially it is the sum of the losses.

    Parameters
    ----------
    lr : float or None, default=None
        Learning rate of the log-scales, which are trained by Adam; that of the network
        if None.

    Notes
    -----
    `task_weight` is v.

    References
    ----------
    L. Liu et al., "Towards Impartial Multi-Task Learning", ICLR 2021, section 3.2.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import IMTLL, StepLosses
    >>> method = IMTLL(lr=0.01)
    >>> state, step = method.init_state(1, 2), StepLosses.of(torch.tensor([[0.1, 2.0]]))
    >>> for _ in range(1000):
    ...     weights = method.weigh(step, state)
    >>> print([f"{weight:.1f}" for weight in weights[0].tolist()])
    ['10.0', '0.5']
    """

    role_of_task_weight = "preference"
    _parameter_constraints = {
        "lr": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(self, lr: float | None = None) -> None:
        self.lr = lr

    def init_state(self, n_members: int, n_tasks: int) -> IMTLLState:
        """Return log-scales of 0."""
        return IMTLLState(AdamNumbers.of(torch.zeros(n_members, n_tasks)))

    def _weigh(self, step: StepLosses, state: IMTLLState) -> Tensor:
        s = state.log_scale.to(step.losses)
        weights = torch.exp(s)
        lr = step.lr if self.lr is None else self.lr
        # The derivative of e^s L - s.
        state.log_scale.step(weights * step.losses - 1.0, step.present, lr)
        return weights * step.preference
