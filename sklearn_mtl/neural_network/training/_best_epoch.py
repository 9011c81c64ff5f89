"""Early stopping: which epoch is kept, and when training ends."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.neural_network.training._net import MultiTaskNet

__all__ = ["BestEpoch"]

_ROUNDING = 1e-6  # of a mean of losses in float32; less is not better
_NEARLY = 0.05  # of the prior loss: tasks with a lower loss are nearly deterministic
_FLAT = 1.02  # times the lowest loss, up to which the last one has not risen


class BestEpoch:
    """Keep the weights of the epoch with the lowest held-out loss, for all members.

    The criterion is the weighted mean over tasks of loss / prior loss, so that a task
    counts by how much of it is learnt and not by its unit. One epoch is chosen for all
    members: with each its own, the choice would follow the noise of a small fold.

    Parameters
    ----------
    prior_losses : Tensor of shape (n_trained,)
        Loss of the best constant prediction of each task.
    task_weight : Tensor of shape (n_trained,)
        Weights of the mean.
    patience : int
        Epochs without a better one after which training stops.
    n_first, n_further : int, default=0
        Epochs of the first and of the second stage of training. The second stage
        follows if the held-out loss of the first ends near its minimum and below 5 % of
        the prior loss, and stops when half of it has brought nothing better.
    """

    def __init__(
        self,
        prior_losses: Tensor,
        task_weight: Tensor,
        patience: int,
        n_first: int = 0,
        n_further: int = 0,
    ) -> None:
        self.prior_losses = prior_losses
        self.task_weight = task_weight
        self.patience = patience
        self.n_first = n_first
        self.n_further = n_further
        self.best_ = math.inf
        self.epoch_ = 0
        self._state: list[Tensor] = []

    def __call__(self, net: MultiTaskNet, losses: Tensor) -> bool:
        """Look at an epoch; return whether patience is at an end."""
        # Losses have units: relative to the loss of the prior they can be averaged.
        relative = losses / self.prior_losses
        criterion = self._mean(relative)
        net.history.record("valid_score_by_task", (1.0 - relative).tolist())
        net.history.record("valid_criterion", criterion)
        epoch = len(net.history)
        rounding = _ROUNDING * abs(self.best_) if math.isfinite(self.best_) else 0.0
        if self.best_ - criterion > rounding:
            self.best_, self.epoch_ = criterion, epoch
            self._keep(net.module_)
        n_further_done = net.n_done_ - self.n_first
        n_vain = epoch - self.epoch_
        if self.n_further and n_further_done == 0:
            return not criterion < min(_NEARLY, _FLAT * self.best_)
        if self.n_further and n_further_done > 0:
            # the rate has risen again, and so has the loss
            return 2 * min(n_vain, n_further_done) >= self.n_further
        # without a held-out label there is nothing to wait for
        return bool(self._state) and n_vain >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """Return what later epochs depend on."""
        return {"best": self.best_, "epoch": self.epoch_, "weights": self._state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        self.best_, self.epoch_ = state["best"], state["epoch"]
        self._state = state["weights"]

    def restore(self, module: torch.nn.Module) -> int:
        """Put the best weights back into the module, and return their epoch."""
        if self._state:
            with torch.no_grad():
                for tensor, best in zip(_state(module), self._state, strict=True):
                    tensor.copy_(best)
        return self.epoch_

    def _keep(self, module: torch.nn.Module) -> None:
        current = _state(module)
        if not self._state:
            self._state = [tensor.detach().clone() for tensor in current]
            return
        # In place: one copy of the weights serves the whole fit.
        for best, tensor in zip(self._state, current, strict=True):
            best.copy_(tensor.detach())

    def _mean(self, relative: Tensor) -> float:
        seen = ~torch.isnan(relative)
        weights = self.task_weight[seen]
        if not weights.sum() > 0:
            return math.inf
        return float((relative[seen] * weights).sum() / weights.sum())


def _state(module: torch.nn.Module) -> list[Tensor]:
    """Return parameters and buffers; batch norm's statistics are among the latter."""
    values = module.state_dict(keep_vars=True).values()
    return [value for value in values if isinstance(value, Tensor)]
