"""Columns with prediction intervals and prediction sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from sklearn_mtl.command_line._facts import label_text
from sklearn_mtl.command_line._saved_model import SavedModel
from sklearn_mtl.tasks import model_and_inputs

__all__ = ["check_coverage", "with_regions"]

_OPTION = "--coverage"
# which every model that held nothing out names, for users of Python
_REMEDY = "ConformalPredictor"
_SIGNIFICANT = 9
_BETWEEN = " | "


def check_coverage(text: str) -> float:
    """Return the coverage as a number in (0, 1)."""
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 < value < 1:
        raise ValueError(
            f"{_OPTION}: {text!r} must be a number between 0 and 1, such as 0.9."
        )
    return value


def with_regions(saved: SavedModel, X: Any, predicted: Any, coverage: float) -> Any:
    """Return predictions with the columns TARGET_low and TARGET_high, or TARGET_set.

    Underscores are appended to names that are already taken. Shapes: X (n_samples,
    n_inputs).
    """
    model, inputs = model_and_inputs(saved.estimator, X, _OPTION)
    found: dict[str, Any] = {}
    for t, task in enumerate(saved.tasks):
        method = "predict_set" if task.is_classification else "predict_interval"
        if not hasattr(model, method):
            raise ValueError(
                f"{_OPTION}: this model has no prediction intervals or sets. Fit a "
                "model that has them with --model net or --model blend."
            )
        if method not in found:
            values = _ask(getattr(model, method), inputs, coverage)
            found[method] = [values] if model.task_set_.is_1d else values
        values = found[method]
        if task.is_classification:
            columns = {"set": _texts(values[t], task.classes)}
        else:
            ends = np.asarray(values[0] if model.task_set_.is_1d else values[:, t])
            columns = {"low": ends[:, 0], "high": ends[:, 1]}
        for suffix, column in columns.items():
            name = f"{task.name}_{suffix}"
            while name in predicted:
                name += "_"
            predicted = predicted.assign(**{name: _rounded(column)})
    return predicted


def _ask(method: Callable, inputs: Any, coverage: float) -> Any:
    """Return intervals or sets; a model that held nothing out has none."""
    try:
        return method(inputs, coverage)
    except ValueError as error:
        if _REMEDY not in str(error):
            raise
        raise ValueError(
            f"{_OPTION}: this model held out no rows of its training table, so it does "
            "not know how large its errors are. Nets, forests and blends hold out rows "
            "of tables with more than 100 rows, and with more than one group where "
            "--group is given."
        ) from error


def _texts(chosen: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Return the labels of each set as one text."""
    labels = [label_text(label) for label in classes]
    rows = [_BETWEEN.join(labels[k] for k in np.flatnonzero(one)) for one in chosen]
    return np.array(rows, dtype=object)


def _rounded(column: np.ndarray) -> Any:
    """Return numbers rounded to the precision of float32."""
    if column.dtype == object:
        return column
    return [float(f"{value:.{_SIGNIFICANT}g}") for value in column]
