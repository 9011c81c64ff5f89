"""Targets of a comparison: all labels for scoring, and those left for training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.datasets import check_fraction, hide_labels
from sklearn_mtl.tasks import TaskSet, TokenLabels, by_task
from sklearn_mtl.utils._table import as_table
from sklearn_mtl.utils._typing import TargetsLike, TaskTypes

__all__ = ["Targets", "read_targets"]


@dataclass(frozen=True)
class Targets:
    """Targets of all models of a comparison.

    Attributes
    ----------
    tasks : TaskSet
        The tasks.
    codes : ndarray of shape (n_samples, n_tasks)
        Class indices and regression values, NaN where missing.
    y : ndarray or DataFrame of shape (n_samples, n_tasks)
        All labels, which are used for scoring.
    y_fit : ndarray or DataFrame of shape (n_samples, n_tasks)
        Labels that are available for training.
    """

    tasks: TaskSet
    codes: np.ndarray
    y: TargetsLike
    y_fit: Any

    @property
    def tokens(self) -> dict[int, TokenLabels]:
        """Return the tags of the token tasks, by column."""
        return self.tasks.encode_tokens(self.y, who="compare")

    @property
    def task_types(self) -> list[str]:
        """Return "classification", "regression" or "tokens" for each task."""
        return [task.type for task in self.tasks.tasks]

    def observed(self, which: str = "y") -> np.ndarray:
        """Return which labels of `y` or `y_fit` are observed (n_samples, n_tasks)."""
        if which == "y" or self.y_fit is self.y:
            return ~np.isnan(self.codes)
        return ~np.isnan(self.tasks.encode(self.y_fit, who="compare"))


def read_targets(
    y: TargetsLike,
    task_types: TaskTypes | None,
    missing_fraction: Any,
    random_state: int | None,
) -> Targets:
    """Read the targets and hide the given fraction of their labels.

    Shapes: y (n_samples,) or (n_samples, n_tasks).
    """
    table = as_table(y, "compare")
    # sentinels such as -1 give a warning here; tasks with one class are rejected later
    tasks, codes = TaskSet.from_y(
        table, who="compare", task_types=task_types, allow_tokens=True
    )
    targets = Targets(tasks, codes, table, table)
    if not np.any(missing_fraction):
        return targets
    name, who = "missing_fraction", "compare"
    shares = by_task(
        missing_fraction, tasks.names, parameter=name, who=who, default=0.0
    )
    fractions = check_fraction(list(shares.values()), tasks.n_tasks, name, who)
    fewer = hide_labels(
        table,
        fractions.tolist(),
        task_types=targets.task_types,
        random_state=random_state,
    )
    return Targets(tasks, codes, table, fewer)
