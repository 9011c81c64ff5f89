"""First layer of a net: standardisation and embedding of the inputs."""

from __future__ import annotations

import torch
from torch import nn

from sklearn_mtl.modules import EmbeddingLayer, InputLayer, PackedScale
from sklearn_mtl.preprocessing import Preparation, WidePreparation

__all__ = ["input_layer"]


def input_layer(
    preparation: Preparation, n_columns: int, dtype: torch.dtype
) -> nn.Module:
    """Return the standardisation of each member, and the embedding."""
    if isinstance(preparation, WidePreparation):
        ratio = preparation.scale_[:1] / preparation.scale_
        return PackedScale(torch.as_tensor(ratio, dtype=dtype))
    layers: list[nn.Module] = []
    scales = preparation.member_scales(n_columns)
    if scales is not None:
        fill, shift, scale = (
            torch.as_tensor(values, dtype=dtype)[:, None]
            for values in (scales.fill, scales.shift, scales.scale)
        )
        layers.append(InputLayer(fill, shift, scale, scales.limit))
    embedding = preparation.embedding_edges()
    if embedding is not None:
        columns, edges = embedding
        layers.append(
            EmbeddingLayer(
                torch.as_tensor(columns), torch.as_tensor(edges, dtype=dtype)
            )
        )
    return nn.Sequential(*layers) if layers else nn.Identity()
