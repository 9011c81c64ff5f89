"""Early stopping: selection of the best epoch and of the end of training."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.neural_network.training._rescaled_losses import RescaledLosses

__all__ = ["BestEpoch"]

_ROUNDING = 1e-6  # relative rounding error of a float32 mean; less is no improvement
_NEARLY = 0.05  # relative to the prior loss; below, tasks are nearly deterministic
_FLAT = 1.02  # converged if the last loss is at most this multiple of the lowest one


class BestEpoch:
    """Keep the weights of the epoch with the lowest held-out loss, for all members.

    The criterion is the weighted mean over tasks of loss / prior loss, which does not
    depend on the units of the targets. Losses of classification tasks are those with
    the best scale of the logits. The same epoch is chosen for all members,
    because the loss of one member on its small fold is too noisy.

    Parameters
    ----------
    prior_losses : Tensor of shape (n_trained,)
        Loss of the best constant prediction of each task.
    task_weight : Tensor of shape (n_trained,)
        Weights of the mean.
    patience : int
        Number of epochs without improvement after which training stops.
    n_first, n_further : int, default=0
        Epochs of the first and second stage of training. The second stage takes place
        if the held-out loss at the end of the first one is near its minimum and below
        5 % of the prior loss. It stops after half of its epochs without improvement.
    rescaled : RescaledLosses or None, default=None
        Losses of the epoch after rescaling of the logits; None for the plain losses.
    """

    def __init__(
        self,
        prior_losses: Tensor,
        task_weight: Tensor,
        patience: int,
        n_first: int = 0,
        n_further: int = 0,
        rescaled: RescaledLosses | None = None,
    ) -> None:
        self.prior_losses = prior_losses
        self.task_weight = task_weight
        self.patience = patience
        self.n_first = n_first
        self.n_further = n_further
        self.rescaled = rescaled
        self.best_ = math.inf
        self.epoch_ = 0
        self._state: list[Tensor] = []

    def __call__(self, net: MultiTaskNet, losses: Tensor) -> bool:
        """Record the losses of an epoch; return whether training should stop."""
        # Losses of different units cannot be averaged, ratios to the prior loss can.
        relative = losses / self.prior_losses
        net.history.record("valid_score_by_task", (1.0 - relative).tolist())
        if self.rescaled is not None and self.rescaled.has_classes:
            relative = self.rescaled.replace(losses) / self.prior_losses
        criterion = self._mean(relative)
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
            # the loss first increases, because the learning rate starts high again
            return 2 * min(n_vain, n_further_done) >= self.n_further
        # without held-out labels there is no criterion and no early stop
        return bool(self._state) and n_vain >= self.patience

    def state_dict(self) -> dict[str, Any]:
        """Return the state on which later epochs depend."""
        return {"best": self.best_, "epoch": self.epoch_, "weights": self._state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Load a state returned by `state_dict`."""
        self.best_, self.epoch_ = state["best"], state["epoch"]
        self._state = state["weights"]

    def restore(self, module: torch.nn.Module) -> int:
        """Restore the best weights of the module, and return their epoch."""
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
        # in place, so that only one copy of the weights is allocated
        for best, tensor in zip(self._state, current, strict=True):
            best.copy_(tensor.detach())

    def _mean(self, relative: Tensor) -> float:
        seen = ~torch.isnan(relative)
        weights = self.task_weight[seen]
        if not weights.sum() > 0:
            return math.inf
        return float((relative[seen] * weights).sum() / weights.sum())


def _state(module: torch.nn.Module) -> list[Tensor]:
    """Return parameters and buffers, such as the statistics of batch norm."""
    values = module.state_dict(keep_vars=True).values()
    return [value for value in values if isinstance(value, Tensor)]
