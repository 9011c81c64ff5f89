"""Convolutional trunk for images."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from sklearn_mtl.modules._augmentation import Augmentation
from sklearn_mtl.modules._checks import (
    check_choice,
    check_count,
    check_dropout,
    check_sizes,
)
from sklearn_mtl.modules._linear import MemberDropout, MemberLinear
from sklearn_mtl.modules.trunks._conv_trunk import ConvLayer, ConvTrunk
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS
from sklearn_mtl.modules.trunks._spec import TrunkSpec
from sklearn_mtl.utils._memory import keep_memory

__all__ = ["Conv"]


class Conv(TrunkSpec):
    """Convolutional layers and a dense layer that all tasks share.

    Each layer consists of a convolution, optional batch normalisation, max-pooling and
    the activation. A dense layer with `hidden` units and the activation follow. Its
    output is the shared representation, which `transform` returns.

    Images are flat rows (n_samples, channels * height * width), which can pass through
    pipelines, or arrays (n_samples, channels, height, width). The axis of a single
    channel may be omitted. uint8 images are stored as uint8 and scaled to the unit
    range batch by batch. Other types are not scaled.

    Parameters
    ----------
    image_shape : tuple of int
        Channels, height and width of an image.
    channels : sequence of int, default=(32,)
        Number of output channels of each convolutional layer.
    kernel_size : int, default=3
        Height and width of the kernels.
    pool : int, default=2
        Height and width of the max-pooling blocks; 1 for no pooling.
    hidden : int or None, default=64
        Number of units of the dense layer, which is the width of the shared
        representation. With None there is no dense layer, and the heads use all outputs
        of the last convolutional layer.
    padding : {"same", "valid"}, default="same"
        "same" pads the images with zeros, so that convolutions preserve their size.
        With "valid", each convolution reduces the size by kernel_size - 1.
    activation : {"gelu", "identity", "logistic", "relu", "silu", "tanh"}, \
            default="relu"
        Nonlinearity after each layer.
    dropout : float, default=0.0
        Fraction of the shared representation that is dropped during training.
    normalization : {"batch"} or None, default=None
        "batch" standardises each channel over the images and pixels of a batch, before
        pooling. If a layer has images of one pixel, a batch must contain at least two
        samples.
    augmentation : Augmentation or None, default=None
        Random transformations of the images during training.

    Notes
    -----
    ``n_members="auto"`` is 1. Members have separate kernels and are computed one after
    the other.

    For speed, images are stored in channels-last format and processed in chunks that
    fit in the processor's cache, and pooling is done before a monotonic activation.
    This does not change the result.

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
        """Return images as flat rows.

        Raises
        ------
        ValueError
            If the shape of the images is not `image_shape`.
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
                f"Conv: X has images of shape {shape[1:]}; image_shape is "
                f"{(channels, *size)}, channels first."
            )
        return X.reshape(shape[0], -1)

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> ConvTrunk:
        """Build the layers.

        Raises
        ------
        ValueError
            If a parameter is invalid, the number of features does not match
            `image_shape`, or the output of a layer is empty.
        TypeError
            If `augmentation` is neither an Augmentation nor None.
        """
        shape = self._read_shape()
        if n_features != math.prod(shape):
            raise ValueError(
                f"Conv: an image of image_shape {shape} has {math.prod(shape)} "
                f"values, but a row of X has {n_features}."
            )
        self._check_parameters()
        augmentation = None
        if self.augmentation is not None:
            if not isinstance(self.augmentation, Augmentation):
                raise TypeError(
                    "Conv: augmentation must be an Augmentation or None; got "
                    f"{self.augmentation!r}."
                )
            augmentation = self.augmentation.build()
        layers = self._layers(n_members, shape)
        keep_memory()  # saves 7 % of the time of a fit (benchmarks/images.py)
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
                "Conv: image_shape must be channels, height and width; got "
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
            layer = ConvLayer(
                n_members,
                shape,
                n_channels,
                kernel_size=self.kernel_size,
                pool=self.pool,
                padding=self.padding,
                activation=self.activation,
                normalization=self.normalization,
            )
            if min(layer.shape) < 1:
                raise ValueError(
                    f"Conv: the images in layer {number} have {shape[1]} x {shape[2]} "
                    f"pixels, too few for kernel_size={self.kernel_size} and "
                    f"pool={self.pool}. Use {self._alternatives(number)}."
                )
            layers.append(layer)
            shape = layer.shape
        return layers

    def _alternatives(self, n_layers: int) -> str:
        """Return changes of parameters if images are large enough for n_layers."""
        n_given = len(self.channels)
        fewer = f"fewer layers (at most {n_layers}; channels has {n_given} entries)"
        ways = [fewer] if n_layers else []
        ways.append("a smaller pool")
        if self.padding == "valid":
            ways += ["a smaller kernel_size", "padding='same'"]
        return " or ".join(ways)
