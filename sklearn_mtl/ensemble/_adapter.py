"""Wrapper that fits a multi-output estimator to all tasks together if possible."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import has_fit_parameter

from sklearn_mtl.model_selection import (
    classes_of_tasks,
    predicted_columns,
    proba_of_tasks,
)
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import ClassOutputsMixin, TaskSet
from sklearn_mtl.utils._fit_params import fit_params_for, takes
from sklearn_mtl.utils._private import safe_indexing
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike, TaskTypes

__all__ = ["SharedOutputs"]


class SharedOutputs(ClassOutputsMixin, BaseEstimator):
    """Fit a multi-output estimator to all tasks together if possible.

    This requires that all tasks are of one type, no label is missing, no task has a
    single class, and there is only one weight per sample. Otherwise one clone is fitted
    per task.

    Parameters
    ----------
    estimator : estimator
        Multi-output estimator of scikit-learn, such as RandomForestClassifier.
    task_types : sequence of str
        Type of each task, "classification" or "regression".
    on_empty_task : {"raise", "warn"}, default="raise"
        Handling of tasks without labels, as in IndependentTasks.
    """

    task_set_: TaskSet

    def __init__(
        self,
        estimator: Estimator,
        task_types: TaskTypes | None,
        on_empty_task: str = "raise",
    ) -> None:
        self.estimator = estimator
        self.task_types = task_types
        self.on_empty_task = on_empty_task

    def fit(
        self,
        X: FeaturesLike,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        **held: Any,
    ) -> SharedOutputs:
        """Fit one estimator to all tasks, or one per task.

        Shapes: X (n_samples, n_features), y (n_samples,) or (n_samples,
        n_tasks).
        """
        self.task_set_, codes = TaskSet.from_y(
            y,
            task_types=self.task_types,
            on_empty_task=self.on_empty_task,
            warn=False,
            sample_weight=sample_weight,
        )
        rows = np.flatnonzero(~np.isnan(codes).all(axis=1))
        self._is_shared = "X_val" not in held and self._can_share(
            codes[rows], sample_weight
        )
        if not self._is_shared:
            self.estimator_ = IndependentTasks(
                self.estimator,
                task_types=self.task_types,
                on_empty_task=self.on_empty_task,
            ).fit(X, y, sample_weight, **held)
            return self
        kinds = {task.is_classification for task in self.task_set_.tasks}
        extra = {name: safe_indexing(value, rows) for name, value in held.items()}
        extra = fit_params_for(self.estimator, extra, type(self).__name__)
        if sample_weight is not None:
            extra["sample_weight"] = np.asarray(sample_weight)[rows]
        if len(rows) < len(codes):
            X, codes = safe_indexing(X, rows), codes[rows]
        labels = codes.astype(np.intp) if kinds == {True} else codes
        self.estimator_ = clone(self.estimator).fit(X, labels, **extra)
        return self

    def _takes_in_fit(self, name: str) -> bool:
        return takes(self.estimator, name)

    def _can_share(self, codes: np.ndarray, sample_weight: ArrayLike | None) -> bool:
        kinds = {task.is_classification for task in self.task_set_.tasks}
        by_row = sample_weight is None or (
            np.ndim(sample_weight) == 1
            and has_fit_parameter(self.estimator, "sample_weight")
        )
        return (
            len(kinds) == 1
            and codes.shape[1] > 1
            and not np.isnan(codes).any()
            and "constant" not in self.task_set_.kinds
            and by_row
        )

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        if not self._is_shared:
            return self.estimator_._task_outputs(X)
        n_tasks, who = self.task_set_.n_tasks, type(self.estimator).__name__
        classes = classes_of_tasks(self.estimator_, n_tasks, who)
        if classes[0] is None:
            return predicted_columns(self.estimator_.predict(X), n_tasks, who)
        if hasattr(self.estimator_, "predict_proba"):
            found = proba_of_tasks(self.estimator_.predict_proba(X), classes, who)
            return [one for one in found if one is not None]
        labels = predicted_columns(self.estimator_.predict(X), n_tasks, who)
        pairs = zip(labels, self.task_set_.tasks, strict=True)
        return [np.eye(task.n_classes)[one.astype(np.intp)] for one, task in pairs]
