"""ONNX nodes of TaskDecisionsCV and ConformalPredictor."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.export._graph import Graph
from sklearn_mtl.export._scikit_learn import one_task
from sklearn_mtl.export._values import task_values
from sklearn_mtl.model_selection import (
    LEAST,
    Calibrator,
    IsotonicCurve,
    SigmoidCurve,
    TaskDecisionsCV,
    Temperature,
)
from sklearn_mtl.multioutput import ConformalPredictor
from sklearn_mtl.utils._pipelines import fitted_model

__all__: list[str] = []


@task_values.register
def _(model: TaskDecisionsCV, graph: Graph, x: str) -> list[str]:
    pairs = zip(_inner_values(model, graph, x), model._rules, strict=True)
    return [_calibrated(graph, value, rule.calibrator) for value, rule in pairs]


@task_values.register
def _(model: ConformalPredictor, graph: Graph, x: str) -> list[str]:
    return _inner_values(model, graph, x)


def _inner_values(model: Any, graph: Graph, x: str) -> list[str]:
    """Append the outputs of the wrapped estimator."""
    inner, tasks = model.estimator_, model.task_set_.tasks
    if hasattr(fitted_model(inner), "task_set_"):
        return task_values(inner, graph, x)
    # an estimator of scikit-learn for a single task
    return [one_task(inner, task, graph, x) for task in tasks]


def _calibrated(
    graph: Graph, value: str, calibrator: Calibrator | Temperature | None
) -> str:
    if calibrator is None:
        return value
    if isinstance(calibrator, Temperature):
        logs = graph.op("Log", graph.op("Max", value, np.array(LEAST)))
        scaled = graph.op("Mul", logs, np.array(calibrator.inverse))
        return graph.op("Softmax", scaled, axis=1)
    curves = calibrator.curves
    if len(curves) == 1:
        second = _curve(graph, graph.cut(value, 1, 2, axis=1), curves[0])
        return graph.join([graph.op("Sub", np.array(1.0), second), second], axis=1)
    parts = [
        _curve(graph, graph.cut(value, k, k + 1, axis=1), curve)
        for k, curve in enumerate(curves)
    ]
    out = graph.join(parts, axis=1)
    total = graph.op("ReduceSum", out, np.array([1]))
    # if the calibrated probability of every class is 0, use equal probabilities
    is_lost = graph.op("Equal", total, np.array(0.0))
    uniform = np.full((1, len(curves)), 1 / len(curves))
    return graph.op("Where", is_lost, uniform, graph.op("Div", out, total))


def _curve(graph: Graph, p: str, curve: SigmoidCurve | IsotonicCurve) -> str:
    """Append the calibration of probabilities (n_samples, 1) of one class."""
    if isinstance(curve, SigmoidCurve):
        p = graph.op("Min", graph.op("Max", p, np.array(LEAST)), np.array(1 - LEAST))
        odds = graph.op("Div", p, graph.op("Sub", np.array(1.0), p))
        raw = graph.op("Mul", graph.op("Log", odds), np.array(curve.slope))
        return graph.op("Sigmoid", graph.op("Add", raw, np.array(curve.shift)))
    if len(curve.x) == 1:  # one probability for all samples
        return graph.op("Add", graph.op("Mul", p, np.array(0.0)), np.array(curve.y[0]))
    # Piecewise linear interpolation: sum over pieces of the length within the piece
    # times its slope.
    low, high = curve.x[:-1], curve.x[1:]
    slopes = (np.diff(curve.y) / (high - low))[:, None]
    inside = graph.op("Min", graph.op("Max", p, low[None]), high[None])
    rise = graph.op("MatMul", graph.op("Sub", inside, low[None]), slopes)
    return graph.op("Add", rise, np.array(curve.y[0]))
