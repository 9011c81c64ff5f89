"""Dispatch of models to functions that append their predictions to a graph."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from sklearn_mtl.export._graph import Graph
from sklearn_mtl.tasks import Task

__all__ = ["constant_value", "refuse", "task_values"]


def refuse(model: Any, why: str) -> TypeError:
    """Return the error for a model that cannot be exported."""
    return TypeError(f"to_onnx: {type(model).__name__} {why}")


@singledispatch
def task_values(model: Any, graph: Graph, x: str) -> list[str]:
    """Append a fitted model with input x (n_samples, n_features), float64 or uint8.

    Returns
    -------
    list of str
        Predictions of each task in float64: probabilities (n_samples, n_classes) or
        values (n_samples,).
    """
    if hasattr(model, "best_estimator_"):
        return task_values(model.best_estimator_, graph, x)
    raise refuse(
        model,
        "cannot be exported. Supported are nets, linear models, forests and blends; "
        "IndependentTasks and TaskGroupSearchCV of estimators that skl2onnx converts; "
        "TaskDecisionsCV and ConformalPredictor of these; and pipelines that end in a "
        "supported model.",
    )


def constant_value(task: Task, graph: Graph) -> str:
    """Append the output of a task with a single class (1) or without labels (NaN)."""
    if task.kind == "constant":
        return graph.fill(1.0, 1)
    if task.is_classification:
        return graph.fill(float("nan"), task.n_classes)
    return graph.fill(float("nan"))
