"""Huber loss, which limits the influence of outliers."""

from __future__ import annotations

from numbers import Real

from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.utils._private import Interval

__all__ = ["HuberLoss"]


class HuberLoss(TaskLoss):
    r"""Squared error for small errors, absolute error for large ones.

    .. math:: \ell(z, y) = \begin{cases}
        e^2 & |e| \le \delta \\ 2 \delta |e| - \delta^2 & |e| > \delta \end{cases},
        \quad e = z - y

    Use it for regression targets with outliers. Targets are standardised, so
    :math:`\delta` is in units of their standard deviation.

    Parameters
    ----------
    delta : float, default=1.0
        Error from which the loss is linear.

    References
    ----------
    P. J. Huber, "Robust Estimation of a Location Parameter", Annals of Mathematical
    Statistics 35, 1964.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import HuberLoss
    >>> HuberLoss().cells(torch.tensor([3.0]), torch.tensor([1.0]), None)
    (tensor([3.]), tensor([2.]))
    """

    kinds = ("regression",)
    _parameter_constraints = {"delta": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, delta: float = 1.0) -> None:
        self.delta = delta

    def cells(self, z: Tensor, y: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
        """Return the losses and twice the clipped errors."""
        error = z - y
        clipped = error.clamp(-self.delta, self.delta)
        # With the clipped error c: c^2 inside, and c (2 e - c) = 2 delta |e| - delta^2
        # outside.
        values = (2.0 * error).sub_(clipped).mul_(clipped)
        return values, clipped.mul_(2.0)
