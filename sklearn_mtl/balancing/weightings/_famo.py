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

_SMALLEST = 1e-8  # avoids the logarithm of zero and division by zero


@dataclass
class FAMOState:
    """Logits xi, (n_members, n_tasks)."""

    logits: AdamNumbers


class FAMO(LossWeighting[FAMOState]):
    r"""Let all losses decrease at a similar rate, without task gradients (FAMO).

    It minimises :math:`c \sum_t z_t \log L_t` with :math:`z = softmax(\xi)`. The
    weights are

    .. math:: w_t = \frac{z_t / L_t}{\sum_s z_s / L_s}

    After each step Adam moves :math:`\xi` towards the tasks whose :math:`\log L_t`
    decreased least. This needs the losses of the batch after the step: a second forward
    pass, which takes about a third more time.

    Parameters
    ----------
    lr : float, default=0.025
        Learning rate of the logits.
    decay : float, default=0.001
        L2 penalty on the logits.

    Notes
    -----
    The weights do not depend on the scale of a loss, and therefore not on
    `task_weight`.

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
    >>> method.use_post_step_loss(step, torch.tensor([[0.5, 0.9]]), state)
    >>> method.weigh(step, state)  # the loss of the second task decreased less
    tensor([[0.4875, 0.5125]])
    """

    of_mean = True
    role_of_task_weight = "ignored"
    needs_post_step_loss = True
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
        # The gradient of sum_t z_t log L_t, scaled to a sum of one.
        return z / z.sum(dim=-1, keepdim=True).clamp(min=_SMALLEST)

    def use_post_step_loss(
        self, before: StepLosses, losses: Tensor, state: FAMOState
    ) -> None:
        """Update the logits by the decrease of each log-loss (algorithm 1, line 7)."""
        z = self._share(before, state)
        fall = (
            before.losses.clamp(min=_SMALLEST).log() - losses.clamp(min=_SMALLEST).log()
        )
        fall = torch.where(before.present, fall, torch.zeros_like(fall))
        # The Jacobian of the softmax applied to a: z (a - <z, a>).
        gradient = z * (fall - (z * fall).sum(dim=-1, keepdim=True))
        gradient = gradient + self.decay * state.logits.values
        state.logits.step(gradient, before.present, self.lr)

    @staticmethod
    def _share(step: StepLosses, state: FAMOState) -> Tensor:
        logits = state.logits.values
        return logits.masked_fill(~step.present, -torch.inf).softmax(dim=-1)
