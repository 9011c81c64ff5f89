"""Tasks that share no parameters with other tasks in a shared model."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.comparison.design._models import Situation
from sklearn_mtl.linear_model import MultiTaskLinearMixedEstimator

__all__ = ["tasks_alone"]


def tasks_alone(estimator: Any, situation: Situation) -> tuple[str, ...]:
    """Return the tasks for which a shared model and its twin are the same model."""
    names, types = situation.tasks.names, situation.task_types
    if len(names) == 1:
        return (names[0],)
    if not isinstance(_innermost(estimator), MultiTaskLinearMixedEstimator):
        return ()
    # A mixed linear model fits one model to all classification tasks and another one to
    # all regression tasks.
    return tuple(
        name for name, kind in zip(names, types, strict=True) if types.count(kind) == 1
    )


def _innermost(estimator: Any) -> Any:
    """Return the model within Pipelines and parameter searches."""
    while True:
        if getattr(estimator, "steps", None):
            estimator = estimator.steps[-1][1]
        elif hasattr(getattr(estimator, "estimator", None), "fit"):
            estimator = estimator.estimator
        else:
            return estimator
