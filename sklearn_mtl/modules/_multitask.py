"""Trunk and heads as one module."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_mtl.modules._linear import MemberLinear

__all__ = ["InputLayer", "MultiTaskModule"]


class InputLayer(nn.Module):
    """Impute, standardise and clip with statistics that differ by member.

    Each member holds out other rows, and its statistics must not know them.

    Parameters
    ----------
    fill, shift, scale : Tensor of shape (n_members, 1, n_features)
        A missing x becomes fill; then x becomes (x - shift) * scale.
    limit : float
        The result is clipped to [-limit, limit].
    """

    def __init__(
        self, fill: Tensor, shift: Tensor, scale: Tensor, limit: float
    ) -> None:
        super().__init__()
        self.register_buffer("fill", fill)
        self.register_buffer("shift", shift)
        self.register_buffer("scale", scale)
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Prepare (n_members, n_rows, n_features)."""
        x = torch.where(torch.isnan(x), self.fill, x)
        return ((x - self.shift) * self.scale).clamp_(-self.limit, self.limit)


class MultiTaskModule(nn.Module):
    """A shared trunk and one linear layer for the heads of all tasks.

    Parameters
    ----------
    inputs : nn.Module
        Prepares the rows of each member; nn.Identity where the same holds for all.
    trunk : nn.Module
        Maps (n_members, n_rows, n_features) to (n_members, n_rows, n_hidden).
    heads : MemberLinear
        Maps the shared representation to the fused logits.
    """

    def __init__(
        self, inputs: nn.Module, trunk: nn.Module, heads: MemberLinear
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.trunk = trunk
        self.heads = heads

    def represent(self, x: Tensor) -> Tensor:
        """Return the shared representation (n_members, n_rows, n_hidden)."""
        return self.trunk(self.inputs(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return the fused logits (n_members, n_rows, n_outputs)."""
        return self.heads(self.represent(x))
