"""Loss for angles and other periodic values."""

from __future__ import annotations

import math
from numbers import Real

import torch
from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._private import Interval

__all__ = ["CircularLoss"]


class CircularLoss(TaskLoss):
    r"""Squared distance of two outputs from the point of the label on the unit circle.

    With the label as an angle :math:`\varphi = 2 \pi y / \text{period}`,

    .. math:: \ell(z, y) = (z_1 - \cos\varphi)^2 + (z_2 - \sin\varphi)^2

    For outputs of norm one this equals :math:`2 (1 - \cos(\hat\varphi - \varphi))`. The
    prediction is the angle of the output vector, scaled to [0, period). An ensemble
    averages the vectors of its members. The best constant prediction is the circular
    mean.

    Use it if the largest and smallest values are neighbours: angles, hours of the day,
    days of the year. The squared error would move predictions close to the boundary
    towards the middle of the range. Use period 120 for the angle in degrees of an
    object with threefold symmetry.

    Parameters
    ----------
    period : float, default=2 * pi
        Period of the values.

    References
    ----------
    K. V. Mardia, P. E. Jupp, "Directional Statistics", Wiley 2000, section 2.2 for the
    circular mean; L. Beyer, A. Hermans, B. Leibe, "Biternion Nets: Continuous Head Pose
    Regression from Discrete Training Labels", GCPR 2015, for the two outputs.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.losses import CircularLoss
    >>> z = torch.tensor([[0.0, 1.0]])  # the direction of a quarter turn
    >>> values, _ = CircularLoss().cells(z, torch.tensor([torch.pi / 2]), -1)
    >>> round(values.item(), 6)
    0.0
    """

    kinds = ("regression",)
    _parameter_constraints = {"period": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, period: float = 2.0 * math.pi) -> None:
        self.period = period

    def n_outputs(self, task: Task) -> int:
        """Return 2, the number of coordinates of a point."""
        return 2

    def cells(self, z: Tensor, y: Tensor, axis: int | None) -> tuple[Tensor, Tensor]:
        """Return the squared distances and twice the differences; y is in radians."""
        axis = -1 if axis is None else axis
        away = z - torch.stack([y.cos(), y.sin()], dim=axis)
        return away.square().sum(dim=axis), away.mul_(2.0)
