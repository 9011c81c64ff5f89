"""Weights from learned uncertainties."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import torch
from torch import Tensor

from sklearn_mtl.balancing._adam import AdamNumbers
from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses
from sklearn_mtl.utils._private import Interval

__all__ = ["Uncertainty"]


@dataclass
class UncertaintyState:
    """Log-variances s, (n_members, n_tasks)."""

    log_variance: AdamNumbers


class Uncertainty(LossWeighting[UncertaintyState]):
    r"""Learn the uncertainty of each task; uncertain tasks get less weight (UW).

    It minimises over the network and the log-variances s

    .. math:: \sum_t v_t \left( \tfrac12 e^{-s_t} L_t + \tfrac12 s_t \right)

    At the minimum the weights are :math:`1 / (2 L_t)`. Use it for losses of different
    size, such as regression tasks with different amounts of noise. A task whose loss is
    almost zero gets a very large weight.

    Parameters
    ----------
    lr : float or None, default=None
        Learning rate of the log-variances, which are trained by Adam; that of the
        network if None.

    Notes
    -----
    The form is that of a Gaussian likelihood (eq. 7). For classification the paper
    omits the first factor 1/2 (eq. 10), which only shifts s. `task_weight` is v.

    References
    ----------
    A. Kendall, Y. Gal, R. Cipolla, "Multi-Task Learning Using Uncertainty to Weigh
    Losses for Scene Geometry and Semantics", CVPR 2018, eq. 7 and 10.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import StepLosses, Uncertainty
    >>> method = Uncertainty(lr=0.01)
    >>> state, step = method.init_state(1, 2), StepLosses.of(torch.tensor([[0.1, 2.0]]))
    >>> for _ in range(1000):
    ...     weights = method.weigh(step, state)
    >>> print([f"{weight:.2f}" for weight in weights[0].tolist()])
    ['5.00', '0.25']
    """

    role_of_task_weight = "preference"
    _parameter_constraints = {
        "lr": [Interval(Real, 0, None, closed="neither"), None],
    }

    def __init__(self, lr: float | None = None) -> None:
        self.lr = lr

    def init_state(self, n_members: int, n_tasks: int) -> UncertaintyState:
        """Return log-variances of 0."""
        return UncertaintyState(AdamNumbers.of(torch.zeros(n_members, n_tasks)))

    def _weigh(self, step: StepLosses, state: UncertaintyState) -> Tensor:
        s = state.log_variance.to(step.losses)
        weights = 0.5 * torch.exp(-s)
        lr = step.lr if self.lr is None else self.lr
        # v_t multiplies the gradient of s_t, but the scale has no effect with Adam.
        # The derivative of (e^-s L + s) / 2.
        gradient = 0.5 - weights * step.losses
        state.log_variance.step(gradient, step.present, lr)
        return weights * step.preference
