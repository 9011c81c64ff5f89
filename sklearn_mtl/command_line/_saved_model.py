"""Saved models for tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

from sklearn_mtl.command_line._facts import Facts, label_text, read_facts
from sklearn_mtl.utils._pipelines import fitted_model

__all__ = ["SavedModel", "load_model"]

_DIGITS, _SIGNIFICANT = 6, 9
_WHOLE = re.compile(r"(?<=\d)\.0+$")
_BOOLEANS = ("true", "false")
_ZIP = b"PK\x03\x04"  # first bytes of every zip file
_IN_PYTHON = "Use it in Python: sklearn_mtl.load(path).predict(X)."


@dataclass(frozen=True)
class SavedModel:
    """A saved model for tables.

    Attributes
    ----------
    estimator : estimator
        Fitted estimator of prepared inputs.
    chooser : TableInputs or None
        Preparation of a table; None if the model was saved in Python without one.
    facts : Facts
        Facts about the training.
    """

    estimator: Any
    chooser: Any
    facts: Facts

    @property
    def tasks(self) -> Any:
        """Return the tasks."""
        return fitted_model(self.estimator).task_set_.tasks

    @property
    def task_names(self) -> list[str]:
        """Return the names of the tasks."""
        return [task.name for task in self.tasks]

    @property
    def inputs(self) -> list[str]:
        """Return the names of the required columns."""
        if self.chooser is not None:
            return list(self.chooser.kinds_)
        return [str(name) for name in self.estimator.feature_names_in_]

    @property
    def texts(self) -> list[str]:
        """Return the names of the inputs that were categorical in training."""
        return list(self.facts.categories)

    @property
    def columns(self) -> list[str]:
        """Return the names of all columns of the training table but the targets."""
        left_out = [] if self.chooser is None else list(self.chooser.left_out_)
        return [*self.inputs, *left_out, *self.facts.dropped]

    def prepare(self, frame: Any) -> Any:
        """Return the inputs of a table, with categories spelled as in training."""
        spelled = {
            name: _as_in_training(frame[name], set(values))
            for name, values in self.facts.categories.items()
        }
        frame = frame.assign(**spelled)
        if self.chooser is None:
            return frame[self.inputs]
        return self.chooser.transform(frame)

    def predict(self, X: Any) -> Any:
        """Return the predictions of all tasks and the probabilities of classes.

        Columns with probabilities are named TARGET=CLASS, or P(TARGET=CLASS) if this
        name is taken. Shapes: X (n_samples, n_inputs) -> (n_samples, n_columns).
        """
        import pandas as pd

        labels = pd.DataFrame(self.estimator.predict(X))
        probabilities: Any = None
        if hasattr(self.estimator, "predict_proba"):
            probabilities = self.estimator.predict_proba(X)
            if labels.shape[1] == 1 and not isinstance(probabilities, list):
                probabilities = [probabilities]
        columns: dict[str, Any] = {}
        taken = set(self.task_names)
        for t, task in enumerate(self.tasks):
            if task.classes is None:
                columns[task.name] = [_short(value) for value in labels.iloc[:, t]]
                continue
            columns[task.name] = [label_text(label) for label in labels.iloc[:, t]]
            if probabilities is None:
                continue
            for label, values in zip(task.classes, probabilities[t].T, strict=True):
                name = f"{task.name}={label_text(label)}"
                while name in taken:
                    name = f"P({name})"
                taken.add(name)
                columns[name] = values.astype(float).round(_DIGITS)
        return pd.DataFrame(columns)


def load_model(path: str) -> SavedModel:
    """Load a model for tables.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is not a saved model of this package, or the model was fitted to
        arrays.
    """
    if not Path(path).is_file():
        what = "is a folder" if Path(path).is_dir() else "does not exist"
        raise FileNotFoundError(f"the model file {path!r} {what}.")
    with Path(path).open("rb") as file:
        is_archive = file.read(len(_ZIP)) == _ZIP
    if not is_archive:
        raise ValueError(
            f"{path}: not a saved model. The first argument must be a model, which can "
            "be made by sklearn-mtl fit TABLE --targets a b -o model.mtl"
        )
    from sklearn_mtl.persistence import load

    model = load(path)
    if not hasattr(fitted_model(model), "task_set_"):
        kind = type(fitted_model(model)).__name__
        raise ValueError(
            f"{path}: the file contains a {kind}, which is not a fitted model of "
            f"sklearn_mtl. {_IN_PYTHON}"
        )
    chooser, estimator = _split(model)
    if chooser is None and not hasattr(estimator, "feature_names_in_"):
        raise ValueError(
            f"{path}: the model was fitted to arrays, so it does not know the names of "
            f"its columns. {_IN_PYTHON}"
        )
    return SavedModel(estimator, chooser, read_facts(model))


def _as_in_training(column: Any, known: set[str]) -> Any:
    """Return categories with the spelling of the training table, such as 1 for 1.0.

    pandas writes whole numbers with a decimal point if values are missing, and
    spreadsheets write truth values in capitals.
    """
    new: dict[Any, str] = {}
    for value in column.dropna().unique():
        if isinstance(value, str) and value not in known:
            whole = _WHOLE.sub("", value)
            spellings = (whole, f"{value}.0", value.capitalize(), value.upper())
            is_plain = whole != value or value.isdecimal() or value.lower() in _BOOLEANS
            found = [one for one in spellings if is_plain and one in known]
            new |= {value: found[0]} if found else {}
    return column.replace(new) if new else column


def _short(value: float) -> float:
    """Return a number rounded to the precision of float32."""
    return float(f"{value:.{_SIGNIFICANT}g}")


def _split(model: Any) -> tuple[Any, Any]:
    """Return the TableInputs at the start of a Pipeline, or None, and the rest."""
    from sklearn_mtl.preprocessing import TableInputs

    if isinstance(model, Pipeline) and isinstance(model.steps[0][1], TableInputs):
        return model.steps[0][1], Pipeline(model.steps[1:])
    return None, model
