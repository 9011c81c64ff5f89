"""ONNX nodes of forests, of blends, and of the default members of blends."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.ensemble import (
    INVISIBLE,
    LARGEST,
    PRIOR_SHARE,
    SMALLEST,
    UNIT,
    BoostedTask,
    BoostingMember,
    MultiTaskBlendClassifier,
    MultiTaskBlendMixedEstimator,
    MultiTaskBlendRegressor,
    MultiTaskForestClassifier,
    MultiTaskForestMixedEstimator,
    MultiTaskForestRegressor,
    RidgeMember,
    TargetEncoding,
)
from sklearn_mtl.export._boosting import boosted
from sklearn_mtl.export._graph import Graph
from sklearn_mtl.export._linear import affine
from sklearn_mtl.export._tables import check_columns, prepared_table
from sklearn_mtl.export._trees import forest_means
from sklearn_mtl.export._values import constant_value, task_values
from sklearn_mtl.tasks import Task

__all__: list[str] = []


@task_values.register(MultiTaskForestClassifier)
@task_values.register(MultiTaskForestMixedEstimator)
@task_values.register(MultiTaskForestRegressor)
def _(model: Any, graph: Graph, x: str) -> list[str]:
    check_columns(model)
    ratio = model._ratio
    if model.forest_ is None:
        return decoded(ratio.encoding, graph, None)
    if model._scales is not None:
        x = graph.op("Mul", x, model._scales)
    x = graph.cast(x, np.float32)
    largest = np.float32(LARGEST)
    x = graph.op("Clip", x, np.array(-largest), np.array(largest))
    means = forest_means(model.forest_, graph, x)
    return decoded(ratio.encoding, graph, _label_means(ratio, graph, means))


def _label_means(ratio: Any, graph: Graph, means: str) -> str:
    """Append `LeafRatio.outputs` without the decoding of the columns."""
    n_columns = ratio.encoding.n_columns
    means = graph.op("Div", means, np.array(UNIT))
    labels = graph.cut(means, 0, n_columns, 1)
    at = ratio.share_of_task[ratio.encoding.task_of_column]
    if (at < 0).all():
        return labels
    shares = graph.op("Div", graph.cut(means, n_columns, None, 1), np.array(INVISIBLE))
    shrunk = graph.op("Add", shares, PRIOR_SHARE * ratio.shares)
    # columns without missing labels are divided by 1
    shrunk = graph.join([shrunk, graph.fill(1.0, 1)], axis=1)
    return graph.op("Div", labels, graph.take(shrunk, at % (len(ratio.shares) + 1), 1))


def decoded(encoding: TargetEncoding, graph: Graph, columns: str | None) -> list[str]:
    """Append `TargetEncoding.decode`: probabilities, and values clipped to a range."""
    tasks = encoding.task_set.tasks
    made = [constant_value(task, graph) for task in tasks]
    if columns is None:
        return made
    raw = graph.op("Add", graph.op("Mul", columns, encoding.scale), encoding.mean)
    raw = graph.op("Max", graph.op("Min", raw, encoding.high), encoding.low)
    for t, place in encoding.places:
        made[t] = _decoded_task(tasks[t], graph, raw, place, encoding.mean[place])
    return made


def _decoded_task(
    task: Task, graph: Graph, raw: str, place: slice, prior: np.ndarray
) -> str:
    """Append the output of one task."""
    if task.kind == "regression":
        return graph.take(raw, place.start, axis=1)
    values = graph.cut(raw, place.start, place.stop, 1)
    if task.kind == "binary":
        rest = graph.op("Sub", np.array(1.0), values)
        return graph.join([rest, values], axis=1)
    total = graph.op("ReduceSum", values, np.array([1]), keepdims=1)
    is_there = graph.op("Greater", total, np.array(0.0))
    return graph.op("Where", is_there, graph.op("Div", values, total), prior)


@task_values.register
def _(model: RidgeMember, graph: Graph, x: str) -> list[str]:
    check_columns(model)
    design = prepared_table(model._preparation, graph, x)
    scores = affine(graph, design, *model._axes.in_columns(model._coefficients))
    made = decoded(model._encoding, graph, scores)
    for t, place in model._encoding.places:
        if t not in model._calibrations:
            continue
        own = graph.cut(scores, place.start, place.stop, 1)
        if place.stop - place.start == 1:  # a score for each class
            own = graph.join([graph.op("Neg", own), own], axis=1)
        calibration = model._calibrations[t]
        steep = graph.op("Mul", own, calibration.slopes)
        logits = graph.op("Add", steep, calibration.logits + calibration.shifts)
        made[t] = graph.op("Softmax", logits, axis=1)
    return made


@task_values.register
def _(model: BoostingMember, graph: Graph, x: str) -> list[str]:
    check_columns(model)
    made = []
    for task, parts in zip(model.task_set_.tasks, model.models_, strict=True):
        if not parts:  # this member has no weight for the task in the blend
            made.append(constant_value(task, graph))
            continue
        values = [_boosted_values(part, graph, x) for part in parts]
        share = np.array(1.0 / len(parts))
        made.append(graph.op("Mul", graph.op("Sum", *values), share))
    return made


def _boosted_values(part: BoostedTask, graph: Graph, x: str) -> str:
    """Append `BoostedTask.outputs`, with 0 for classes that are not in its fold."""
    values = boosted(part.model, graph, x)
    if part.classes is None:
        return graph.reshape(values, -1)
    if len(part.classes) == part.n_classes:
        return values
    at = np.full(part.n_classes, len(part.classes))
    at[part.classes] = np.arange(len(part.classes))
    return graph.take(graph.join([values, graph.fill(0.0, 1)], axis=1), at, 1)


@task_values.register(MultiTaskBlendClassifier)
@task_values.register(MultiTaskBlendMixedEstimator)
@task_values.register(MultiTaskBlendRegressor)
def _(model: Any, graph: Graph, x: str) -> list[str]:
    used = np.flatnonzero(np.any(model._weights > 0, axis=0)).tolist()
    said = {m: task_values(model.estimators_[m], graph, x) for m in used}
    made = []
    for t, task in enumerate(model.task_set_.tasks):
        if task.kind in ("constant", "empty"):
            made.append(constant_value(task, graph))
            continue
        parts = [
            graph.op("Mul", said[m][t], np.array(model._weights[t, m]))
            for m in used
            if model._weights[t, m] > 0
        ]
        made.append(graph.op("Sum", *parts))
    if model._stacking is not None:
        _correct(model._stacking, graph, made)
    return made


def _correct(stacking: Any, graph: Graph, made: list[str]) -> None:
    """Append `TaskStacking.apply` and replace the outputs in the list."""
    used = [t for t, own in stacking.mean.items() if own.any()]
    if not used:
        return
    tasks, columns = stacking.task_set.tasks, stacking.columns
    places = np.unique(columns.task_of_column).tolist()
    scores = {t: _scores(tasks[t], graph, made[t]) for t in places}
    read = graph.join([scores[t] for t in places], axis=1)
    read = graph.op("Div", graph.op("Sub", read, columns.mean), columns.scale)
    read = graph.op("Max", graph.op("Min", read, columns.high), columns.low)
    for t in used:
        shift = graph.op("MatMul", read, stacking.coefficients(t))
        shifted = graph.op("Add", scores[t], shift)
        made[t] = _of_scores(tasks[t], graph, shifted)


def _scores(task: Task, graph: Graph, output: str) -> str:
    """Append `to_scores`."""
    if not task.is_classification:
        return graph.reshape(output, -1, 1)
    chosen = graph.cut(output, 1, None, 1) if task.n_classes == 2 else output
    limits = np.array(SMALLEST), np.array(1.0 - SMALLEST)
    inside = graph.op("Clip", chosen, *limits)
    rest = graph.op("Sub", np.array(1.0), inside)
    return graph.op("Sub", graph.op("Log", inside), graph.op("Log", rest))


def _of_scores(task: Task, graph: Graph, scores: str) -> str:
    """Append `from_scores`."""
    if not task.is_classification:
        return graph.reshape(scores, -1)
    proba = graph.op("Sigmoid", scores)
    if task.n_classes == 2:
        return graph.join([graph.op("Sub", np.array(1.0), proba), proba], axis=1)
    total = graph.op("ReduceSum", proba, np.array([1]), keepdims=1)
    return graph.op("Div", proba, total)
