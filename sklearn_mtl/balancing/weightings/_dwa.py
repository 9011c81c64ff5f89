"""Dynamic weight average."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real

import torch
from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses
from sklearn_mtl.utils._private import Interval

__all__ = ["DWA"]


@dataclass
class DWAState:
    """Mean losses (n_members, n_tasks) of up to two epochs, the latest one last."""

    epochs: list[Tensor] = field(default_factory=list)


class DWA(LossWeighting[DWAState]):
    r"""Give more weight to tasks whose loss decreases slowly (dynamic weight average).

    In epoch e, with :math:`L_t^{(e)}` the mean loss of task t in an epoch,

    .. math:: w_t = T\, softmax_t\left(\frac{L_t^{(e-1)}}{L_t^{(e-2)}}
        \Big/ \tau \right)

    In the first two epochs the weights are one. Weights usually differ by a factor of
    at most about :math:`e^{1/\tau}`, so the effect is moderate.

    Parameters
    ----------
    temperature : float, default=2.0
        :math:`\tau`; a larger value makes the weights more equal.

    References
    ----------
    S. Liu, E. Johns, A. J. Davison, "End-to-End Multi-Task Learning with Attention",
    CVPR 2019, eq. 7.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import DWA, StepLosses
    >>> method = DWA()
    >>> state = method.init_state(1, 2)
    >>> method.end_epoch(torch.tensor([[1.0, 1.0]]), state)
    >>> method.end_epoch(torch.tensor([[0.5, 1.0]]), state)
    >>> method.weigh(StepLosses.of(torch.ones(1, 2)), state)
    tensor([[0.8756, 1.1244]])
    """

    _parameter_constraints = {
        "temperature": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, temperature: float = 2.0) -> None:
        self.temperature = temperature

    def init_state(self, n_members: int, n_tasks: int) -> DWAState:
        """Return a state without epochs."""
        return DWAState()

    def _weigh(self, step: StepLosses, state: DWAState) -> Tensor:
        if len(state.epochs) < 2:
            return torch.ones_like(step.losses)
        older, newer = state.epochs
        # A loss of zero cannot decrease.
        rate = torch.where(older > 0, newer / older, torch.ones_like(older))
        # Eq. 7: the weights sum to the number of tasks.
        weights = (rate / self.temperature).softmax(dim=-1) * rate.shape[-1]
        return weights.to(step.losses)

    def end_epoch(self, losses: Tensor, state: DWAState) -> None:
        """Store the losses of the last two epochs."""
        state.epochs = [*state.epochs, losses.detach().clone()][-2:]
