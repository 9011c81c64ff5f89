"""A saved model, and what the commands ask it."""

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
_ZIP = b"PK\x03\x04"  # how every zip begins
_IN_PYTHON = "Use it in Python: sklearn_mtl.load(path).predict(X)."


@dataclass(frozen=True)
class SavedModel:
    """A model for tables.

    Attributes
    ----------
    estimator : estimator
        Fitted; it takes prepared inputs.
    chooser : TableInputs or None
        What prepares a table; None where the model was saved from Python without one.
    facts : Facts
        What the file says of the training.
    """

    estimator: Any
    chooser: Any
    facts: Facts

    @property
    def tasks(self) -> Any:
        """What the tasks are."""
        return fitted_model(self.estimator).task_set_.tasks

    @property
    def task_names(self) -> list[str]:
        """Names of the tasks."""
        return [task.name for task in self.tasks]

    @property
    def inputs(self) -> list[str]:
        """Names of the columns that must be there."""
        if self.chooser is not None:
            return list(self.chooser.kinds_)
        return [str(name) for name in self.estimator.feature_names_in_]

    @property
    def texts(self) -> list[str]:
        """Names of the inputs that were categories in the training table."""
        return list(self.facts.categories)

    @property
    def columns(self) -> list[str]:
        """Names of all columns that were there in training."""
        left_out = [] if self.chooser is None else list(self.chooser.left_out_)
        return [*self.inputs, *left_out, *self.facts.dropped]

    def prepare(self, frame: Any) -> Any:
        """Return the inputs of a table, with categories as training wrote them."""
        spelled = {
            name: _as_in_training(frame[name], set(values))
            for name, values in self.facts.categories.items()
        }
        frame = frame.assign(**spelled)
        if self.chooser is None:
            return frame[self.inputs]
        return self.chooser.transform(frame)

    def predict(self, X: Any) -> Any:
        """Return labels and values of all tasks, and probabilities of classes.

        A probability whose name TARGET=CLASS is that of another column is named
        P(TARGET=CLASS). Shapes: X (n_samples, n_inputs) -> (n_samples, n_columns).
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
        If it is no saved model, or none of this package for tables with names.
    """
    if not Path(path).is_file():
        what = "is a folder" if Path(path).is_dir() else "is not there"
        raise FileNotFoundError(f"the model {path!r} {what}.")
    with Path(path).open("rb") as file:
        is_archive = file.read(len(_ZIP)) == _ZIP
    if not is_archive:
        raise ValueError(
            f"{path}: it is no saved model. The model comes before the table, and "
            "sklearn-mtl fit TABLE --targets a b -o model.mtl makes one."
        )
    from sklearn_mtl.persistence import load

    model = load(path)
    if not hasattr(fitted_model(model), "task_set_"):
        kind = type(fitted_model(model)).__name__
        raise ValueError(
            f"{path}: it holds a {kind}, which is no fitted model of sklearn_mtl. "
            f"{_IN_PYTHON}"
        )
    chooser, estimator = _split(model)
    if chooser is None and not hasattr(estimator, "feature_names_in_"):
        raise ValueError(
            f"{path}: the model was fitted to arrays, so columns of a table cannot be "
            f"found by name. {_IN_PYTHON}"
        )
    return SavedModel(estimator, chooser, read_facts(model))


def _as_in_training(column: Any, known: set[str]) -> Any:
    """Return texts of which 1.0 is 1, and TRUE is True, where training had only that.

    pandas writes whole numbers with a decimal if one is missing; spreadsheets write
    truth values in capitals.
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
    """Return a number without the digits that float32 does not have."""
    return float(f"{value:.{_SIGNIFICANT}g}")


def _split(model: Any) -> tuple[Any, Any]:
    """Return the TableInputs that a Pipeline begins with, and the rest."""
    from sklearn_mtl.preprocessing import TableInputs

    if isinstance(model, Pipeline) and isinstance(model.steps[0][1], TableInputs):
        return model.steps[0][1], Pipeline(model.steps[1:])
    return None, model
