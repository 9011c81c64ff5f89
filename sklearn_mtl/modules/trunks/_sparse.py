"""Linear first layer for sparse inputs."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from sklearn_mtl.modules.trunks._mlp import MLP
from sklearn_mtl.modules.trunks._spec import TrunkSpec

__all__ = ["PackedScale", "SparseLinear", "SparseTrunk"]

# Packed rows have the shape (n_members, n_rows, 2, n_stored). [:, :, 0] are the column
# indices and [:, :, 1] the values, padded with 0. Column indices are exact in float32
# up to 2**24.

# Adam divides gradients by their size. The steps for rare words would therefore be as
# long as those for frequent words, and the net would overfit rare words. The gradients
# of rare words are below eps, so their steps remain short. The higher rate compensates
# for the effect of eps on frequent words. The initial weights are far below trained
# weights, so that unseen words have little effect.
_RATE = 20.0
_USUAL = {"eps": 1e-3, "start": 0.03}
_BEFORE_ORTHOGONAL = {"eps": 1e-2, "start": 0.002}  # their weights are larger


class PackedScale(nn.Module):
    """Multiply the values of packed rows by a scale for each member and column.

    Parameters
    ----------
    scale : Tensor of shape (n_members or 1, n_columns)
        Scale of each column.
    """

    scale: Tensor

    def __init__(self, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("scale", scale)

    @property
    def n_columns(self) -> int:
        """Number of columns of X."""
        return self.scale.shape[1]

    def forward(self, x: Tensor) -> Tensor:
        """Scale (n_members, n_rows, 2, n_stored)."""
        if len(self.scale) == 1:
            scale = self.scale[0][x[:, :, 0].long()]
        else:
            at = x[:, :, 0].long().flatten(1)
            scale = self.scale.gather(1, at).view_as(x[:, :, 1])
        return torch.stack([x[:, :, 0], x[:, :, 1] * scale], dim=2)


class SparseLinear(nn.Module):
    """A linear map of packed rows for each member, without a bias.

    Parameters
    ----------
    n_members : int
        Number of members.
    n_columns, n_out : int
        Number of columns of X and of outputs.
    eps : float
        Parameter eps of Adam for the weights.
    start : float
        Bound of the initial weights.
    """

    def __init__(
        self,
        n_members: int,
        n_columns: int,
        n_out: int,
        *,
        eps: float,
        start: float,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_members, n_columns, n_out))
        self.optimizer_groups = (("weight", {"eps": eps, "lr_factor": _RATE}),)
        self.start = start

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n_rows, 2, n_stored) to (n_members, n_rows, n_out)."""
        n_members, n_columns, n_out = self.weight.shape
        columns, values = x[:, :, 0].long(), x[:, :, 1]
        is_stored = values != 0
        # the weights of all members are one table, so that one call is enough
        first = torch.arange(n_members, device=x.device)[:, None, None] * n_columns
        if not x.is_cpu:
            # a mask as an index would make the host wait for the GPU
            at, table = (columns + first).flatten(0, 1), self.weight.view(-1, n_out)
            values = values.flatten(0, 1).to(table.dtype)
            sums = F.embedding_bag(at, table, mode="sum", per_sample_weights=values)
            return sums.view(n_members, -1, n_out)
        counts = is_stored.sum(dim=2).view(-1)
        out = F.embedding_bag(
            (columns + first)[is_stored],
            self.weight.view(-1, n_out),
            counts.cumsum(0) - counts,
            mode="sum",
            per_sample_weights=values[is_stored].to(self.weight.dtype),
        )
        return out.view(n_members, -1, n_out)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw small uniform numbers for each member."""
        for weight, generator in zip(self.weight, generators, strict=True):
            weight.uniform_(-self.start, self.start, generator=generator)


class SparseTrunk(TrunkSpec):
    """A linear map of packed rows to a few dimensions, followed by an MLP.

    Parameters
    ----------
    trunk : MLP
        The MLP.
    n_hidden : int
        Number of inputs of the MLP, which is the rank of the linear map.
    has_orthogonal_heads : bool, default=False
        Whether heads with orthogonal weights follow the linear map directly.
    """

    def __init__(
        self, trunk: MLP, n_hidden: int, has_orthogonal_heads: bool = False
    ) -> None:
        self.trunk = trunk
        self.n_hidden = n_hidden
        self.has_orthogonal_heads = has_orthogonal_heads

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> nn.Sequential:
        """Build the layers."""
        options = _BEFORE_ORTHOGONAL if self.has_orthogonal_heads else _USUAL
        first = SparseLinear(n_members, n_features, self.n_hidden, **options)
        # not set_params, because subclasses may have other parameters
        rest = copy.copy(self.trunk)
        rest.scale_inputs = False  # the inputs are learned
        return nn.Sequential(first, *rest.build(self.n_hidden, n_members))
