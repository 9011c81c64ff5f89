"""Layers of a convolutional trunk."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from sklearn_mtl.modules._augmentation import AugmentationLayer
from sklearn_mtl.modules._normalization import MapBatchNorm
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS

__all__ = ["ConvLayer", "ConvTrunk"]

# monotonic functions, for which pooling before or after the activation is equivalent
_RISING = ("identity", "logistic", "relu", "tanh")

# number of activations of a layer that fit in the processor's cache; with fewer than 8
# images at a time, the overhead outweighs the benefit
_UNITS_AT_ONCE = 3 * 2**18


class ConvLayer(nn.Module):
    """Convolution, normalisation, pooling and activation for each member.

    Attributes
    ----------
    shape : tuple of int
        Channels, height and width of the output.
    margins : tuple of int
        Number of zeros before and after each row and column of an image.
    n_units : int
        Number of values of an image before pooling.
    """

    def __init__(
        self,
        n_members: int,
        shape: tuple[int, ...],
        n_channels: int,
        *,
        kernel_size: int,
        pool: int,
        padding: str,
        activation: str,
        normalization: str | None,
    ) -> None:
        super().__init__()
        k = kernel_size
        self.pool = pool
        self.weight = nn.Parameter(torch.zeros(n_members, n_channels, shape[0], k, k))
        self.bias = nn.Parameter(torch.zeros(n_members, n_channels))
        self.activation = ACTIVATIONS[activation]()
        self.is_pooled_first = activation in _RISING
        self.margins = ((k - 1) // 2, k // 2) if padding == "same" else (0, 0)
        size = [side + sum(self.margins) - (k - 1) for side in shape[1:]]
        self.shape = (n_channels, *(side // pool for side in size))
        self.n_units = n_channels * math.prod(size)
        self.norm = None
        if normalization is not None:
            self.norm = MapBatchNorm(n_members, n_channels, math.prod(size))

    def forward(self, x: Tensor, member: int) -> Tensor:
        """Map images (n_rows, channels, height, width) to (n_rows, *shape)."""
        before, after = self.margins
        if after > before:  # torch does the same for padding="same", with a warning
            x = F.pad(x, (0, 1, 0, 1))
        x = F.conv2d(x, self.weight[member], self.bias[member], padding=before)
        if self.norm is not None:
            x = self.norm(x, member)
        if self.pool == 1:
            return self.activation(x)
        if self.is_pooled_first:
            return self.activation(_pool(x, self.pool))
        return _pool(self.activation(x), self.pool)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw uniformly from [-b, b], b = 1 / sqrt(kernel inputs), like nn.Conv2d."""
        bound = 1.0 / math.sqrt(self.weight[0, 0].numel())
        for member, generator in enumerate(generators):
            for parameter in (self.weight, self.bias):
                parameter[member].uniform_(-bound, bound, generator=generator)


class ConvTrunk(nn.Module):
    """The module of `Conv`.

    Attributes
    ----------
    n_at_once : int
        Number of images per chunk in the convolutions.
    n_values : int
        Number of outputs of the last layer for an image.
    """

    def __init__(
        self,
        image_shape: tuple[int, ...],
        augmentation: AugmentationLayer | None,
        layers: Sequence[ConvLayer],
        dense: nn.Module,
    ) -> None:
        super().__init__()
        self.image_shape = image_shape
        self.augmentation = augmentation
        self.layers = nn.ModuleList(layers)
        self.dense = dense
        self.n_at_once = max(8, _UNITS_AT_ONCE // max(one.n_units for one in layers))
        self.n_values = math.prod(layers[-1].shape)
        self._has_norm = any(layer.norm is not None for layer in layers)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n_rows, n_values) to (n_members, n_rows, n_hidden)."""
        maps = [self._convolve(rows, member) for member, rows in enumerate(x)]
        return self.dense(maps[0][None] if len(maps) == 1 else torch.stack(maps))

    def _convolve(self, rows: Tensor, member: int) -> Tensor:
        """Return the flat maps (n_rows, n_values) of a member."""
        x = rows.reshape(len(rows), *self.image_shape)
        if self.augmentation is not None:
            x = self.augmentation(x, member)
        x = _channels_last(x)
        # batch statistics require all rows at once
        needs_batch = self._has_norm and self.training
        is_whole = needs_batch or not x.is_cpu
        n_parts = 1 if is_whole else max(1, math.ceil(len(x) / self.n_at_once))
        parts = [self._maps(part, member) for part in x.tensor_split(n_parts)]
        return parts[0] if n_parts == 1 else torch.cat(parts)

    def _maps(self, x: Tensor, member: int) -> Tensor:
        for layer in self.layers:
            x = layer(x, member)
        return x.permute(0, 2, 3, 1).flatten(1)  # memory order, so without a copy


def _pool(x: Tensor, size: int) -> Tensor:
    """Return the maximum of each block of size x size pixels."""
    # max_pool2d also computes the positions of the maxima, which takes longer than the
    # maxima and is needed for gradients only.
    if torch.is_grad_enabled():
        return F.max_pool2d(x, size)
    height, width = (side // size for side in x.shape[2:])
    x = x.permute(0, 2, 3, 1)[:, : height * size, : width * size]
    for dim, side in ((1, height), (2, width)):  # over rows first, which is faster
        blocks = torch.unflatten(x, dim, (side, size))
        x = functools.reduce(torch.maximum, blocks.unbind(dim + 1))
    return x.permute(0, 3, 1, 2)


def _channels_last(x: Tensor) -> Tensor:
    """Return images in channels-last memory format, also with a single channel."""
    # The conversion of torch does not change images with a single channel. All layers
    # would then use the channels-first format, which takes twice the time.
    n, channels, height, width = x.shape
    if channels == 1:
        return x.reshape(n, height, width, 1).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last)
