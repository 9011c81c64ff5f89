"""Models of groups of tasks, and their predictions for each task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.parallel import Parallel, delayed

from sklearn_mtl.grouping._partitions import Partition
from sklearn_mtl.inspection import TaskData, fit_tasks
from sklearn_mtl.model_selection import (
    classes_of_tasks,
    periods_of_tasks,
    predicted_columns,
    proba_of_tasks,
)
from sklearn_mtl.tasks import Task, TaskSet
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, Predictor

__all__ = ["GroupModels", "group_codes", "group_outputs"]

_WHO = "TaskGroupSearchCV"

# Function from (model, tasks, X) of a group to one array of predictions per task.
Question = Callable[[Any, Sequence[Task], Any], list[np.ndarray]]


@dataclass(frozen=True)
class GroupModels:
    """A partition of the tasks with the fitted model of each group."""

    task_set: TaskSet
    partition: Partition
    models: list[Any]

    @classmethod
    def fit(
        cls,
        estimator: Estimator,
        data: TaskData,
        partition: Partition,
        n_jobs: int | None,
    ) -> GroupModels:
        """Fit one clone of an estimator to each group."""
        # Threads avoid copying fitted models from other processes.
        models = Parallel(n_jobs=n_jobs, prefer="threads")(
            delayed(fit_tasks)(estimator, data, group, _WHO) for group in partition
        )
        found: dict[int, Any] = {}
        for group, model in zip(partition, models, strict=True):
            found.update(zip(group, periods_of_tasks(model, len(group)), strict=True))
        periods = [found[t] for t in range(data.task_set.n_tasks)]
        return cls(data.task_set.with_periods(periods), partition, models)

    @property
    def names(self) -> list[list[str]]:
        """Return the names of the tasks in each group."""
        names = self.task_set.names
        return [[names[t] for t in group] for group in self.partition]

    @property
    def group_of_task(self) -> np.ndarray:
        """Return the index of the group of each task (n_tasks,)."""
        out = np.empty(self.task_set.n_tasks, dtype=np.intp)
        for number, group in enumerate(self.partition):
            out[list(group)] = number
        return out

    def ask_all(self, ask: Question, X: FeaturesLike) -> list[np.ndarray]:
        """Return the predictions of all tasks, in task order."""
        found: dict[int, np.ndarray] = {}
        for number, group in enumerate(self.partition):
            found.update(zip(group, self._ask(ask, X, number), strict=True))
        return [found[t] for t in range(self.task_set.n_tasks)]

    def ask_one(self, ask: Question, X: FeaturesLike, t: int) -> np.ndarray:
        """Return the predictions of one task, using only the model of its group."""
        number = next(i for i, group in enumerate(self.partition) if t in group)
        return self._ask(ask, X, number)[self.partition[number].index(t)]

    def _ask(self, ask: Question, X: FeaturesLike, number: int) -> list[np.ndarray]:
        tasks = self.task_set.subset(self.partition[number]).tasks
        return ask(self.models[number], tasks, X)


def group_codes(
    model: Predictor, tasks: Sequence[Task], X: FeaturesLike
) -> list[np.ndarray]:
    """Return the predicted class indices or values (n_samples,) of each task."""
    columns = predicted_columns(model.predict(X), len(tasks), _WHO)
    return [_encode(task, one) for task, one in zip(tasks, columns, strict=True)]


def group_outputs(
    model: Any, tasks: Sequence[Task], X: FeaturesLike
) -> list[np.ndarray]:
    """Return probabilities (n_samples, n_classes) or values (n_samples,) of each task.

    For classifiers without probabilities, the predicted label has probability 1.
    """
    is_proba = hasattr(model, "predict_proba")
    if not is_proba or not all(task.is_classification for task in tasks):
        codes = group_codes(model, tasks, X)
    proba: Sequence[np.ndarray | None] = [None] * len(tasks)
    classes = classes_of_tasks(model, len(tasks), _WHO)
    if is_proba and any(task.is_classification for task in tasks):
        proba = proba_of_tasks(model.predict_proba(X), classes, _WHO)
    outputs = []
    for place, task in enumerate(tasks):
        found, known = proba[place], classes[place]
        if not task.is_classification:
            outputs.append(codes[place])
        elif found is None or known is None:
            outputs.append(np.eye(task.n_classes)[codes[place].astype(np.intp)])
        else:
            out = np.zeros((len(found), task.n_classes))
            out[:, task.encode(known).astype(np.intp)] = found
            outputs.append(out)
    return outputs


def _encode(task: Task, predicted: np.ndarray) -> np.ndarray:
    """Return the codes of predicted labels, which may have mixed types."""
    if task.kind == "empty":
        return np.full(len(predicted), np.nan)
    is_object = predicted.dtype.kind == "O"
    return task.encode(np.array(predicted.tolist()) if is_object else predicted)
