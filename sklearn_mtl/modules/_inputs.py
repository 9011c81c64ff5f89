"""First layers of a net, which are fitted before training."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["EmbeddingLayer", "InputLayer"]


class InputLayer(nn.Module):
    """Impute, standardise and clip with the statistics of each member.

    The statistics differ between members, because they must not depend on the samples
    that a member holds out.

    Parameters
    ----------
    fill, shift, scale : Tensor of shape (n_members, 1, n_features)
        Missing values are replaced by fill; then x becomes (x - shift) * scale.
    limit : float
        The result is clipped to [-limit, limit].
    """

    fill: Tensor
    shift: Tensor
    scale: Tensor

    def __init__(
        self, fill: Tensor, shift: Tensor, scale: Tensor, limit: float
    ) -> None:
        super().__init__()
        self.register_buffer("fill", fill)
        self.register_buffer("shift", shift)
        self.register_buffer("scale", scale)
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        """Impute, standardise and clip (n_members, n_rows, n_features)."""
        x = torch.where(torch.isnan(x), self.fill, x)
        return ((x - self.shift) * self.scale).clamp_(-self.limit, self.limit)


class EmbeddingLayer(nn.Module):
    """Append the piecewise-linear embedding of some columns.

    Parameters
    ----------
    columns : Tensor of shape (n_embedded,), int
        Indices of the columns to embed.
    edges : Tensor of shape (n_sets, n_embedded, n_edges)
        Ascending edges of the bins. Equal edges result in an empty bin, whose embedding
        is 0.
    """

    columns: Tensor
    slope: Tensor
    offset: Tensor

    def __init__(self, columns: Tensor, edges: Tensor) -> None:
        super().__init__()
        width = edges.diff(dim=-1)
        # a bin of width 0 is 0 for every value
        slope = torch.where(width > 0, 1.0 / width.clamp(min=1e-30), 0.0)
        self.register_buffer("columns", columns)
        self.register_buffer("slope", slope.unsqueeze(1))  # (n_sets, 1, n_emb, n_bins)
        self.register_buffer("offset", (-edges[..., :-1] * slope).unsqueeze(1))

    @property
    def n_values(self) -> int:
        """Number of values of the embedding of one sample."""
        return self.slope.shape[-2:].numel()

    def forward(self, x: Tensor) -> Tensor:
        """Append the embedding to (n_members, n_rows, n_features)."""
        n_features, shape = x.shape[-1], self.slope.shape[-2:]
        out = x.new_empty(*x.shape[:-1], n_features + shape.numel())
        out[..., :n_features] = x
        embedded = out[..., n_features:].view(*x.shape[:-1], *shape)
        values = x.index_select(-1, self.columns).unsqueeze(-1)
        # in place, because the embedding is the largest array of this layer
        torch.addcmul(self.offset, values, self.slope, out=embedded)
        embedded.clamp_(0.0, 1.0)
        return out
