"""Model for a new task from the parameters that fitted tasks share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.linear_model import LinearRegression, LogisticRegression

from sklearn_mtl.penalties import Decomposition, Shared

if TYPE_CHECKING:
    from sklearn_mtl.linear_model._base import LinearBase

__all__ = ["make_new_task"]


def make_new_task(model: LinearBase) -> Any:
    """Return a scikit-learn model with the coefficients that the tasks share."""
    trained = [t for t, task in enumerate(model.task_set_.tasks) if _has_labels(task)]
    tasks = [model.task_set_.tasks[t] for t in trained]
    is_class = bool(tasks) and tasks[0].is_classification
    if is_class and len({repr(task.classes) for task in tasks}) > 1:
        raise ValueError(
            f"{type(model).__name__}: new_task needs tasks with the same classes, "
            "because the classes of a new task must be known."
        )
    if is_class and tasks[0].kind != "binary":
        raise ValueError(
            f"{type(model).__name__}: new_task supports regression and binary tasks; "
            f"task {tasks[0].name!r} is {tasks[0].kind}."
        )
    common = np.atleast_2d(_common_part(model))[trained].mean(axis=0)
    # Deviations from the shared part have mean zero; the intercepts have this mean.
    intercept = np.ravel(model.intercept_)[trained].mean()
    found: Any
    if is_class:
        found = LogisticRegression()
        found.classes_ = np.asarray(tasks[0].classes)
        found.coef_, found.intercept_ = common[None], np.array([intercept])
        found.n_iter_ = np.array([model.n_iter_])
    else:
        found = LinearRegression()
        found.coef_, found.intercept_ = common, float(intercept)
    found.n_features_in_ = model.n_features_in_
    if hasattr(model, "feature_names_in_"):
        found.feature_names_in_ = model.feature_names_in_
    return found


def _has_labels(task: Any) -> bool:
    return task.kind not in ("empty", "constant")


def _common_part(model: LinearBase) -> np.ndarray:
    """Return the shared part of the coefficients, one row per task."""
    penalty = model.penalty_
    if isinstance(penalty, Shared):
        return np.asarray(model.coef_)
    if isinstance(penalty, Decomposition):
        for name, part in penalty.penalties:
            if isinstance(part, Shared):
                return model.parts_[name]
    raise ValueError(
        f"{type(model).__name__}: new_task needs a penalty with a part that all tasks "
        f"share; penalty={model.penalty!r} has none. Use 'empirical_bayes', "
        "'partial_pooling', 'shared', or a Decomposition with a Shared part."
    )
