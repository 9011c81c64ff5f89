"""True labels of a task for scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.tasks import Task

__all__ = ["TaskTruth"]


@dataclass(frozen=True)
class TaskTruth:
    """The observed labels of one task with positive weights.

    Attributes
    ----------
    name : str
        Name of the task.
    rows : ndarray of shape (n_observed,)
        Indices of the samples.
    y : ndarray of shape (n_observed,)
        Indices of the labels in `classes`, or regression values.
    weight : ndarray of shape (n_observed,)
        Positive weights.
    model : Task
        Task of the model.
    classes : ndarray of shape (n_classes,) or None
        Union of the classes of the model and of y; None for a regression task.
    of_model : ndarray of shape (n_classes_of_model,)
        Indices of the classes of the model in `classes`.
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
        """Kind of the task: "binary", "multiclass", "regression" or "tokens".

        It depends on the classes of the model and of y together, so that all folds use
        the same metric even if a class is missing in a fold.
        """
        if self.classes is None:
            return "regression"
        return "binary" if len(self.classes) <= 2 else "multiclass"

    @property
    def labels(self) -> Any:
        """Labels as given by the user; lists for a token task."""
        return self.y if self.classes is None else self.classes[self.y]

    @property
    def weight_of_labels(self) -> np.ndarray:
        """Weight of each label."""
        return self.weight

    def align(self, given: Any, who: str) -> Any:
        """Return the predictions in arrays that can be indexed with `rows`."""
        return given

    def regroup(self, values: np.ndarray) -> Any:
        """Return predictions for `rows` in the form of the labels."""
        return values
