"""Normalisation of activations, with parameters for each member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["NORMALIZATIONS", "MapBatchNorm", "MemberBatchNorm", "MemberLayerNorm"]

_EPS = 1e-5  # a unit that does not vary stays finite, as in nn.BatchNorm1d
_MOMENTUM = 0.1


class MemberNorm(nn.Module):
    """Scale and shift normalised units, by member.

    Parameters
    ----------
    n_members, n_units : int
        Number of members, and size of the last axis.
    """

    # decayed scales would only make the next layer's weights larger
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
    """Standardise each unit over the rows of a batch; over those seen, to predict.

    Parameters
    ----------
    n_members, n_units : int
        Number of members, and size of the last axis.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, n_members: int, n_units: int) -> None:
        super().__init__(n_members, n_units)
        self.register_buffer("running_mean", torch.zeros(n_members, 1, n_units))
        self.register_buffer("running_var", torch.ones(n_members, 1, n_units))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (n_members, n_rows, n_units)."""
        x = x.to(self.weight.dtype)  # moments need more digits than bfloat16 has
        mean, var = self.running_mean, self.running_var
        if self.training:
            # not the unbiased variance, which a batch of one row does not have
            var, mean = torch.var_mean(x, dim=1, correction=0, keepdim=True)
            self.running_mean.lerp_(mean.detach(), _MOMENTUM)
            self.running_var.lerp_(var.detach(), _MOMENTUM)
        return torch.addcmul(self.bias, (x - mean) * (var + _EPS).rsqrt(), self.weight)


class MapBatchNorm(MemberBatchNorm):
    """Standardise each channel of pictures over the rows and pixels of a batch."""

    def forward(self, x: Tensor, member: int = 0) -> Tensor:
        """Normalise the pictures (n_rows, n_units, height, width) of a member."""
        state = self.running_mean, self.running_var, self.weight, self.bias
        mean, var, weight, bias = (part[member, 0] for part in state)
        # not F.batch_norm, which refuses a batch of one value a channel
        return torch.batch_norm(
            x, weight, bias, mean, var, self.training, _MOMENTUM, _EPS, False
        )


NORMALIZATIONS = {"batch": MemberBatchNorm, "layer": MemberLayerNorm}
