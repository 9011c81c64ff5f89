"""Normalisation of activations, with parameters for each member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = [
    "NORMALIZATIONS",
    "MapBatchNorm",
    "MemberBatchNorm",
    "MemberLayerNorm",
    "needs_two_rows",
    "use_sample_weights",
]

_EPS = 1e-5  # avoids a division by zero for constant units, like in nn.BatchNorm1d
_MOMENTUM = 0.1


class MemberNorm(nn.Module):
    """Base class of normalisations with scale and bias for each member.

    Parameters
    ----------
    n_members, n_units : int
        Number of members, and size of the last axis.
    """

    # no decay, because larger weights of the next layer would compensate for it
    optimizer_groups: Sequence[tuple[str, dict[str, Any]]] = [
        ("weight", {"weight_decay": 0.0})
    ]

    def __init__(self, n_members: int, n_units: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_members, 1, n_units))
        self.bias = nn.Parameter(torch.zeros(n_members, 1, n_units))


class MemberLayerNorm(MemberNorm):
    """Standardise the units of each row."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (n_members, n_rows, n_units)."""
        return torch.addcmul(self.bias, F.layer_norm(x, x.shape[-1:]), self.weight)


class MemberBatchNorm(MemberNorm):
    """Standardise each unit over the rows of a batch.

    Predictions use running means of the statistics. The result for a single row is
    zero.

    Attributes
    ----------
    n_values : int
        Number of values of each unit in a row.
    sample_weights : Tensor of shape (n_members, n_rows) or None
        Weights of the rows of the batch in training; None if they are equal.
    """

    running_mean: Tensor
    running_var: Tensor
    sample_weights: Tensor | None = None
    n_values: int = 1  # in files of earlier versions

    def __init__(self, n_members: int, n_units: int, n_values: int = 1) -> None:
        super().__init__(n_members, n_units)
        self.n_values = n_values
        self.register_buffer("running_mean", torch.zeros(n_members, 1, n_units))
        self.register_buffer("running_var", torch.ones(n_members, 1, n_units))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (n_members, n_rows, n_units)."""
        x = x.to(self.weight.dtype)  # bfloat16 is not precise enough for moments
        mean, var = self.running_mean, self.running_var
        if self.training:
            # not the unbiased variance, which is undefined for a single row
            if self.sample_weights is None:
                var, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
            else:
                share = self._shares(self.sample_weights).unsqueeze(-1).to(x.dtype)
                mean = (share * x).sum(dim=1, keepdim=True)
                var = (share * (x - mean).square()).sum(dim=1, keepdim=True)
            self.running_mean.lerp_(mean.detach(), _MOMENTUM)
            self.running_var.lerp_(var.detach(), _MOMENTUM)
        return torch.addcmul(self.bias, (x - mean) * (var + _EPS).rsqrt(), self.weight)

    def _shares(self, weights: Tensor) -> Tensor:
        """Return weights with sum 1 over the rows; equal ones if too few are positive.

        A single row has a variance only if it contains several values of each unit.
        """
        least = 2 if self.n_values == 1 else 1
        has_enough = (weights > 0).sum(dim=-1, keepdim=True) >= least
        weights = torch.where(has_enough, weights, 1.0)
        return weights / weights.sum(dim=-1, keepdim=True)


class MapBatchNorm(MemberBatchNorm):
    """Standardise each channel of images over the rows and pixels of a batch."""

    def forward(self, x: Tensor, member: int = 0) -> Tensor:
        """Normalise the images (n_rows, n_units, height, width) of a member."""
        state = self.running_mean, self.running_var, self.weight, self.bias
        mean, var, weight, bias = (part[member, 0] for part in state)
        if self.training and self.sample_weights is not None:
            new_mean, new_var = self._moments(x, member)
            x = (x - new_mean) * (new_var + _EPS).rsqrt()
            return torch.addcmul(bias[:, None, None], x, weight[:, None, None])
        # not F.batch_norm, which refuses a batch with one value per channel
        return torch.batch_norm(
            x, weight, bias, mean, var, self.training, _MOMENTUM, _EPS, False
        )

    def _moments(self, x: Tensor, member: int) -> tuple[Tensor, Tensor]:
        """Return weighted moments (n_units, 1, 1); update the running means."""
        assert self.sample_weights is not None  # for the type checker
        weights = self.sample_weights[member]
        n_pixels = x.shape[2] * x.shape[3]
        share = self._shares(weights)[:, None, None, None].to(x.dtype) / n_pixels
        mean = (share * x).sum(dim=(0, 2, 3), keepdim=True)[0]
        var = (share * (x - mean).square()).sum(dim=(0, 2, 3), keepdim=True)[0]
        # the running variance is unbiased, like in torch
        n_values = weights.sum() * n_pixels
        unbiased = var.detach() * torch.where(
            n_values > 1, n_values / (n_values - 1), 1.0
        )
        self.running_mean[member, 0].lerp_(mean.detach().flatten(), _MOMENTUM)
        self.running_var[member, 0].lerp_(unbiased.flatten(), _MOMENTUM)
        return mean, var


def needs_two_rows(module: nn.Module) -> bool:
    """Return whether a part of a module is zero for a batch of one row."""
    parts = (part for part in module.modules() if isinstance(part, MemberBatchNorm))
    return any(part.n_values == 1 for part in parts)


def use_sample_weights(module: nn.Module, weights: Tensor | None) -> bool:
    """Set the weights of a batch's rows in all modules that average over them.

    Shapes: weights (n_members, n_rows).
    """
    parts = [part for part in module.modules() if isinstance(part, MemberBatchNorm)]
    for part in parts:
        part.sample_weights = weights
    return bool(parts)


NORMALIZATIONS = {"batch": MemberBatchNorm, "layer": MemberLayerNorm}
