"""ONNX nodes of nets."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.export._graph import Graph, Value
from sklearn_mtl.export._heads import add_net
from sklearn_mtl.export._parts import NetGraph, as_array
from sklearn_mtl.export._tables import check_columns, prepared_table
from sklearn_mtl.export._values import (
    constant_value,
    refuse,
    task_values,
)
from sklearn_mtl.neural_network import BaseMultiTaskNet, TargetEncoder
from sklearn_mtl.preprocessing import Preparation

__all__: list[str] = []


@task_values.register
def _(model: BaseMultiTaskNet, graph: Graph, x: str) -> list[str]:
    if model.__sklearn_tags__().input_tags.string:
        raise refuse(
            model,
            "takes texts, which are split into words and hashed in Python. An ONNX "
            "graph cannot do this. Use sklearn_mtl.save.",
        )
    check_columns(model)
    state = model._state
    module, encoder = state.net.module_, state.encoder
    if module.trunk_dtype is not None:
        raise refuse(
            model,
            f"computes its trunk in {str(module.trunk_dtype).partition('.')[2]}, whose "
            "rounding an ONNX graph cannot reproduce. Fit it with dtype='float32'.",
        )
    mean = None
    if encoder.layout.n_outputs:
        dtype = as_array(module.heads.weight).dtype
        net = NetGraph(graph, dtype, state.n_members, type(model).__name__)
        rows = net_rows(state.preparation, net, x)
        mean = member_mean(encoder, net, add_net(module, net, rows))
    return decoded(encoder, graph, mean)


def net_rows(preparation: Preparation, net: NetGraph, x: str) -> str:
    """Append the prepared inputs (n_members, n_samples, n_columns) in the net dtype."""
    graph = net.graph
    rows = graph.cast(prepared_table(preparation, graph, x), net.dtype)
    if graph.is_bytes:
        rows = net.op("Div", rows, 255.0)
    rows = graph.op("Unsqueeze", rows, np.array([0]))
    if net.n_members == 1:
        return rows
    return graph.op("Expand", rows, np.array([net.n_members, 1, 1]))


def member_mean(encoder: TargetEncoder, net: NetGraph, logits: str) -> str:
    """Append the mean over members of probabilities and values, in float64.

    Values have the scale of the first member. Shapes: logits (n_members, n_samples,
    n_outputs) -> (n_samples, n_outputs).
    """
    graph, said = net.graph, activated(encoder, net, logits)
    known = encoder.known_outputs()
    if net.n_members == 1:
        mean = graph.op("Squeeze", said, np.array([0]))
    elif known is None:
        mean = net.op("ReduceMean", said, axes=[0], keepdims=0)
    else:  # members without labels of a task do not contribute to it
        weighted = net.op("Mul", said, known / known.sum(axis=0))
        mean = graph.op("ReduceSum", weighted, np.array([0]), keepdims=0)
    return graph.cast(mean, np.float64)


def activated(encoder: TargetEncoder, net: NetGraph, logits: str) -> str:
    """Append `TargetEncoder.activate`."""
    graph, layout, made = net.graph, encoder.layout, []
    block = layout.regression
    if layout.n_binary:
        made.append(net.op("Sigmoid", graph.cut(logits, 0, layout.n_binary, -1)))
    if layout.n_regression:
        shift = (encoder.mean_ - encoder.mean_[0]) / encoder.scale_[0]
        scale = encoder.scale_[0] / encoder.scale_
        z = graph.cut(logits, block.start, block.stop, -1)
        z = net.op("Div", z, scale[:, None, block])
        made.append(net.op("Add", z, shift[:, None, block]))
    for group in layout.groups:
        z = graph.cut(logits, group.columns.start, group.columns.stop, -1)
        if group.kind != "regression":
            shape = (group.tasks.stop - group.tasks.start, group.n_classes)
            shape = shape[::-1] if group.class_major else shape
            z = graph.reshape(z, 0, 0, *shape)
            z = net.op("Softmax", z, axis=group.axis)
            z = graph.reshape(z, 0, 0, shape[0] * shape[1])
        made.append(z)
    return graph.join(made, axis=-1)


def decoded(encoder: TargetEncoder, graph: Graph, mean: str | None) -> list[str]:
    """Append `TargetEncoder.split`: outputs of each task, with values in their unit."""
    tasks, order = encoder.task_set.tasks, encoder.layout.order.tolist()
    return [
        constant_value(task, graph)
        if mean is None or t not in order
        else _task_value(encoder, graph, mean, order.index(t))
        for t, task in enumerate(tasks)
    ]


def _task_value(encoder: TargetEncoder, graph: Graph, mean: str, place: int) -> str:
    """Append the output of the task at a position in the order of the layout."""
    layout = encoder.layout
    task = encoder.task_set.tasks[layout.order[place]]
    if task.kind == "regression" and not encoder.known_[:, place].any():
        return graph.fill(np.nan)  # partial_fit has not received a label yet
    at = np.arange(layout.n_outputs)[layout.columns(place)]
    if task.period is not None:
        across, up = (graph.take(mean, j, axis=1) for j in at)
        return direction(graph, across, up, task.period)
    if task.kind == "regression":
        value = graph.op(
            "Mul", graph.take(mean, at[0], axis=1), encoder.scale_[0, place]
        )
        value = graph.op("Add", value, encoder.mean_[0, place])
        low, high = encoder.range_[:, place]
        return graph.op("Clip", value, low, high) if encoder.clip else value
    columns = graph.take(mean, at, axis=1)
    if task.kind == "binary":
        rest = graph.op("Sub", np.array(1.0), columns)
        return graph.join([rest, columns], axis=1)
    total = graph.op("ReduceSum", columns, np.array([1]), keepdims=1)
    return graph.op("Div", columns, total)


def direction(graph: Graph, across: Value, up: Value, period: float) -> str:
    """Append the direction of points in [0, period), as in `tasks.from_vectors`.

    ONNX has no atan2. The angle is the arc tangent of the smaller coordinate divided by
    the larger one, mirrored into the correct octant.
    """
    zero, half = np.array(0.0), np.array(np.pi)
    sizes = [graph.op("Abs", one) for one in (across, up)]
    longer = graph.op("Max", *sizes, np.array(1e-300))  # the origin gets the angle 0
    slope = graph.op("Div", graph.op("Min", *sizes), longer)
    # onnxruntime implements Atan in float32 only
    angle = graph.cast(graph.op("Atan", graph.cast(slope, np.float32)), np.float64)
    is_steep = graph.op("Greater", sizes[1], sizes[0])
    steep = graph.op("Sub", np.array(np.pi / 2), angle)
    angle = graph.op("Where", is_steep, steep, angle)
    is_left = graph.op("Less", across, zero)
    angle = graph.op("Where", is_left, graph.op("Sub", half, angle), angle)
    is_below = graph.op("Less", up, zero)
    below = graph.op("Sub", 2.0 * half, angle)
    angle = graph.op("Where", is_below, below, angle)
    value = graph.op("Mul", angle, np.array(period / (2.0 * np.pi)))
    too_far = graph.op("GreaterOrEqual", value, np.array(period))
    return graph.op("Where", too_far, zero, value)
