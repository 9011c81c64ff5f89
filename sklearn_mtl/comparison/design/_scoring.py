"""Metrics of the tasks, and scores of fitted models."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.comparison.design._scales import score_scales
from sklearn_mtl.comparison.results._rows import TaskRow
from sklearn_mtl.comparison.results._tables import RESERVED
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import metrics_of_tasks
from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.tasks import TaskSet, TokenLabels
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, MetricChoice, TargetsLike

__all__ = ["TaskScores", "describe_tasks"]

_WHO = "compare"
# Balanced accuracy and ROC AUC do not measure calibration, but the log-loss does.
_SECOND_METRICS = {
    "balanced_accuracy": "neg_log_loss",
    "roc_auc": "neg_log_loss",
    "span_f1": "token_accuracy",
}


def describe_tasks(
    tasks: TaskSet,
    codes: np.ndarray,
    scoring: MetricChoice | None,
    tokens: Mapping[int, TokenLabels] | None = None,
) -> list[TaskRow]:
    """Return each task with its metric.

    Shapes: codes (n_samples, n_tasks).
    """
    _check_tasks(tasks, codes)
    metric = "auto" if scoring is None else scoring
    periods = [task.period for task in tasks.tasks]
    metrics = metrics_of_tasks(metric, tasks.tasks, periods, _WHO)
    for one in metrics:
        per_task_scorers(one.name)  # rejects errors that are not negated
    scales = score_scales(metrics, tasks, codes, tokens or {})
    rows = []
    pairs = zip(tasks.tasks, codes.T, metrics, scales, strict=True)
    for task, column, one, (zero, unit) in pairs:
        name = one.name
        is_default = scoring is None
        rows.append(
            TaskRow(
                name=task.name,
                kind=task.kind,
                n_classes=task.n_classes,
                n_labels=int((~np.isnan(column)).sum()),
                metric=name,
                second_metric=_SECOND_METRICS.get(name) if is_default else None,
                period=task.period,
                zero=zero,
                unit=unit,
            )
        )
    return rows


def _check_tasks(tasks: TaskSet, codes: np.ndarray) -> None:
    """Raise for reserved task names and for tasks with a single class or value."""
    for task, column in zip(tasks.tasks, codes.T, strict=True):
        if task.name in RESERVED:
            raise TaskError(
                f"{_WHO}: a task has the name {task.name!r}, which is a column of the "
                "table of scores. Rename the task."
            )
        if task.kind == "constant" and task.classes is not None:
            raise TaskError(
                f"{_WHO}: task {task.name!r} has the single class "
                f"{task.classes.tolist()[0]!r}; at least two classes are required."
            )
        seen = column[~np.isnan(column)]
        if task.kind == "regression" and (seen == seen[0]).all():
            raise TaskError(
                f"{_WHO}: all labels of task {task.name!r} are {seen[0]:g}; a "
                "regression target must not be constant."
            )


@dataclass(frozen=True)
class TaskScores:
    """Scorer of fitted models by the main and the second metric of each task.

    Attributes
    ----------
    tasks : sequence of TaskRow
        The tasks.
    """

    tasks: Sequence[TaskRow]

    def first(
        self, estimator: Estimator, X: FeaturesLike, y: TargetsLike
    ) -> np.ndarray:
        """Return the main score of each task (n_tasks,)."""
        return self._ask(
            {task.name: task.metric for task in self.tasks}, estimator, X, y
        )

    def second(
        self, estimator: Estimator, X: FeaturesLike, y: TargetsLike
    ) -> np.ndarray:
        """Return the second score of each task (n_tasks,), NaN without one."""
        asked = {
            task.name: task.second_metric for task in self.tasks if task.second_metric
        }
        if not asked:
            return np.full(len(self.tasks), np.nan)
        first = {task.name: task.metric for task in self.tasks}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # they were issued for the main score
            scores = self._ask({**first, **asked}, estimator, X, y)
        is_asked = np.array([task.second_metric is not None for task in self.tasks])
        return np.where(is_asked, scores, np.nan)

    def _ask(
        self, metrics: dict[str, Any], estimator: Estimator, X: FeaturesLike, y: Any
    ) -> np.ndarray:
        periods = {task.name: task.period for task in self.tasks}
        scores = per_task_scorers(metrics, periods=periods, mean=False)(estimator, X, y)
        return np.array([scores[task.name] for task in self.tasks])
