"""Inputs and targets that can be restricted to some samples and tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.validation import check_consistent_length

from sklearn_mtl.tasks import TaskSet, check_sample_weight
from sklearn_mtl.utils._fit_params import fit_params_for, takes
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._pipelines import weight_key
from sklearn_mtl.utils._private import num_samples, safe_indexing
from sklearn_mtl.utils._table import (
    as_table,
    drop_weightless,
    in_task_order,
    take_tasks,
)
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike

__all__ = ["TaskData", "read_data", "with_validation"]


@dataclass(frozen=True)
class TaskData:
    """Inputs and targets that can be restricted to some samples and tasks.

    Attributes
    ----------
    X : array-like of shape (n_samples, n_features)
        Input data.
    y : ndarray or DataFrame of shape (n_samples, n_tasks)
        Targets as passed by the user, but missing where their weight is 0.
    weights : ndarray of shape (n_samples, n_tasks) or None
        Weights of the labels, if given.
    task_set : TaskSet
        The tasks.
    codes : ndarray of shape (n_samples, n_tasks)
        Encoded labels, NaN where missing.
    group : ndarray of shape (n_samples,) or None
        Index of the group of each sample.
    validation : TaskData or None
        Validation set, passed to fits as X_val, y_val and sample_weight_val in place of
        groups.
    params : mapping of str to object
        Other arguments of fit by name. Arguments with one entry per sample are
        restricted to the same samples.
    """

    X: FeaturesLike
    y: TargetsLike
    weights: np.ndarray | None
    task_set: TaskSet
    codes: np.ndarray
    group: np.ndarray | None = None
    validation: TaskData | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def types(self) -> list[str]:
        """Return "classification" or "regression" for each task."""
        return [task.type for task in self.task_set.tasks]

    def take(self, rows: np.ndarray) -> TaskData:
        """Return the data of some samples."""
        n_samples = len(self.codes)
        params = {name: _cut(v, rows, n_samples) for name, v in self.params.items()}
        return replace(
            self,
            X=safe_indexing(self.X, rows),
            y=safe_indexing(self.y, rows),
            weights=None if self.weights is None else self.weights[rows],
            codes=self.codes[rows],
            group=None if self.group is None else self.group[rows],
            params=params,
        )

    def of_tasks(self, columns: Sequence[int]) -> TaskData:
        """Return the data of some tasks and of the samples with any of their labels."""
        chosen = list(columns)
        is_seen = ~np.isnan(self.codes[:, chosen]).all(axis=1)
        part = self if is_seen.all() else self.take(np.flatnonzero(is_seen))
        held = None if part.validation is None else part.validation.of_tasks(chosen)
        return replace(
            part,
            y=take_tasks(part.y, chosen),
            weights=None if part.weights is None else part.weights[:, chosen],
            task_set=part.task_set.subset(chosen),
            codes=part.codes[:, chosen],
            validation=None if held is None or not len(held.codes) else held,
        )

    def fit_params(self, model: Estimator, who: str) -> dict[str, Any]:
        """Return the arguments of fit of a model other than inputs and targets."""
        held: dict[str, Any] = {"groups": self.group}
        if self.validation is not None:
            own = self.validation
            held = {"X_val": own.X, "y_val": own.y}
            held["sample_weight_val"] = _by_sample(own.weights)
        found = {**self.params, **fit_params_for(model, held, who)}
        weights = _by_sample(self.weights)
        if weights is not None and get_config()["enable_metadata_routing"]:
            if takes(model, "sample_weight"):
                found["sample_weight"] = weights
        elif weights is not None:
            found[weight_key(model)] = weights
        return found


def _by_sample(weights: np.ndarray | None) -> np.ndarray | None:
    """Return one weight per sample if all tasks have the same weights."""
    # estimators of other packages accept only one weight per sample
    if weights is None or not (weights == weights[:, :1]).all():
        return weights
    return weights[:, 0]


def _cut(value: Any, rows: np.ndarray, n_samples: int) -> Any:
    """Return the entries of some samples if the value has one entry per sample."""
    if isinstance(value, str | Mapping) or not hasattr(value, "__len__"):
        return value
    return safe_indexing(value, rows) if num_samples(value) == n_samples else value


def read_data(
    estimator: Estimator | None,
    X: FeaturesLike,
    y: TargetsLike,
    who: str,
    *,
    sample_weight: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    on_empty_task: str = "raise",
) -> TaskData:
    """Read the targets in the same way as an estimator.

    Shapes: sample_weight (n_samples,) or (n_samples, n_tasks), groups
    (n_samples,).
    """
    warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
    warn_of_index_order(who, X=X, groups=groups)
    kind = "mixed"
    if estimator is not None and is_classifier(estimator):
        kind = "classification"
    elif estimator is not None and is_regressor(estimator):
        kind = "regression"
    tasks, codes = TaskSet.from_y(
        y,
        kind=kind,
        who=who,
        task_types=_task_types(estimator) if kind == "mixed" else None,
        on_empty_task=on_empty_task,
        sample_weight=sample_weight,
    )
    check_consistent_length(X, codes)
    weights = None
    if sample_weight is not None:
        weights = check_sample_weight(sample_weight, codes.shape, who, tasks)
        y = drop_weightless(y, weights, who)
    group = None if groups is None else read_groups(groups, len(codes), who)
    return TaskData(X, as_table(y, who), weights, tasks, codes, group)


def _task_types(estimator: Any) -> Any:
    """Return the task_types of a mixed estimator or of the last step of a pipeline."""
    if not hasattr(estimator, "get_params"):
        return None
    told = [
        value
        for name, value in estimator.get_params(deep=True).items()
        if name.rpartition("__")[2] == "task_types" and value is not None
    ]
    return told[-1] if told else None


def with_validation(
    data: TaskData, given: HoldOut, who: str, on_empty_task: str
) -> TaskData:
    """Return the data with a validation set for its fits."""
    tasks = data.task_set
    codes, weights = given.encode(tasks, who)
    given.check_tasks(tasks, ~np.isnan(codes), who, on_empty_task)
    y = as_table(in_task_order(given.y, tasks, "y_val", who), who)
    if weights is not None:
        weights = check_sample_weight(weights, codes.shape, who)
    return replace(data, validation=TaskData(given.X, y, weights, tasks, codes))
