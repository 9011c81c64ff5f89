"""Cross-entropy, the default loss of classification tasks."""

from __future__ import annotations

from numbers import Real

import torch
from torch import Tensor
from torch.nn import functional as F

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.utils._private import Interval

__all__ = ["CrossEntropy"]


class CrossEntropy(TaskLoss):
    r"""Log-loss of a classification task, optionally with smoothed labels.

    .. math:: \ell(z, y) = -\sum_k q_k \log p_k, \quad
        q_k = (1 - \epsilon)\, [k = y] + \epsilon / K

    where :math:`p` is the softmax of K logits, or the sigmoid of one. The derivative is
    :math:`p - q`.

    Parameters
    ----------
    label_smoothing : float, default=0.0
        :math:`\epsilon`, the share of a label that is spread over all classes. It
        prevents overconfident predictions, which helps with noisy labels, but it biases
        probabilities towards 1 / K.

    References
    ----------
    C. Szegedy et al., "Rethinking the Inception Architecture for Computer Vision",
    CVPR 2016, section 7.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import CrossEntropy
    >>> values, slopes = CrossEntropy().cells(torch.zeros(1), torch.ones(1), None)
    >>> values, slopes
    (tensor([0.6931]), tensor([-0.5000]))
    """

    kinds = ("binary", "multiclass")
    _parameter_constraints = {"label_smoothing": [Interval(Real, 0, 1, closed="left")]}

    def __init__(self, label_smoothing: float = 0.0) -> None:
        self.label_smoothing = label_smoothing

    def curvature(self, n_outputs: int) -> float:
        """Return the bound 1/4 for a sigmoid or 1/2 for a softmax (Böhning, 1992)."""
        return 0.25 if n_outputs == 1 else 0.5

    def cells(self, z: Tensor, y: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
        """Return the log-losses and p - q."""
        if axis is not None:
            return self._softmax(z, y, axis)
        if self.label_smoothing:
            y = torch.lerp(y, y.new_full((), 0.5), self.label_smoothing)
        # This is log(1 + e^z) - y z, also for smoothed labels.
        values = torch.addcmul(F.softplus(z), z, y, value=-1.0)
        return values, torch.sigmoid(z).sub_(y)

    def _softmax(self, z: Tensor, y: Tensor, axis: int) -> tuple[Tensor, Tensor]:
        labels = y.long().unsqueeze(axis)
        log_p = z.log_softmax(dim=axis)
        share = 1.0 - self.label_smoothing
        values = log_p.gather(axis, labels).squeeze(axis).mul_(-share)
        even = self.label_smoothing / z.shape[axis]
        if even:
            values -= even * log_p.sum(dim=axis)
        slopes = log_p.exp_().sub_(even) if even else log_p.exp_()
        slopes.scatter_add_(axis, labels, slopes.new_full((), -share).expand_as(labels))
        return values, slopes
