"""Tuning of the decisions of all tasks for a fitted estimator."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.exceptions import MissingLabelWarning, TaskError
from sklearn_mtl.model_selection._decision_settings import TaskSetting
from sklearn_mtl.model_selection._decisions import TaskRule, learn_rule
from sklearn_mtl.model_selection._out_of_fold import Training, held_out_probabilities
from sklearn_mtl.model_selection._responses import classes_of_tasks, periods_of_tasks
from sklearn_mtl.tasks import TargetColumns, Task, TaskSet, check_sample_weight
from sklearn_mtl.utils._pipelines import fitted_model

__all__ = ["DecisionFit", "task_set_of", "weights_of"]


@dataclass(frozen=True)
class DecisionFit:
    """A fitted estimator and the decision settings of its tasks.

    Attributes
    ----------
    estimator : estimator
        A clone of it is fitted to each fold.
    model : estimator
        Estimator fitted to all samples.
    task_set : TaskSet
        Tasks of the model.
    settings : list of TaskSetting
        Settings of the decision of each task.
    calibrate : str or None
        Method that calibrates the probabilities.
    """

    estimator: Any
    model: Any
    task_set: TaskSet
    settings: Sequence[TaskSetting]
    calibrate: str | None

    def learn_rules(
        self, data: Training, cv: Any, n_jobs: int | None, who: str
    ) -> list[TaskRule]:
        """Return the calibration and decision rule of each task."""
        self._check_classes(who)
        rules = [TaskRule(costs=one.costs) for one in self.settings]
        tasks = self.task_set.tasks
        chosen = [t for t in range(len(tasks)) if self._is_learned(t)]
        if not chosen:
            return rules
        self._check_probabilities(who)
        proba = held_out_probabilities(
            self.estimator, self.model, tasks, data, cv, n_jobs, who
        )
        codes = self.task_set.encode(data.columns, unseen="wrong", who=who)
        weights = check_sample_weight(data.weights, codes.shape, who)
        unknown = []
        for t in chosen:
            held = proba[t], codes[:, t], weights[:, t]
            found = learn_rule(tasks[t], self.settings[t], self.calibrate, held, who)
            if found is None:
                unknown.append(tasks[t].name)
            else:
                rules[t] = found
        _warn_of_unknown(unknown, len(tasks), who)
        return rules

    def _is_learned(self, t: int) -> bool:
        """Return whether out-of-fold predictions of a task are needed."""
        is_calibrated = self.calibrate is not None
        task = self.task_set.tasks[t]
        has_choice = task.is_classification and task.n_classes > 1
        return has_choice and (is_calibrated or self.settings[t].metric is not None)

    def _check_classes(self, who: str) -> None:
        if all(task.classes is None for task in self.task_set.tasks):
            raise TaskError(
                f"{who}: all tasks are regressions for "
                f"{type(fitted_model(self.model)).__name__}: "
                f"{self.task_set.names[:10]}. No class has to be chosen: use the "
                "estimator without TaskDecisionsCV. If the labels are classes, use a "
                "classifier or set task_types."
            )

    def _check_probabilities(self, who: str) -> None:
        if not hasattr(self.model, "predict_proba"):
            raise ValueError(
                f"{who}: {type(fitted_model(self.model)).__name__} has no "
                "predict_proba. Use IndependentTasks with a single-task classifier in "
                "a CalibratedClassifierCV."
            )


def weights_of(columns: TargetColumns, who: str) -> np.ndarray | None:
    """Return the weights: one per sample if all tasks have the same weights."""
    if columns.weights is None:
        return None
    weights = check_sample_weight(columns.weights, columns.observed.shape, who)
    return weights[:, 0] if (weights == weights[:, :1]).all() else weights


def task_set_of(model: Any, columns: TargetColumns, who: str) -> TaskSet:
    """Return the tasks of a fitted estimator."""
    own = getattr(fitted_model(model), "task_set_", None)
    if own is not None:
        return own
    n_tasks = len(columns.names)
    classes = classes_of_tasks(model, n_tasks, who)
    tasks = [_task(*pair) for pair in zip(columns.names, classes, strict=True)]
    known = TaskSet(tasks, columns.is_1d, columns.has_names)
    return known.with_periods(periods_of_tasks(model, n_tasks))


def _task(name: str, classes: np.ndarray | None) -> Task:
    if classes is None:
        return Task(name, "regression", None, np.dtype(float))
    kind = {1: "constant", 2: "binary"}.get(len(classes), "multiclass")
    return Task(name, kind, np.sort(classes), classes.dtype)


def _warn_of_unknown(names: Sequence[str], n_tasks: int, who: str) -> None:
    if names:
        shown = [*names[:10], *(["..."] if len(names) > 10 else [])]
        warnings.warn(
            f"{who}: {len(names)} of {n_tasks} tasks have out-of-fold predictions with "
            f"labels of fewer than two classes: {shown}. Their probabilities are not "
            "calibrated, and their most probable class is predicted unless costs are "
            "given.",
            MissingLabelWarning,
            stacklevel=6,
        )
