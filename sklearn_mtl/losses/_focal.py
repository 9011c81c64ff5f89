"""Focal loss, which gives less weight to labels that are predicted well."""

from __future__ import annotations

from numbers import Real

import torch
from torch import Tensor
from torch.nn import functional as F

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.utils._private import Interval

__all__ = ["FocalLoss"]


class FocalLoss(TaskLoss):
    r"""Cross-entropy with less weight on labels that are predicted well.

    .. math:: \ell(z, y) = -(1 - p_y)^\gamma \log p_y, \quad
        \frac{\partial \ell}{\partial z_k} = (p_k - [k = y])\, (1 - p_y)^\gamma
        \Big(1 - \frac{\gamma\, p_y \log p_y}{1 - p_y}\Big)

    where :math:`p` is the softmax of the logits, or the sigmoid of one. Use it if one
    class is much rarer than the others. The :math:`\alpha` of the paper is
    `class_weight`. The focal loss is not a proper scoring rule: its probabilities are
    too close to 1 / K. If you need probabilities, calibrate them.

    Parameters
    ----------
    gamma : float, default=2.0
        Exponent :math:`\gamma \ge 0` of the weight; 0 gives cross-entropy.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He, P. Dollár, "Focal Loss for Dense Object
    Detection", ICCV 2017, eq. 4.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import FocalLoss
    >>> values, _ = FocalLoss(gamma=2.0).cells(torch.zeros(1), torch.ones(1), None)
    >>> values  # a quarter of log 2
    tensor([0.1733])
    """

    kinds = ("binary", "multiclass")
    _parameter_constraints = {"gamma": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, gamma: float = 2.0) -> None:
        self.gamma = gamma

    def cells(self, z: Tensor, y: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
        """Return the losses and their slopes."""
        if axis is not None:
            return self._softmax(z, y, axis)
        sign = 2.0 * y - 1.0
        margin = sign * z
        log_loss = F.softplus(-margin)
        weight, factor = self._weights(log_loss, torch.sigmoid(-margin))
        slopes = torch.sigmoid(-margin).mul_(factor).mul_(sign).neg_()
        return weight * log_loss, slopes

    def _softmax(self, z: Tensor, y: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        labels = y.long().unsqueeze(axis)
        log_p = z.log_softmax(dim=axis)
        log_loss = log_p.gather(axis, labels).neg_()
        # This is 1 - p_y without cancellation if p_y is close to 1.
        weight, factor = self._weights(log_loss, -torch.expm1(-log_loss))
        slopes = log_p.exp_()
        slopes.scatter_add_(axis, labels, slopes.new_full((), -1.0).expand_as(labels))
        return (weight * log_loss).squeeze(axis), slopes.mul_(factor)

    def _weights(self, log_loss: Tensor, missed: Tensor) -> tuple[Tensor, Tensor]:
        """Return the factors of the log-loss and of its derivative."""
        weight = missed.pow(self.gamma)
        # 1 - p_y underflows together with the log-loss; their ratio tends to one.
        ratio = log_loss / missed.clamp(min=torch.finfo(missed.dtype).tiny)
        # The product rule: m^gamma (1 + gamma p l / m), with m = 1 - p and the log-loss
        # l.
        factor = ratio.mul_(1.0 - missed).mul_(self.gamma).add_(1.0).mul_(weight)
        return weight, factor
