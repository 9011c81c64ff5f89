"""Fast adaptive multitask optimisation."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import torch
from torch import Tensor

from sklearn_mtl.balancing._adam import AdamNumbers
from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses
from sklearn_mtl.utils._private import Interval

__all__ = ["FAMO"]

_SMALLEST = 1e-8  # guards logarithm and division where a loss has become zero


@dataclass
class FAMOState:
    """The logits xi (n_members, n_tasks)."""

    logits: AdamNumbers


class FAMO(LossWeighting[FAMOState]):
    r"""Let all losses fall at about the same rate, without task gradients (FAMO).

    Minimises :math:`c \sum_t z_t \log L_t` with :math:`z = softmax(\xi)`, so that

    .. math:: w_t = \frac{z_t / L_t}{\sum_s z_s / L_s}

    and moves :math:`\xi` by Adam after each step towards tasks whose :math:`\log L_t`
    fell least in it. That takes the losses of the batch after the step: a second
    forward pass, about a third more time.

    Parameters
    ----------
    lr : float, default=0.025
        Learning rate of the logits.
    decay : float, default=0.001
        Pull of the logits towards 0, an L2 penalty.

    Notes
    -----
    It does not depend on the scale of a loss, and so not on `task_weight`.

    References
    ----------
    B. Liu, Y. Feng, P. Stone, Q. Liu, "FAMO: Fast Adaptive Multitask Optimization",
    NeurIPS 2023, algorithm 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import FAMO, StepLosses
    >>> method = FAMO()
    >>> state, step = method.init_state(1, 2), StepLosses.of(torch.tensor([[1.0, 1.0]]))
    >>> method.weigh(step, state)
    tensor([[0.5000, 0.5000]])
    >>> method.look_again(step, torch.tensor([[0.5, 0.9]]), state)
    >>> method.weigh(step, state)  # the second task fell less
    tensor([[0.4875, 0.5125]])
    """

    of_mean = True
    role_of_task_weight = "ignored"
    looks_again = True
    _parameter_constraints = {
        "lr": [Interval(Real, 0, None, closed="neither")],
        "decay": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(self, lr: float = 0.025, decay: float = 0.001) -> None:
        self.lr = lr
        self.decay = decay

    def init_state(self, n_members: int, n_tasks: int) -> FAMOState:
        """Return logits of 0."""
        return FAMOState(AdamNumbers.of(torch.zeros(n_members, n_tasks)))

    def _weigh(self, step: StepLosses, state: FAMOState) -> Tensor:
        state.logits.to(step.losses)
        z = self._share(step, state) / step.losses.clamp(min=_SMALLEST)
        # The gradient of sum_t z_t log L_t, scaled so that the weights sum to one.
        return z / z.sum(dim=-1, keepdim=True).clamp(min=_SMALLEST)

    def look_again(self, before: StepLosses, losses: Tensor, state: FAMOState) -> None:
        """Move the logits by how much each log-loss fell (algorithm 1, line 7)."""
        z = self._share(before, state)
        fall = (
            before.losses.clamp(min=_SMALLEST).log() - losses.clamp(min=_SMALLEST).log()
        )
        fall = torch.where(before.present, fall, torch.zeros_like(fall))
        # The Jacobian of the softmax: z (a - <z, a>).
        gradient = z * (fall - (z * fall).sum(dim=-1, keepdim=True))
        gradient = gradient + self.decay * state.logits.values
        state.logits.step(gradient, before.present, self.lr)

    @staticmethod
    def _share(step: StepLosses, state: FAMOState) -> Tensor:
        logits = state.logits.values
        return logits.masked_fill(~step.present, -torch.inf).softmax(dim=-1)
