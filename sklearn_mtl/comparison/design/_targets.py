"""The targets of a comparison: a table, and the same with labels hidden."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sklearn_mtl.datasets import hide_labels
from sklearn_mtl.tasks import TaskSet, TokenLabels
from sklearn_mtl.utils._table import as_table
from sklearn_mtl.utils._typing import TargetsLike, TaskTypes

__all__ = ["Targets", "read_targets"]


@dataclass(frozen=True)
class Targets:
    """Targets that every row of a comparison reads.

    Attributes
    ----------
    tasks : TaskSet
        The tasks.
    codes : ndarray of shape (n_samples, n_tasks)
        Class indices and values, NaN where missing.
    y : ndarray or DataFrame of shape (n_samples, n_tasks)
        The labels as they came, to score against.
    y_fit : ndarray or DataFrame of shape (n_samples, n_tasks)
        The labels to learn from.
    """

    tasks: TaskSet
    codes: np.ndarray
    y: TargetsLike
    y_fit: Any

    @property
    def tokens(self) -> dict[int, TokenLabels]:
        """The tags of the tasks of tokens, by column."""
        return self.tasks.encode_tokens(self.y, who="compare")

    @property
    def task_types(self) -> list[str]:
        """Return "classification", "regression" or "tokens" for each task."""
        return [task.type for task in self.tasks.tasks]

    def observed(self, which: str = "y") -> np.ndarray:
        """Return where a label is (n_samples, n_tasks), of `y` or of `y_fit`."""
        if which == "y" or self.y_fit is self.y:
            return ~np.isnan(self.codes)
        return ~np.isnan(self.tasks.encode(self.y_fit, who="compare"))


def read_targets(
    y: TargetsLike,
    task_types: TaskTypes | None,
    missing_fraction: Any,
    random_state: int | None,
) -> Targets:
    """Read the targets and hide the wanted share of their labels.

    Shapes: y (n_samples,) or (n_samples, n_tasks).
    """
    table = as_table(y, "compare")
    # a sentinel is worth a warning; a task of one class is refused later
    tasks, codes = TaskSet.from_y(
        table, who="compare", task_types=task_types, allow_tokens=True
    )
    targets = Targets(tasks, codes, table, table)
    if not np.any(missing_fraction):
        return targets
    fewer = hide_labels(
        table,
        missing_fraction,
        task_types=targets.task_types,
        random_state=random_state,
    )
    return Targets(tasks, codes, table, fewer)
