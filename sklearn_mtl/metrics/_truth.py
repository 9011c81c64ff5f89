"""The labels to score against, task by task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.tasks import Task

__all__ = ["TaskTruth"]


@dataclass(frozen=True)
class TaskTruth:
    """The observed labels of one task that have a positive weight.

    Attributes
    ----------
    name : str
        Name of the task.
    rows : ndarray of shape (n_observed,)
        Their rows.
    y : ndarray of shape (n_observed,)
        Indices into `classes`, or the values of a regression.
    weight : ndarray of shape (n_observed,)
        Positive weights.
    model : Task
        The task as the model knows it.
    classes : ndarray of shape (n_classes,) or None
        The labels of the model and of y together; None for a regression.
    of_model : ndarray of shape (n_classes_of_model,)
        Where the model's classes stand in `classes`.
    """

    name: str
    rows: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    model: Task
    classes: np.ndarray | None
    of_model: np.ndarray

    @property
    def kind(self) -> str:
        """Return "binary", "multiclass", "regression" or "tokens".

        Model and y decide together, so that a fold in which one of them lacks a class
        is scored by the same metric as the others.
        """
        if self.classes is None:
            return "regression"
        return "binary" if len(self.classes) <= 2 else "multiclass"

    @property
    def labels(self) -> Any:
        """The labels as they came; those of tokens as lists."""
        return self.y if self.classes is None else self.classes[self.y]

    @property
    def weight_of_labels(self) -> np.ndarray:
        """The weight of each of the labels."""
        return self.weight

    def align(self, given: Any, who: str) -> Any:
        """Return what a model gives, in an array that `rows` can index."""
        return given

    def regroup(self, values: np.ndarray) -> Any:
        """Return what is given for `rows` in the form of the labels."""
        return values
