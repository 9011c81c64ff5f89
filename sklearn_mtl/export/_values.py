"""What a model says of each task, as values of a graph; one function a class."""

from __future__ import annotations

from functools import singledispatch
from typing import Any

from sklearn_mtl.export._graph import Graph
from sklearn_mtl.tasks import Task

__all__ = ["constant_value", "refuse", "task_values"]


def refuse(model: Any, why: str) -> TypeError:
    """Return the error of a model that no graph can be written of."""
    return TypeError(f"to_onnx: {type(model).__name__} {why}")


@singledispatch
def task_values(model: Any, graph: Graph, x: str) -> list[str]:
    """Append a fitted model that reads x (n_samples, n_features), float64 or uint8.

    Returns
    -------
    list of str
        For each task (n_samples, n_classes) probabilities or (n_samples,) values,
        float64.
    """
    if hasattr(model, "best_estimator_"):
        return task_values(model.best_estimator_, graph, x)
    raise refuse(
        model,
        "cannot be written as a graph. Nets, linear models, forests and blends of them "
        "can, IndependentTasks and groups of what skl2onnx converts, TaskDecisionsCV "
        "and ConformalPredictor of these, and pipelines that end in one of them.",
    )


def constant_value(task: Task, graph: Graph) -> str:
    """Append the output of a task with nothing to learn: certain, or NaN."""
    if task.kind == "constant":
        return graph.fill(1.0, 1)
    if task.is_classification:
        return graph.fill(float("nan"), task.n_classes)
    return graph.fill(float("nan"))
