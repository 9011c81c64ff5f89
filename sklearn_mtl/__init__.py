"""Multi-task learning with scikit-learn's interface."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sklearn_mtl._version import __version__

if TYPE_CHECKING:
    from sklearn_mtl import (
        balancing,
        comparison,
        datasets,
        ensemble,
        exceptions,
        export,
        grouping,
        inspection,
        linear_model,
        losses,
        metrics,
        model_selection,
        modules,
        multioutput,
        neighbors,
        neural_network,
        penalties,
        persistence,
        preprocessing,
        tasks,
    )
    from sklearn_mtl.comparison import compare
    from sklearn_mtl.ensemble import (
        MultiTaskBlendClassifier,
        MultiTaskBlendMixedEstimator,
        MultiTaskBlendRegressor,
    )
    from sklearn_mtl.export import to_onnx
    from sklearn_mtl.grouping import TaskGroupSearchCV
    from sklearn_mtl.linear_model import (
        MultiTaskLinearClassifier,
        MultiTaskLinearClassifierCV,
        MultiTaskLinearMixedEstimator,
        MultiTaskLinearMixedEstimatorCV,
        MultiTaskLinearRegressor,
        MultiTaskLinearRegressorCV,
    )
    from sklearn_mtl.model_selection import (
        MultiTaskStratifiedKFold,
        per_task_scorers,
        train_test_split,
    )
    from sklearn_mtl.multioutput import ConformalPredictor, IndependentTasks
    from sklearn_mtl.neural_network import (
        MultiTaskClassifier,
        MultiTaskMixedEstimator,
        MultiTaskRegressor,
    )
    from sklearn_mtl.persistence import load, save
    from sklearn_mtl.tasks import stack_tasks, task_view

# Subpackage of each name. torch is imported when a net is first used.
_HOMES = {
    "ConformalPredictor": "multioutput",
    "IndependentTasks": "multioutput",
    "MultiTaskBlendClassifier": "ensemble",
    "MultiTaskBlendMixedEstimator": "ensemble",
    "MultiTaskBlendRegressor": "ensemble",
    "MultiTaskClassifier": "neural_network",
    "MultiTaskLinearClassifier": "linear_model",
    "MultiTaskLinearClassifierCV": "linear_model",
    "MultiTaskLinearMixedEstimator": "linear_model",
    "MultiTaskLinearMixedEstimatorCV": "linear_model",
    "MultiTaskLinearRegressor": "linear_model",
    "MultiTaskLinearRegressorCV": "linear_model",
    "MultiTaskMixedEstimator": "neural_network",
    "MultiTaskRegressor": "neural_network",
    "MultiTaskStratifiedKFold": "model_selection",
    "TaskGroupSearchCV": "grouping",
    "compare": "comparison",
    "load": "persistence",
    "per_task_scorers": "model_selection",
    "save": "persistence",
    "stack_tasks": "tasks",
    "task_view": "tasks",
    "to_onnx": "export",
    "train_test_split": "model_selection",
}
_PACKAGES = [
    *("balancing", "comparison", "datasets", "ensemble", "exceptions"),
    "export",
    *("grouping", "inspection", "linear_model", "losses", "metrics"),
    *("model_selection", "modules", "multioutput", "neighbors", "neural_network"),
    *("penalties", "persistence", "preprocessing", "tasks"),
]

__all__ = [
    "ConformalPredictor",
    "IndependentTasks",
    "MultiTaskBlendClassifier",
    "MultiTaskBlendMixedEstimator",
    "MultiTaskBlendRegressor",
    "MultiTaskClassifier",
    "MultiTaskLinearClassifier",
    "MultiTaskLinearClassifierCV",
    "MultiTaskLinearMixedEstimator",
    "MultiTaskLinearMixedEstimatorCV",
    "MultiTaskLinearRegressor",
    "MultiTaskLinearRegressorCV",
    "MultiTaskMixedEstimator",
    "MultiTaskRegressor",
    "MultiTaskStratifiedKFold",
    "TaskGroupSearchCV",
    "__version__",
    "balancing",
    "compare",
    "comparison",
    "datasets",
    "ensemble",
    "exceptions",
    "export",
    "grouping",
    "inspection",
    "linear_model",
    "load",
    "losses",
    "metrics",
    "model_selection",
    "modules",
    "multioutput",
    "neighbors",
    "neural_network",
    "penalties",
    "per_task_scorers",
    "persistence",
    "preprocessing",
    "save",
    "stack_tasks",
    "task_view",
    "tasks",
    "to_onnx",
    "train_test_split",
]


def __getattr__(name: str) -> Any:
    if name in _PACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
