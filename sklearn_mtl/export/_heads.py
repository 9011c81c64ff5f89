"""ONNX nodes of trunks with one representation per task, and of heads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

import numpy as np
from torch import nn

from sklearn_mtl.export._parts import NetGraph, add_part, as_array
from sklearn_mtl.modules import (
    CrossStitchTrunk,
    ExtractionLevel,
    ExtractionTrunk,
    FeedbackTail,
    Gates,
    HeadBlock,
    HeadTail,
    LayersTail,
    MixtureTrunk,
    MultiTaskModule,
    SharedPrivateTrunk,
    TaskGates,
    TaskHeads,
    TaskTrunk,
)

__all__ = ["add_net", "softened"]


def add_net(module: MultiTaskModule, net: NetGraph, x: str) -> str:
    """Append inputs, trunk and heads: logits (n_members, n_samples, n_outputs)."""
    x = add_part(module.inputs, net, x)
    trunk, heads = module.trunk, module.heads
    if isinstance(trunk, TaskTrunk) and isinstance(heads, TaskHeads):
        maps = add_heads(heads, net, add_reads(trunk, net, x, heads.n_tasks))
    else:
        maps = add_part(heads, net, add_part(trunk, net, x))
    return maps if module.tail is None else add_tail(module.tail, net, maps)


# Representations of all tasks, of shape (n_members, n_tasks, n_samples, n_hidden).


@singledispatch
def add_reads(trunk: nn.Module, net: NetGraph, x: str, n_tasks: int) -> str:
    """Append a trunk and return the representation of each task."""
    return add_part.dispatch(nn.Module)(trunk, net, x)  # raises TypeError


@add_reads.register
def _(trunk: MixtureTrunk, net: NetGraph, x: str, n_tasks: int) -> str:
    experts = add_part(trunk.experts, net, x)
    return _mixed(net, experts, add_part(trunk.gates, net, x))


@add_reads.register
def _(trunk: CrossStitchTrunk, net: NetGraph, x: str, n_tasks: int) -> str:
    return add_part(trunk.nets, net, x)


@add_reads.register
def _(trunk: SharedPrivateTrunk, net: NetGraph, x: str, n_tasks: int) -> str:
    shared = net.graph.op("Unsqueeze", add_part(trunk.shared, net, x), np.array([1]))
    shared = net.graph.op("Expand", shared, np.array([1, n_tasks, 1, 1]))
    return net.graph.join([shared, add_part(trunk.private, net, x)], axis=-1)


@add_reads.register
def _(trunk: ExtractionTrunk, net: NetGraph, x: str, n_tasks: int) -> str:
    own = common = x
    for level in trunk.levels:
        assert isinstance(level, ExtractionLevel)  # for the type checker
        read = own
        if own is not common and level.n_private > 1:
            places = np.repeat(np.arange(n_tasks), level.n_private)
            read = net.graph.take(own, places, axis=1)
        private = add_part(level.private, net, read)
        shared = add_part(level.shared, net, common)
        gates = add_part(level.gates, net, own)
        own = _extracted(net, private, shared, gates, (n_tasks, level.n_private))
        if level.shared_gate is not None:
            experts = net.graph.join([private, shared], axis=1)
            gate = add_part(level.shared_gate, net, common)
            mixture = _mixed(net, experts, gate)
            common = net.graph.op("Squeeze", mixture, np.array([1]))
    return own


def _extracted(
    net: NetGraph, private: str, shared: str, gates: str, shape: tuple[int, int]
) -> str:
    """Append the mixture of private and shared experts of each task.

    Shapes: private (n_members, n_tasks * n_private, n, n_hidden), shared (n_members,
    n_shared, n, n_hidden), gates (n_members, n, n_private + n_shared, n_tasks).
    """
    graph, (n_tasks, n_private) = net.graph, shape
    own = graph.op("Transpose", graph.cut(gates, 0, n_private, 2), perm=[0, 3, 2, 1])
    own = graph.reshape(own, 0, n_tasks * n_private, -1, 1)
    weighted = graph.op("Mul", private, own)
    n_samples = graph.op("Shape", weighted, start=2, end=4)
    first = np.array([net.n_members, n_tasks, n_private])
    sizes = graph.join([first, n_samples], axis=0)
    # allowzero=1 supports inputs without samples
    by_task = graph.op("Reshape", weighted, sizes, allowzero=1)
    total = graph.op("ReduceSum", by_task, np.array([2]), keepdims=0)
    rest = graph.cut(gates, n_private, None, 2)
    return graph.op("Add", total, _mixed(net, shared, rest))


def _mixed(net: NetGraph, experts: str, gates: str) -> str:
    """Append mixtures of experts, (n_members, n_tasks, n, n_hidden).

    Shapes: experts (n_members, n_experts, n, n_hidden), gates (n_members, n, n_experts,
    n_tasks).
    """
    by_task = net.op("Transpose", gates, perm=[0, 1, 3, 2])
    by_row = net.op("Transpose", experts, perm=[0, 2, 1, 3])
    return net.op("Transpose", net.op("MatMul", by_task, by_row), perm=[0, 2, 1, 3])


@add_part.register
def _(part: Gates, net: NetGraph, x: str) -> str:
    graph, shape = net.graph, (part.n_experts, part.n_tasks)
    if part.linear is None:  # the gate of a single expert is 1
        sizes = graph.join([graph.op("Shape", x, end=2), np.array(shape)], axis=0)
        return graph.full_like(net.number(1.0), sizes)
    logits = graph.reshape(add_part(part.linear, net, x), 0, 0, *shape)
    if part.top_k is not None and part.top_k < part.n_experts:
        kept, at = graph.ops(2, "TopK", logits, np.array([part.top_k]), axis=2)
        nothing = graph.full_like(net.number(-np.inf), graph.op("Shape", logits))
        logits = graph.op("ScatterElements", nothing, at, kept, axis=2)
    return graph.op("Softmax", logits, axis=2)


@add_part.register
def _(part: TaskGates, net: NetGraph, x: str) -> str:
    logits = net.affine(x, part.weight, part.bias)
    return net.op("Transpose", net.op("Softmax", logits, axis=-1), perm=[0, 2, 3, 1])


# Heads of all tasks.


def add_heads(heads: TaskHeads, net: NetGraph, reads: str) -> str:
    """Append linear heads, one for the representation of each task.

    Shapes: reads (n_members, n_tasks, n_samples, n_hidden) -> (n_members, n_samples,
    n_outputs).
    """
    graph, weight = net.graph, as_array(heads.weight)
    made, task, column = [], 0, 0
    for block in heads.blocks:
        if not block.n_tasks:
            continue
        own = weight[..., column : column + block.width]
        shape, axes = (block.n_tasks, block.n_outputs), (0, 2, 1, 3)
        if block.class_major:
            shape, axes = shape[::-1], (0, 3, 1, 2)
        own = own.reshape(*own.shape[:2], *shape).transpose(axes)
        rows = graph.cut(reads, task, task + block.n_tasks, 1)
        maps = net.op("MatMul", rows, own)  # (n_members, n_tasks, n, n_outputs)
        last = [0, 2, 3, 1] if block.class_major else [0, 2, 1, 3]
        maps = net.op("Transpose", maps, perm=last)
        made.append(graph.reshape(maps, 0, 0, block.width))
        task, column = task + block.n_tasks, column + block.width
    return net.op("Add", graph.join(made, axis=-1), heads.bias)


@singledispatch
def add_tail(tail: HeadTail, net: NetGraph, maps: str) -> str:
    """Append the layers after the linear maps of the heads."""
    return add_part.dispatch(nn.Module)(tail, net, maps)  # raises TypeError


@add_tail.register
def _(tail: LayersTail, net: NetGraph, maps: str) -> str:
    for layer, width in zip(tail.layers, tail.widths, strict=True):
        assert isinstance(layer, TaskHeads)  # for the type checker
        units = add_part(tail.activation, net, maps)
        by_task = net.graph.reshape(units, 0, 0, tail.maps.n_tasks, width)
        reads = net.op("Transpose", by_task, perm=[0, 2, 1, 3])
        maps = add_heads(layer, net, reads)
    return maps


@add_tail.register
def _(tail: FeedbackTail, net: NetGraph, maps: str) -> str:
    weight = as_array(tail.weight) * as_array(tail.is_other)
    logits = maps
    for _ in range(tail.n_passes):
        said = softened(tail.blocks, net, logits)
        logits = net.op("Add", maps, net.op("MatMul", said, weight))
    return logits


def softened(blocks: Sequence[HeadBlock], net: NetGraph, logits: str) -> str:
    """Append the probabilities and values of logits, in the same order."""
    graph = net.graph
    made, start = [], 0
    for block in blocks:
        z = graph.cut(logits, start, start + block.width, -1)
        start += block.width
        if block.activation == "sigmoid":
            z = net.op("Sigmoid", z)
        elif block.activation == "softmax":
            shape, axis = (block.n_tasks, block.n_outputs), -1
            if block.class_major:
                shape, axis = shape[::-1], -2
            z = net.op("Softmax", graph.reshape(z, 0, 0, *shape), axis=axis)
            z = graph.reshape(z, 0, 0, block.width)
        made.append(z)
    return graph.join(made, axis=-1)
