"""Last steps of pipelines, and names of their parameters."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from sklearn_mtl.utils._typing import Estimator

__all__ = ["fitted_model", "last_step", "tolerant", "weight_key"]


def last_step(estimator: Estimator) -> tuple[str, Any]:
    """Return the prefix of the parameters of the last step, and the step."""
    prefix = ""
    while isinstance(estimator, Pipeline):
        name, estimator = estimator.steps[-1]
        prefix += f"{name}__"
    return prefix, estimator


def fitted_model(estimator: Estimator) -> Any:
    """Return the model inside pipelines, fitted searches and frozen estimators."""
    while True:
        last = last_step(estimator)[1]
        if isinstance(last, FrozenEstimator):
            estimator = last.estimator
        elif hasattr(last, "best_estimator_"):
            estimator = last.best_estimator_
        else:
            return last


def weight_key(estimator: Estimator, who: str = "") -> str:
    """Return the name of the parameter of fit for sample weights, with its prefix."""
    prefix, last = last_step(estimator)
    if not has_fit_parameter(last, "sample_weight"):
        text = f"{type(last).__name__} does not support sample weights."
        raise ValueError(f"{who}: {text}" if who else text)
    return f"{prefix}sample_weight"


def tolerant(estimator: Estimator, on_empty_task: str | None = "warn") -> Any:
    """Return a clone with the given `on_empty_task`, if it has this parameter."""
    copy, prefix = clone(estimator), last_step(estimator)[0]
    is_told = f"{prefix}on_empty_task" in copy.get_params(deep=True)
    if is_told and on_empty_task is not None:
        copy.set_params(**{f"{prefix}on_empty_task": on_empty_task})
    return copy
