"""Fixed weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.balancing._base import LossWeighting
from sklearn_mtl.balancing._steps import StepLosses

__all__ = ["Fixed"]


class Fixed(LossWeighting[None]):
    r"""Add the losses with fixed weights: :math:`\sum_t c_t L_t`.

    Unlike `task_weight`, these weights change only the optimisation path. `task_weight`
    changes the objective, which is also used to select the best epoch.

    Parameters
    ----------
    weight : dict by task name, array-like of shape (n_tasks,) or None, default=None
        The weights c; 1 for tasks that a dict does not contain, and for all if None.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import Fixed, StepLosses
    >>> Fixed([1.0, 0.5]).weigh(StepLosses.of(torch.ones(1, 2)))
    tensor([[1.0000, 0.5000]])
    """

    def __init__(self, weight: Any = None) -> None:
        self.weight = weight

    def _weigh(self, step: StepLosses, state: None) -> Tensor:
        if self.weight is None:
            return torch.ones_like(step.losses)
        weight = torch.as_tensor(self.weight).to(step.losses, non_blocking=True)
        return weight.expand_as(step.losses)
