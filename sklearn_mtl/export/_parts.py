"""ONNX nodes of the modules of a net with one input and one output."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_mtl.export._graph import Graph
from sklearn_mtl.modules import (
    Branches,
    BranchLinear,
    EmbeddingLayer,
    FittedTrunk,
    InputLayer,
    JoinedTrunk,
    MemberBatchNorm,
    MemberDropout,
    MemberLayerNorm,
    MemberLinear,
    MemberModules,
    Residual,
    Split,
    Stitch,
)

__all__ = ["NetGraph", "add_part", "as_array", "normalised"]


@dataclass(frozen=True)
class NetGraph:
    """Graph to which a net is appended.

    Attributes
    ----------
    graph : Graph
        Graph under construction.
    dtype : numpy.dtype
        Dtype of the parameters of the net.
    n_members : int
        Number of members.
    who : str
        Class of the estimator, for error messages.
    """

    graph: Graph
    dtype: np.dtype
    n_members: int
    who: str

    def op(self, kind: str, *inputs: Any, **attributes: Any) -> str:
        """Append a node, whose constants are converted to the dtype of the net."""
        given = [one if isinstance(one, str) else self.number(one) for one in inputs]
        return self.graph.op(kind, *given, **attributes)

    def number(self, value: Any) -> np.ndarray:
        """Return a number, array or tensor in the dtype of the net."""
        return as_array(value).astype(self.dtype)

    def affine(self, x: str, weight: Any, bias: Any) -> str:
        """Append x @ weight + bias."""
        return self.op("Add", self.op("MatMul", x, weight), bias)

    def in_single(self, kind: str, *inputs: Any, **attributes: Any) -> str:
        """Append a node that onnxruntime implements only in float32."""
        if self.dtype == np.float32:
            return self.op(kind, *inputs, **attributes)
        given = [
            self.graph.cast(one, np.float32)
            if isinstance(one, str)
            else self.number(one).astype(np.float32)
            for one in inputs
        ]
        return self.graph.cast(self.graph.op(kind, *given, **attributes), self.dtype)


def as_array(value: Any) -> np.ndarray:
    """Return a number or a tensor as an array."""
    return np.asarray(value.detach().cpu() if isinstance(value, Tensor) else value)


@singledispatch
def add_part(part: nn.Module, net: NetGraph, x: str) -> str:
    """Append a module in evaluation mode and return its output for x."""
    raise TypeError(
        f"to_onnx: the net of {net.who} has a {type(part).__name__}, which cannot be "
        "exported. Supported are the trunks and heads of sklearn_mtl, and the modules "
        "Sequential, Linear, Conv2d, MaxPool2d, BatchNorm1d, BatchNorm2d, LayerNorm, "
        "Dropout, Flatten, Unflatten and the activations of MLP of torch.nn."
    )


@add_part.register
def _(part: nn.Sequential, net: NetGraph, x: str) -> str:
    for module in part:
        x = add_part(module, net, x)
    return x


@add_part.register
def _(part: Branches, net: NetGraph, x: str) -> str:
    return add_part.dispatch(nn.Sequential)(part, net, x)


@add_part.register
def _(part: Residual, net: NetGraph, x: str) -> str:
    return net.op("Add", x, add_part.dispatch(nn.Sequential)(part, net, x))


@add_part.register
def _(part: FittedTrunk, net: NetGraph, x: str) -> str:
    return add_part(part.trunk, net, x)


# Modules that have no effect on predictions.


@add_part.register(nn.Identity)
@add_part.register(MemberDropout)
@add_part.register(nn.Dropout)
@add_part.register(nn.Dropout2d)
def _(part: nn.Module, net: NetGraph, x: str) -> str:
    return x


# Activations.


@add_part.register
def _(part: nn.GELU, net: NetGraph, x: str) -> str:
    if part.approximate != "none":
        return add_part.dispatch(nn.Module)(part, net, x)
    bent = net.in_single("Erf", net.op("Mul", x, np.sqrt(0.5)))
    return net.op("Mul", net.op("Mul", x, 0.5), net.op("Add", bent, 1.0))


@add_part.register
def _(part: nn.ReLU, net: NetGraph, x: str) -> str:
    return net.op("Relu", x)


@add_part.register
def _(part: nn.Sigmoid, net: NetGraph, x: str) -> str:
    return net.op("Sigmoid", x)


@add_part.register
def _(part: nn.SiLU, net: NetGraph, x: str) -> str:
    return net.op("Mul", x, net.op("Sigmoid", x))


@add_part.register
def _(part: nn.Tanh, net: NetGraph, x: str) -> str:
    return net.op("Tanh", x)


# Layers that process all members together.


@add_part.register
def _(part: MemberLinear, net: NetGraph, x: str) -> str:
    return net.affine(x, part.matrix(), part.bias)


@add_part.register
def _(part: BranchLinear, net: NetGraph, x: str) -> str:
    return net.affine(x, part.weight, part.bias)


@add_part.register
def _(part: Split, net: NetGraph, x: str) -> str:
    return net.op(
        "Transpose", net.graph.reshape(x, 0, 0, *part.shape), perm=[0, 2, 1, 3]
    )


@add_part.register
def _(part: Stitch, net: NetGraph, x: str) -> str:
    # (n_members, n_rows, n_hidden, n_tasks), for a product over the last axis
    last = net.op("Transpose", x, perm=[0, 2, 3, 1])
    weight = as_array(part.weight).transpose(0, 2, 1)[:, None]
    return net.op("Transpose", net.op("MatMul", last, weight), perm=[0, 3, 1, 2])


@add_part.register
def _(part: MemberLayerNorm, net: NetGraph, x: str) -> str:
    one = np.ones(part.weight.shape[-1])
    x = net.op("LayerNormalization", x, one, epsilon=1e-5)
    return net.op("Add", net.op("Mul", x, part.weight), part.bias)


@add_part.register
def _(part: MemberBatchNorm, net: NetGraph, x: str) -> str:
    state = part.running_mean, part.running_var, part.weight, part.bias
    return normalised(net, x, [as_array(one) for one in state])


def normalised(
    net: NetGraph, x: str, state: Sequence[np.ndarray], eps: float = 1e-5
) -> str:
    """Append batch normalisation with running statistics.

    The state consists of mean, variance, weight and bias.
    """
    mean, var, weight, bias = (one.astype(np.float64) for one in state)
    scale = weight / np.sqrt(var + eps)
    return net.op("Add", net.op("Mul", net.op("Sub", x, mean), scale), bias)


# First layers.


@add_part.register
def _(part: InputLayer, net: NetGraph, x: str) -> str:
    fill = net.number(part.fill)
    x = net.graph.op("Where", net.graph.op("IsNaN", x), fill, x)
    x = net.op("Mul", net.op("Sub", x, part.shift), part.scale)
    return net.op("Clip", x, -part.limit, part.limit)


@add_part.register
def _(part: EmbeddingLayer, net: NetGraph, x: str) -> str:
    graph = net.graph
    values = graph.take(x, as_array(part.columns), axis=-1)
    values = graph.op("Unsqueeze", values, np.array([-1]))
    # For close bin edges, a rounding error here may be as large as a whole bin.
    wide = np.float64 if _is_fused() else net.dtype
    slope, offset = (as_array(one).astype(wide) for one in (part.slope, part.offset))
    product = graph.op("Mul", graph.cast(values, wide), slope)
    placed = graph.cast(graph.op("Add", product, offset), net.dtype)
    width = math.prod(slope.shape[-2:])  # -1 would fail for inputs without samples
    embedded = graph.reshape(net.op("Clip", placed, 0.0, 1.0), 0, 0, width)
    return graph.join([x, embedded], axis=-1)


@functools.cache
def _is_fused() -> bool:
    """Return whether torch uses fused multiply-add on this processor."""
    bit = 2.0**-13  # (1 + bit)(1 - bit) - 1 is -bit**2 if fused, and 0 otherwise
    product = torch.full((1, 64), 1.0 + bit), torch.full((8, 1), 1.0 - bit)
    return bool(torch.addcmul(torch.full((1, 64), -1.0), *product).all())


# Members or blocks that are processed separately.


@add_part.register
def _(part: MemberModules, net: NetGraph, x: str) -> str:
    made = [
        add_part(module, net, net.graph.take(x, m, axis=0))
        for m, module in enumerate(part.members)
    ]
    first = np.array([0])
    return net.graph.join(
        [net.graph.op("Unsqueeze", one, first) for one in made], axis=0
    )


@add_part.register
def _(part: JoinedTrunk, net: NetGraph, x: str) -> str:
    made = []
    for number, block in enumerate(part.blocks):
        columns = as_array(part.get_buffer(f"columns_{number}"))
        made.append(add_part(block, net, net.graph.take(x, columns, axis=-1)))
    return net.graph.join(made, axis=-1)
