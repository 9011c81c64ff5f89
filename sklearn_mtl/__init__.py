"""Multi-task learning with scikit-learn's interface."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sklearn_mtl.comparison import compare
    from sklearn_mtl.multioutput import IndependentTasks
    from sklearn_mtl.neural_network import (
        MultiTaskClassifier,
        MultiTaskMixedEstimator,
        MultiTaskRegressor,
    )

__version__ = "0.1.0"

# where a newcomer's names live; torch is loaded when one of them is first used
_HOMES = {
    "IndependentTasks": "multioutput",
    "MultiTaskClassifier": "neural_network",
    "MultiTaskMixedEstimator": "neural_network",
    "MultiTaskRegressor": "neural_network",
    "compare": "comparison",
}

__all__ = [
    "IndependentTasks",
    "MultiTaskClassifier",
    "MultiTaskMixedEstimator",
    "MultiTaskRegressor",
    "__version__",
    "compare",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
