"""ONNX nodes of scikit-learn estimators, and of models that contain them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import Pipeline
from sklearn.svm import SVR, NuSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from sklearn_mtl.ensemble import SharedOutputs
from sklearn_mtl.export._boosting import HISTOGRAMS, boosted
from sklearn_mtl.export._graph import OPSETS, Graph
from sklearn_mtl.export._values import (
    constant_value,
    refuse,
    task_values,
)
from sklearn_mtl.grouping import TaskGroupSearchCV
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._optional import import_optional

__all__: list[str] = []

#: Estimators with float32 inputs: trees round X to float32, and onnxruntime implements
#: the others in float32 only. All other estimators have float64 inputs.
SINGLE = (
    *(DecisionTreeClassifier, DecisionTreeRegressor),
    *(RandomForestClassifier, RandomForestRegressor),
    *(ExtraTreesClassifier, ExtraTreesRegressor),
    *(GradientBoostingClassifier, GradientBoostingRegressor),
    *(SVR, NuSVR),
)


# Whole models.


@task_values.register
def _(model: Pipeline, graph: Graph, x: str) -> list[str]:
    return task_values(model.steps[-1][1], graph, transformed(model, graph, x))


@task_values.register
def _(model: FrozenEstimator, graph: Graph, x: str) -> list[str]:
    return task_values(model.estimator, graph, x)


@task_values.register
def _(model: IndependentTasks, graph: Graph, x: str) -> list[str]:
    pairs = zip(model.estimators_, model.task_set_.tasks, strict=True)
    return [
        constant_value(task, graph)
        if one is None or task.kind == "empty"
        else one_task(one, task, graph, x)
        for one, task in pairs
    ]


@task_values.register
def _(model: SharedOutputs, graph: Graph, x: str) -> list[str]:
    if model._is_shared:
        raise refuse(
            model.estimator_,
            "is fitted to several tasks at once, which skl2onnx does not support for "
            "all estimators. Wrap it in IndependentTasks.",
        )
    return task_values(model.estimator_, graph, x)


@task_values.register
def _(model: TaskGroupSearchCV, graph: Graph, x: str) -> list[str]:
    fitted, made = model._fitted, {}
    tasks = fitted.task_set.tasks
    for group, one in zip(fitted.partition, fitted.models, strict=True):
        if len(group) == 1:
            made[group[0]] = one_task(one, tasks[group[0]], graph, x)
        else:
            made.update(zip(group, task_values(one, graph, x), strict=True))
    return [made[t] for t in range(len(tasks))]


def one_task(model: Any, task: Task, graph: Graph, x: str) -> str:
    """Append the model of one task, of this package or of scikit-learn."""
    if isinstance(model, Pipeline):
        x = transformed(model, graph, x)
        return one_task(model.steps[-1][1], task, graph, x)
    if isinstance(model, FrozenEstimator):
        return one_task(model.estimator, task, graph, x)
    if hasattr(model, "best_estimator_"):
        return one_task(model.best_estimator_, task, graph, x)
    if hasattr(model, "task_set_"):
        (value,) = task_values(model, graph, x)
        return _in_class_order(model.task_set_.classes[0], task, graph, value)
    if isinstance(model, HISTOGRAMS):
        value = boosted(model, graph, x)
        if task.is_classification:
            return _in_class_order(model.classes_, task, graph, value)
        return graph.reshape(value, -1)
    if not task.is_classification:
        (value,) = converted(model, graph, x)
        value = graph.reshape(graph.cast(value, np.float64), -1, 1)
        return graph.reshape(_nan_where_missing(value, graph, x), -1)
    if not hasattr(model, "predict_proba"):
        raise refuse(
            model,
            f"predicts no probabilities for task {task.name!r}, but the graph must "
            "return them. Use a classifier with predict_proba.",
        )
    _, value = converted(model, graph, x)
    value = _nan_where_missing(graph.cast(value, np.float64), graph, x)
    return _in_class_order(model.classes_, task, graph, value)


def _nan_where_missing(value: str, graph: Graph, x: str) -> str:
    """Append NaN for samples with missing values, which skl2onnx handles incorrectly.

    Trees of scikit-learn learn a direction for missing values; skl2onnx goes right.
    """
    gap = graph.op("ReduceSum", graph.op("Mul", x, np.array(0.0)), np.array([1]))
    return graph.op("Add", value, gap)  # adds 0 or NaN


def _in_class_order(
    classes: np.ndarray | None, task: Task, graph: Graph, value: str
) -> str:
    """Append probabilities with one column per class of the task."""
    if classes is None:
        return value
    known = task.encode(np.asarray(classes)).astype(np.intp)
    if np.array_equal(known, np.arange(task.n_classes)):
        return value
    column = np.full(task.n_classes, len(known))  # column of zeros for unseen classes
    column[known] = np.arange(len(known))
    return graph.take(graph.join([value, graph.fill(0.0, 1)], axis=1), column, axis=1)


# Steps.


def transformed(model: Pipeline, graph: Graph, x: str) -> str:
    """Append all steps of a pipeline except the last."""
    for _, step in model.steps[:-1]:
        if step is None or step == "passthrough":
            continue
        if isinstance(step, SimpleImputer):
            x = _imputed(step, graph, x)
            continue
        (value,) = converted(step, graph, x)
        x = graph.cast(value, np.float64)
    return x


def _imputed(step: SimpleImputer, graph: Graph, x: str) -> str:
    """Append an imputer in float64, because skl2onnx only supports float32."""
    if step.add_indicator:
        raise refuse(
            step,
            "has add_indicator=True, for which skl2onnx creates an invalid graph. Use "
            "add_indicator=False.",
        )
    fill = np.asarray(step.statistics_, dtype=np.float64)
    is_empty = np.isnan(fill)  # columns without values, which are dropped
    missing = step.missing_values
    is_nan = isinstance(missing, float) and np.isnan(missing)
    is_missing = (
        graph.op("IsNaN", x)
        if is_nan
        else graph.op("Equal", x, np.array(float(missing)))
    )
    x = graph.op("Where", is_missing, np.where(is_empty, 0.0, fill), x)
    if step.keep_empty_features or not is_empty.any():
        return x
    return graph.take(x, np.flatnonzero(~is_empty), axis=1)


def converted(model: Any, graph: Graph, x: str) -> list[str]:
    """Append an estimator converted by skl2onnx and return its outputs."""
    if (
        isinstance(model, KNeighborsClassifier | KNeighborsRegressor)
        and model.weights == "distance"
    ):
        raise refuse(
            model,
            'has weights="distance", for which skl2onnx gives other predictions if a '
            'sample equals a training sample. Use weights="uniform".',
        )
    skl2onnx = import_optional("skl2onnx", extra="onnx", who="to_onnx")
    types = import_optional("skl2onnx.common.data_types", extra="onnx", who="to_onnx")
    is_single, width = isinstance(model, SINGLE), [None, model.n_features_in_]
    kind = types.FloatTensorType if is_single else types.DoubleTensorType
    options = {"zipmap": False} if hasattr(model, "predict_proba") else {}
    try:
        part = skl2onnx.convert_sklearn(
            model,
            initial_types=[("X", kind(width))],
            options={id(model): options} if options else None,
            target_opset=dict(OPSETS),
        )
        # the models of some converters mix float32 and float64 and are invalid
        graph.onnx.checker.check_model(part, full_check=True)
    except Exception as error:  # converters raise exceptions of any class
        said = str(error).strip().partition("\n")[0]
        raise refuse(model, f"cannot be converted by skl2onnx: {said}") from error
    return graph.inline(part, graph.cast(x, np.float32) if is_single else x)
