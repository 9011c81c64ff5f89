"""Convolutions that all tasks share, for pictures."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from sklearn_mtl.modules._augmentation import Augmentation, AugmentationLayer
from sklearn_mtl.modules._checks import (
    check_choice,
    check_count,
    check_dropout,
    check_sizes,
)
from sklearn_mtl.modules._linear import MemberDropout, MemberLinear
from sklearn_mtl.modules._mlp import ACTIVATIONS
from sklearn_mtl.modules._normalization import MapBatchNorm
from sklearn_mtl.modules._spec import TrunkSpec

__all__ = ["Conv", "ConvTrunk"]

# the largest of some values is the same before and after a function that only rises
_RISING = ("identity", "logistic", "relu", "tanh")

# activations of a layer that stay in the cache; fewer than 8 pictures at a time cost
# more than that saves
_UNITS_AT_ONCE = 3 * 2**18

_LARGEST_KEPT = 31 * 2**20  # bytes; glibc learns from no block above 32 MiB


class Conv(TrunkSpec):
    """Convolutional layers and a dense one that all tasks share.

    Each layer is a convolution, batch normalisation where wanted, max-pooling and the
    activation; then come a dense layer of `hidden` units and its activation, from which
    all heads read. That is what `transform` returns.

    Pictures come as flat rows (n_samples, channels * height * width), so that they go
    through pipelines, or as (n_samples, channels, height, width), at each call; with
    one channel (n_samples, height, width) will do. uint8 stays uint8 in memory and is
    scaled to the unit range batch by batch; other values are taken as they are.

    Parameters
    ----------
    image_shape : tuple of int
        Channels, height and width of a picture.
    channels : sequence of int, default=(32,)
        Channels that each layer makes; as many layers.
    kernel_size : int, default=3
        Height and width of the kernels.
    pool : int, default=2
        Height and width of the blocks of which each layer keeps the largest value; 1
        for none.
    hidden : int or None, default=64
        Units of the dense layer, the width of the shared representation; None leaves
        it out, and the heads read all values of the last layer.
    padding : {"same", "valid"}, default="same"
        Whether the pictures are padded with zeros so that a convolution keeps their
        size, or each shrinks them by kernel_size - 1.
    activation : {"gelu", "identity", "logistic", "relu", "silu", "tanh"}, \
            default="relu"
        Nonlinearity after each layer.
    dropout : float, default=0.0
        Share of what the heads read that is dropped while training.
    normalization : {"batch"} or None, default=None
        "batch" standardises each channel over the pictures and pixels of a batch,
        before pooling.
    augmentation : Augmentation or None, default=None
        How the pictures are changed at random while training.

    Notes
    -----
    ``n_members="auto"`` is 1. Members have kernels of their own and are computed one
    after the other.

    Pictures lie with their channels last, are convolved and pooled some at a time, that
    the cache may hold them, and are pooled before an activation that only rises: the
    same for a fraction of the time.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, "Gradient-Based Learning Applied to
    Document Recognition", Proceedings of the IEEE 86, 1998; S. Ioffe, C. Szegedy,
    "Batch Normalization", ICML 2015.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.modules import Conv
    >>> trunk = Conv((1, 28, 28), channels=(32, 64), hidden=128)
    >>> module = trunk.build(n_features=784, n_members=1)
    >>> module(torch.zeros(1, 5, 784)).shape
    torch.Size([1, 5, 128])
    """

    preparation = "raw"
    default_n_members = 1

    def __init__(
        self,
        image_shape: tuple[int, int, int],
        channels: Sequence[int] = (32,),
        kernel_size: int = 3,
        pool: int = 2,
        hidden: int | None = 64,
        padding: str = "same",
        activation: str = "relu",
        dropout: float = 0.0,
        normalization: str | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.image_shape = image_shape
        self.channels = channels
        self.kernel_size = kernel_size
        self.pool = pool
        self.hidden = hidden
        self.padding = padding
        self.activation = activation
        self.dropout = dropout
        self.normalization = normalization
        self.augmentation = augmentation

    def flatten(self, X: Any) -> Any:
        """Return pictures as flat rows.

        Raises
        ------
        ValueError
            If they have another shape than `image_shape`.
        """
        if isinstance(X, list | tuple):
            X = np.asarray(X)
        shape = tuple(getattr(X, "shape", ()))
        if len(shape) <= 2:
            return X
        channels, *size = self._read_shape()
        is_known = shape[1:] == (channels, *size)
        if not is_known and (channels, *shape[1:]) != (1, *size):
            raise ValueError(
                f"Conv: X has pictures of shape {shape[1:]}; image_shape is "
                f"{(channels, *size)}, channels first."
            )
        return X.reshape(shape[0], -1)

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> ConvTrunk:
        """Build the layers.

        Raises
        ------
        ValueError
            If a parameter is not what it must be, a row has another number of values
            than a picture, or nothing is left of a picture after a layer.
        TypeError
            If the augmentation is none.
        """
        shape = self._read_shape()
        if n_features != math.prod(shape):
            raise ValueError(
                f"Conv: a picture of image_shape {shape} has {math.prod(shape)} "
                f"values, but a row of X has {n_features}."
            )
        self._check_parameters()
        augmentation = None
        if self.augmentation is not None:
            if not isinstance(self.augmentation, Augmentation):
                raise TypeError(
                    "Conv: augmentation must be an Augmentation or None; found "
                    f"{self.augmentation!r}."
                )
            augmentation = self.augmentation.build()
        layers = self._layers(n_members, shape)
        _keep_memory()
        dense: list[nn.Module] = []
        if self.hidden is not None:
            n_values = math.prod(layers[-1].shape)
            dense.append(MemberLinear(n_members, n_values, self.hidden))
            dense.append(ACTIVATIONS[self.activation]())
        if self.dropout > 0:
            dense.append(MemberDropout(self.dropout))
        return ConvTrunk(shape, augmentation, layers, nn.Sequential(*dense))

    def _read_shape(self) -> tuple[int, ...]:
        check_sizes(self, "image_shape", least=3)
        shape = tuple(int(size) for size in self.image_shape)
        if len(shape) != 3:
            raise ValueError(
                "Conv: image_shape must be channels, height and width; found "
                f"{self.image_shape}."
            )
        return shape

    def _check_parameters(self) -> None:
        check_sizes(self, "channels", least=1)
        check_count(self, "kernel_size")
        check_count(self, "pool")
        if self.hidden is not None:
            check_count(self, "hidden")
        check_choice(self, "padding", ["same", "valid"])
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        check_choice(self, "normalization", [None, "batch"])

    def _layers(self, n_members: int, shape: tuple[int, ...]) -> list[ConvLayer]:
        layers = []
        for number, n_channels in enumerate(self.channels):
            layer = ConvLayer(n_members, shape, n_channels, self)
            if min(layer.shape) < 1:
                raise ValueError(
                    f"Conv: layer {number} gets pictures of {shape[1]} x {shape[2]}, "
                    f"of which kernel_size={self.kernel_size} and pool={self.pool} "
                    "leave nothing. Take fewer channels, or padding='same'."
                )
            layers.append(layer)
            shape = layer.shape
        return layers


class ConvLayer(nn.Module):
    """Convolution, normalisation, pooling and activation, with kernels of each member.

    Parameters
    ----------
    n_members : int
        Number of members.
    shape : tuple of int
        Channels, height and width of what comes in.
    n_channels : int
        Channels that it makes.
    spec : Conv
        Its other parameters.

    Attributes
    ----------
    shape : tuple of int
        Channels, height and width of what it makes.
    n_units : int
        Values of a picture before pooling.
    """

    def __init__(
        self, n_members: int, shape: tuple[int, ...], n_channels: int, spec: Conv
    ) -> None:
        super().__init__()
        k = spec.kernel_size
        self.padding, self.pool = spec.padding, spec.pool
        self.weight = nn.Parameter(torch.zeros(n_members, n_channels, shape[0], k, k))
        self.bias = nn.Parameter(torch.zeros(n_members, n_channels))
        self.norm = None
        if spec.normalization is not None:
            self.norm = MapBatchNorm(n_members, n_channels)
        self.activation = ACTIVATIONS[spec.activation]()
        self.is_pooled_first = spec.activation in _RISING
        lost = 0 if spec.padding == "same" else k - 1
        size = [side - lost for side in shape[1:]]
        self.shape = (n_channels, *(side // spec.pool for side in size))
        self.n_units = n_channels * math.prod(size)

    def forward(self, x: Tensor, member: int) -> Tensor:
        """Map (n_rows, channels, height, width) to those of `shape`."""
        x = F.conv2d(x, self.weight[member], self.bias[member], padding=self.padding)
        if self.norm is not None:
            x = self.norm(x, member)
        if self.pool == 1:
            return self.activation(x)
        if self.is_pooled_first:
            return self.activation(_pool(x, self.pool))
        return _pool(self.activation(x), self.pool)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw uniform within 1 / sqrt(values a kernel reads), as nn.Conv2d does."""
        bound = 1.0 / math.sqrt(self.weight[0, 0].numel())
        for member, generator in enumerate(generators):
            for parameter in (self.weight, self.bias):
                parameter[member].uniform_(-bound, bound, generator=generator)


class ConvTrunk(nn.Module):
    """The module of `Conv`.

    Parameters
    ----------
    image_shape : tuple of int
        Channels, height and width of a picture.
    augmentation : AugmentationLayer or None
        Changes pictures while training.
    layers : sequence of ConvLayer
        The convolutions.
    dense : nn.Module
        Maps (n_members, n_rows, n_values) to what the heads read.

    Attributes
    ----------
    n_at_once : int
        Number of pictures that are convolved at a time.
    n_values : int
        Values that the last layer makes of a picture.
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
        needs_batch = self._has_norm and self.training
        n_parts = 1 if needs_batch else math.ceil(len(x) / self.n_at_once)
        parts = [
            self._maps(part, member) for part in _channels_last(x).tensor_split(n_parts)
        ]
        return parts[0] if n_parts == 1 else torch.cat(parts)

    def _maps(self, x: Tensor, member: int) -> Tensor:
        for layer in self.layers:
            x = layer(x, member)
        return x.permute(0, 2, 3, 1).flatten(1)  # as it lies in memory


def _pool(x: Tensor, size: int) -> Tensor:
    """Return the largest value of each block of size x size pixels.

    max_pool2d also notes where it was, in 64 bits, which costs more than the rest and
    which only a gradient needs.
    """
    if torch.is_grad_enabled():
        return F.max_pool2d(x, size)
    height, width = (side // size for side in x.shape[2:])
    x = x.permute(0, 2, 3, 1)[:, : height * size, : width * size]
    for dim, side in ((1, height), (2, width)):  # of the rows first: they are longer
        blocks = torch.unflatten(x, dim, (side, size))
        x = functools.reduce(torch.maximum, blocks.unbind(dim + 1))
    return x.permute(0, 3, 1, 2)


def _keep_memory() -> None:
    """Let the allocator keep what is freed: 7 % of a fit (benchmarks/images.py).

    glibc hands memory back to the system, and pays for it page by page at the next
    batch, until it has seen a block of such size freed. Other allocators do not mind.
    """
    torch.empty(_LARGEST_KEPT, dtype=torch.uint8)


def _channels_last(x: Tensor) -> Tensor:
    """Return pictures whose strides say that channels come last, also if there is one.

    torch's own conversion leaves a single channel as it is, and all layers after it are
    then computed with channels first, at twice the time.
    """
    n, channels, height, width = x.shape
    if channels == 1:
        return x.reshape(n, height, width, 1).permute(0, 3, 1, 2)
    return x.contiguous(memory_format=torch.channels_last)
