"""ONNX nodes of convolutions and of PyTorch modules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import nn

from sklearn_mtl.export._parts import (
    NetGraph,
    add_part,
    as_array,
    normalised,
)
from sklearn_mtl.modules import ConvLayer, ConvTrunk

__all__: list[str] = []


@add_part.register
def _(part: ConvTrunk, net: NetGraph, x: str) -> str:
    graph, made = net.graph, []
    for member in range(net.n_members):
        rows = graph.take(x, member, axis=0)
        maps = graph.reshape(rows, 0, *part.image_shape)
        for layer in part.layers:
            assert isinstance(layer, ConvLayer)  # for the type checker
            maps = _convolved(layer, net, maps, member)
        maps = graph.op("Transpose", maps, perm=[0, 2, 3, 1])
        flat = graph.reshape(maps, 0, part.n_values)
        made.append(graph.op("Unsqueeze", flat, np.array([0])))
    return add_part(part.dense, net, graph.join(made, axis=0))


def _convolved(layer: ConvLayer, net: NetGraph, x: str, member: int) -> str:
    """Append a convolutional layer of one member."""
    pads = [layer.margins[0]] * 2 + [layer.margins[1]] * 2
    x = net.in_single("Conv", x, layer.weight[member], layer.bias[member], pads=pads)
    if layer.norm is not None:
        norm = layer.norm
        state = norm.running_mean, norm.running_var, norm.weight, norm.bias
        x = normalised(net, x, [_by_channel(one[member, 0]) for one in state])
    size = [layer.pool, layer.pool]
    if layer.is_pooled_first and layer.pool > 1:
        x = net.op("MaxPool", x, kernel_shape=size, strides=size)
    x = add_part(layer.activation, net, x)
    if not layer.is_pooled_first and layer.pool > 1:
        x = net.op("MaxPool", x, kernel_shape=size, strides=size)
    return x


def _by_channel(values: Any) -> np.ndarray:
    return as_array(values)[:, None, None]


# Modules of PyTorch, for the samples of one member.


@add_part.register
def _(part: nn.Linear, net: NetGraph, x: str) -> str:
    x = net.op("MatMul", x, part.weight.T)
    return x if part.bias is None else net.op("Add", x, part.bias)


@add_part.register
def _(part: nn.LayerNorm, net: NetGraph, x: str) -> str:
    shape, axis = part.normalized_shape, -len(part.normalized_shape)
    one = np.ones(shape)
    x = net.op("LayerNormalization", x, one, axis=axis, epsilon=part.eps)
    for kind, parameter in (("Mul", part.weight), ("Add", part.bias)):
        x = x if parameter is None else net.op(kind, x, parameter)
    return x


@add_part.register(nn.BatchNorm1d)
@add_part.register(nn.BatchNorm2d)
def _(part: Any, net: NetGraph, x: str) -> str:
    if part.running_mean is None:
        raise _unwritable(part, net, "has no running statistics")
    mean, var = as_array(part.running_mean), as_array(part.running_var)
    weight = np.ones_like(mean) if part.weight is None else as_array(part.weight)
    bias = np.zeros_like(mean) if part.bias is None else as_array(part.bias)
    state = [mean, var, weight, bias]
    if isinstance(part, nn.BatchNorm2d):
        state = [_by_channel(one) for one in state]
    return normalised(net, x, state, part.eps)


@add_part.register
def _(part: nn.Conv2d, net: NetGraph, x: str) -> str:
    if isinstance(part.padding, str) or part.padding_mode != "zeros":
        raise _unwritable(part, net, "must have integer padding with zeros")
    inputs = [part.weight] if part.bias is None else [part.weight, part.bias]
    return net.in_single(
        "Conv",
        x,
        *inputs,
        pads=[*part.padding, *part.padding],
        strides=list(part.stride),
        dilations=list(part.dilation),
        group=part.groups,
    )


@add_part.register
def _(part: nn.MaxPool2d, net: NetGraph, x: str) -> str:
    if part.ceil_mode:
        raise _unwritable(part, net, "must have ceil_mode=False")
    padding = _pair(part.padding)
    return net.op(
        "MaxPool",
        x,
        kernel_shape=_pair(part.kernel_size),
        strides=_pair(part.stride),
        dilations=_pair(part.dilation),
        pads=padding + padding,
    )


@add_part.register
def _(part: nn.Flatten, net: NetGraph, x: str) -> str:
    if (part.start_dim, part.end_dim) != (1, -1):
        raise _unwritable(part, net, "must flatten all axes except the first")
    return net.graph.op("Flatten", x, axis=1)


@add_part.register
def _(part: nn.Unflatten, net: NetGraph, x: str) -> str:
    shape = tuple(part.unflattened_size)
    is_plain = all(isinstance(size, int) for size in shape)
    if part.dim not in (1, -1) or not is_plain or math.prod(shape) < 0:
        raise _unwritable(part, net, "must unflatten axis 1 to sizes without -1")
    return net.graph.reshape(x, 0, *shape)


def _pair(size: int | Sequence[int]) -> list[int]:
    return [size, size] if isinstance(size, int) else list(size)


def _unwritable(part: nn.Module, net: NetGraph, why: str) -> TypeError:
    return TypeError(f"to_onnx: {part} in the net of {net.who} {why}.")
