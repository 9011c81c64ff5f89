"""Losses as a user writes them."""

import math

from torch.nn import functional as F

from sklearn_mtl.losses import TaskLoss


class LogCosh(TaskLoss):
    """log cosh of the errors, times `sharpness`."""

    kinds = ("regression",)

    def __init__(self, sharpness=1.0):
        self.sharpness = sharpness

    def cells(self, z, y, axis):
        errors = self.sharpness * (z - y)
        size = errors.abs()
        values = size + F.softplus(-2.0 * size) - math.log(2.0)
        return values / self.sharpness, errors.tanh()


class Quantile(TaskLoss):
    """The pinball loss."""

    kinds = ("regression",)

    def __init__(self, q=0.5):
        self.q = q

    def cells(self, z, y, axis):
        errors = y - z
        slopes = (errors < 0).to(z) - self.q
        return -errors * slopes, slopes


class Brier(TaskLoss):
    """The sum of squared errors of the probabilities."""

    kinds = ("binary", "multiclass")

    def cells(self, z, y, axis):
        if axis is None:
            p = z.sigmoid()
            return (p - y).square(), 2.0 * (p - y) * p * (1.0 - p)
        p = z.softmax(axis)
        away = p - F.one_hot(y.long(), z.shape[axis]).to(p).movedim(-1, axis)
        slopes = 2.0 * p * (away - (p * away).sum(axis, keepdim=True))
        return away.square().sum(axis), slopes


class Squares(TaskLoss):
    """The same as `SquaredError`."""

    kinds = ("regression",)

    def cells(self, z, y, axis):
        return (z - y).square(), 2.0 * (z - y)
