"""Held-out losses of classification tasks after a rescaling of the logits."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.losses import FusedLoss, OutputLayout
from sklearn_mtl.neural_network.data._ranks import Ranks

__all__ = ["RescaledLosses"]

# Steps of 1.2 are fine enough: a factor within a step changes the loss by less than 1 %
# of its difference to the loss of the prior.
_SCALES = (0.0, *(1.2**step for step in range(-8, 3)))


class RescaledLosses:
    r"""Held-out loss of each task with the best scale of its logits.

    For a classification task with logits z and log-frequencies b of its classes, this
    is the smallest loss of :math:`b + a (z - b)` over some scales a between 0 and 1.44.
    It is used to select the epoch. Nets become too confident, in particular for rare
    classes, while they still learn to separate the classes. The plain log-loss then
    increases although the errors decrease.

    Losses of regressions are not changed.

    Parameters
    ----------
    layout : OutputLayout
        Logits and loss of each task.
    bias : ndarray of shape (n_sets, n_outputs)
        Logits of the best constant predictions of each member, or of all.
    device : torch.device
        Device of the logits.

    References
    ----------
    E. Berta, D. Holzmüller, M. I. Jordan, F. Bach, "Rethinking Early Stopping: Refine,
    Then Calibrate", arXiv:2501.19195, 2025.
    """

    def __init__(
        self, layout: OutputLayout, bias: np.ndarray, device: torch.device
    ) -> None:
        is_class = np.zeros(layout.n_trained, dtype=bool)
        is_class[: layout.n_binary] = True
        for group in layout.groups:
            is_class[group.tasks] = group.kind == "multiclass"
        self.has_classes = bool(is_class.any())
        self.is_class = torch.as_tensor(is_class, device=device)
        self.bias = torch.as_tensor(bias, device=device)[:, None]
        self._restart()

    def _restart(self) -> None:
        self._totals: Tensor | float = 0.0  # (n_scales, n_trained)
        self._mass: Tensor | float = 0.0  # (n_trained,)

    def add(
        self, criterion: FusedLoss, logits: Tensor, targets: Tensor, weights: Tensor
    ) -> None:
        """Add held-out samples of an epoch.

        Shapes: logits (n_members, n_rows, n_outputs), targets and weights (n_members,
        n_rows, n_trained).
        """
        bias = self.bias.to(logits.dtype)
        values = [
            criterion(torch.lerp(bias, logits, scale), targets, weights)[0].sum(dim=0)
            for scale in _SCALES
        ]
        # the criterion divides by the number of samples
        self._totals = self._totals + torch.stack(values).double() * logits.shape[1]
        self._mass = self._mass + weights.sum(dim=(0, 1)).double()

    def align(self, ranks: Ranks) -> None:
        """Use the sums of the first process, so that all select the same epoch."""
        if self.has_classes:
            self._totals = ranks.of_main(self._totals)
            self._mass = ranks.of_main(self._mass)

    def replace(self, losses: Tensor) -> Tensor:
        """Return the losses of an epoch, rescaled for the classification tasks.

        Shapes: losses (n_trained,) -> (n_trained,).
        """
        best = torch.as_tensor(self._totals).amin(dim=0) / self._mass
        self._restart()
        return torch.where(self.is_class, best, losses.double())
