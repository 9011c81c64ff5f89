"""ONNX nodes of linear models."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.export._graph import Graph
from sklearn_mtl.export._values import constant_value, task_values
from sklearn_mtl.linear_model import (
    MultiTaskLinearClassifier,
    MultiTaskLinearClassifierCV,
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearRegressor,
    MultiTaskLinearRegressorCV,
)
from sklearn_mtl.tasks import Task

__all__ = ["affine"]


def affine(graph: Graph, x: str, weight: np.ndarray, bias: np.ndarray) -> str:
    """Append x @ weight + bias in float64."""
    return graph.op("Add", graph.op("MatMul", x, weight), bias)


@task_values.register(MultiTaskLinearClassifier)
@task_values.register(MultiTaskLinearClassifierCV)
def _(model: Any, graph: Graph, x: str) -> list[str]:
    coef, intercept = model._stacked()
    scores, made, start = affine(graph, x, coef.T, intercept), [], 0
    for task in model.task_set_.tasks:
        stop = start + (task.n_classes if task.n_classes > 2 else 1)
        made.append(_probabilities(task, graph, scores, (start, stop)))
        start = stop
    return made


def _probabilities(
    task: Task, graph: Graph, scores: str, columns: tuple[int, int]
) -> str:
    """Append the probabilities of one task."""
    if task.n_classes < 2:
        return constant_value(task, graph)
    own = graph.cut(scores, *columns, 1)
    if task.n_classes == 2:
        both = graph.join([graph.op("Neg", own), own], axis=1)
        return graph.op("Sigmoid", both)
    return graph.op("Softmax", own, axis=1)


@task_values.register(MultiTaskLinearRegressor)
@task_values.register(MultiTaskLinearRegressorCV)
def _(model: Any, graph: Graph, x: str) -> list[str]:
    coef, intercept = model._stacked()
    values = affine(graph, x, coef.T, intercept)
    return [
        constant_value(task, graph)
        if task.kind == "empty"
        else graph.take(values, t, axis=1)
        for t, task in enumerate(model.task_set_.tasks)
    ]


@task_values.register
def _(model: MultiTaskLinearMixedEstimator, graph: Graph, x: str) -> list[str]:
    made: dict[int, str] = {}
    for part, of_classes in ((model.classifier_, True), (model.regressor_, False)):
        if part is not None:
            values = task_values(part, graph, x)
            made.update(zip(model._live(of_classes).tolist(), values, strict=True))
    return [
        made[t] if t in made else constant_value(task, graph)
        for t, task in enumerate(model.task_set_.tasks)
    ]
