"""Squared error, the default loss of regression tasks."""

from __future__ import annotations

from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss

__all__ = ["SquaredError"]


class SquaredError(TaskLoss):
    r"""Squared difference between a prediction and the standardised target.

    .. math:: \ell(z, y) = (z - y)^2

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import SquaredError
    >>> SquaredError().cells(torch.tensor([3.0]), torch.tensor([1.0]), None)
    (tensor([4.]), tensor([4.]))
    """

    kinds = ("regression",)

    def cells(self, z: Tensor, y: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
        """Return the squared errors and twice the errors."""
        error = z - y
        return error.square(), error.mul_(2.0)
