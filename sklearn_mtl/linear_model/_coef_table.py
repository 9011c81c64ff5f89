"""Coefficients of a fitted model as a DataFrame, with credible intervals."""

from __future__ import annotations

from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri

from sklearn_mtl.tasks import Task

if TYPE_CHECKING:
    from pandas import DataFrame

    from sklearn_mtl.linear_model._base import LinearBase
    from sklearn_mtl.linear_model._mixed import MultiTaskLinearMixedEstimator

__all__ = ["check_confidence", "make_coef_table", "make_mixed_table"]

#: Name of the rows of intercepts, the same as in R.
INTERCEPT = "(Intercept)"
#: Names of the index levels of classifiers.
CLASS_LEVELS = ("task", "class", "feature")


def check_confidence(confidence: Any, who: str) -> float:
    """Return the confidence, or raise ValueError if it is not between 0 and 1."""
    is_number = isinstance(confidence, Real) and not isinstance(confidence, bool)
    if not (is_number and 0.0 < confidence < 1.0):
        raise ValueError(
            f"{who}: confidence must be a number above 0 and below 1; got "
            f"{confidence!r}."
        )
    return float(confidence)


def make_coef_table(model: LinearBase, confidence: float) -> DataFrame:
    """Return the coefficients of a model with credible intervals."""
    import pandas as pd

    errors = vars(model).get("_standard_errors")
    if errors is None:
        raise ValueError(
            f"{type(model).__name__}: coef_table needs a posterior, but "
            f"penalty={model.penalty!r} has none. Fit MultiTaskLinearRegressor or "
            "MultiTaskLinearClassifier with penalty='empirical_bayes'."
        )
    coef, intercept = model._stacked()
    index = _index(model)
    columns = [np.column_stack([coef, intercept]), np.column_stack(errors)]
    if not model.fit_intercept:
        columns = [coef, errors[0]]
    values, deviations = (rows.ravel() for rows in columns)
    # Half of the remaining probability is beyond each end.
    reach = ndtri(0.5 + 0.5 * confidence) * deviations
    table = {
        "coef": values,
        "std_err": deviations,
        "low": values - reach,
        "high": values + reach,
    }
    return pd.DataFrame(table, index=pd.MultiIndex.from_tuples(*index))


def make_mixed_table(
    model: MultiTaskLinearMixedEstimator, confidence: float
) -> DataFrame:
    """Return the tables of both models concatenated in the order of the tasks."""
    import pandas as pd

    parts = []
    for part in (model.classifier_, model.regressor_):
        if part is None:
            continue
        if not hasattr(part, "coef_table"):
            raise ValueError(
                f"{type(model).__name__}: coef_table needs a posterior, but "
                f"{type(part).__name__} has none. Use MultiTaskLinearClassifier and "
                "MultiTaskLinearRegressor with penalty='empirical_bayes'."
            )
        table = part.coef_table(confidence)
        if "class" not in table.index.names:
            rows = [(task, None, feature) for task, feature in table.index]
            table.index = pd.MultiIndex.from_tuples(rows, names=CLASS_LEVELS)
        parts += [(task, rows) for task, rows in table.groupby("task", sort=False)]
    # The parts were fitted to an array and to the codes of the classes.
    names = enumerate(getattr(model, "feature_names_in_", ()))
    features = {f"x{j}": name for j, name in names}
    classes = {t.name: _label_by_code(t) for t in model.task_set_.tasks}
    parts = [
        (
            task,
            rows.rename(features, level="feature").rename(classes[task], level="class"),
        )
        for task, rows in parts
    ]
    order = {name: t for t, name in enumerate(model.task_set_.names)}
    parts.sort(key=lambda pair: order[pair[0]])
    if not parts:
        raise ValueError(
            f"{type(model).__name__}: no task has coefficients, because all tasks "
            "are constant or have no labels."
        )
    return pd.concat([rows for _, rows in parts])


def _index(model: LinearBase) -> Any:
    """Return tuples (task, feature) or (task, class, feature), and their names."""
    features = list(getattr(model, "feature_names_in_", ()))
    features = features or [f"x{j}" for j in range(model.n_features_in_)]
    features += [INTERCEPT] * bool(model.fit_intercept)
    tasks = model.task_set_.tasks
    if model._kind == "regression":
        return [(t.name, j) for t in tasks for j in features], None, ("task", "feature")
    found = [(t.name, c, j) for t in tasks for c in _row_classes(t) for j in features]
    return found, None, CLASS_LEVELS


def _label_by_code(task: Task) -> dict[int, Any]:
    """Return the classes of a task by their codes."""
    return {} if task.classes is None else dict(enumerate(task.classes.tolist()))


def _row_classes(task: Task) -> list[Any]:
    """Return the class to which each row of coefficients belongs."""
    classes: list[Any] = [None] if task.classes is None else task.classes.tolist()
    # With two classes there is one row, for the second class.
    return classes if len(classes) > 2 else (classes[-1:] or [None])
