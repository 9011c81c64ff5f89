"""Which column of the fused logits belongs to which task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.utils import Task

__all__ = ["ClassGroup", "OutputLayout"]


@dataclass(frozen=True)
class ClassGroup:
    """The multiclass tasks that have the same number of classes.

    Attributes
    ----------
    n_classes : int
        Number of classes of each.
    tasks : slice
        Their places in the layout's order of tasks.
    columns : slice
        Their logits; as a matrix of tasks and classes they need no padding.
    class_major : bool
        Whether the logits of class 0 of all tasks come first. A softmax over the
        leading axis of that matrix is vectorised over the tasks, which is five times
        faster for many tasks of few classes; for few tasks of many classes it is not.
    """

    n_classes: int
    tasks: slice
    columns: slice
    class_major: bool


class OutputLayout:
    """Order tasks so that each kind is one contiguous block of the fused logits.

    The blocks are: binary tasks (one logit each), regressions (one output each), then
    multiclass tasks grouped by their number of classes. A softmax over a group is one
    dense operation, so the cost grows with the number of *different* class counts and
    not with the number of tasks. Constant and empty tasks have no columns.

    Parameters
    ----------
    tasks : sequence of Task
        The tasks in column order of y.

    Attributes
    ----------
    order : ndarray of shape (n_trained,), int
        Column of y of each trained task, in the order of the layout.
    n_binary, n_regression : int
        Sizes of the first two blocks.
    groups : list of ClassGroup
        The multiclass blocks.
    n_outputs : int
        Number of logits.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        def place(t: int) -> tuple[int, int]:
            kind = {"binary": 0, "regression": 1}.get(tasks[t].kind, 2)
            return kind, tasks[t].n_classes if kind == 2 else 0

        trained = [
            t for t, task in enumerate(tasks) if task.kind not in ("constant", "empty")
        ]
        self.order = np.array(sorted(trained, key=place), dtype=np.intp)
        kinds = [tasks[t].kind for t in self.order]
        self.n_binary = kinds.count("binary")
        self.n_regression = kinds.count("regression")
        self.groups = self._group([tasks[t].n_classes for t in self.order])
        self.n_outputs = self._first_group
        if self.groups:
            self.n_outputs = self.groups[-1].columns.stop

    @property
    def n_trained(self) -> int:
        """Number of tasks that have logits."""
        return len(self.order)

    @property
    def regression(self) -> slice:
        """Place of the regressions, among the tasks and among the logits alike."""
        return slice(self.n_binary, self._first_group)

    @property
    def _first_group(self) -> int:
        return self.n_binary + self.n_regression

    def columns(self, place: int) -> slice:
        """Return the logits of the task at a place of the layout's order.

        Parameters
        ----------
        place : int
            Place in `order`.

        Returns
        -------
        slice
            One column for binary tasks and regressions, else one a class.
        """
        if place < self._first_group:
            return slice(place, place + 1)
        group = next(group for group in self.groups if place < group.tasks.stop)
        number, start = place - group.tasks.start, group.columns.start
        if group.class_major:
            step = group.tasks.stop - group.tasks.start
            return slice(start + number, group.columns.stop, step)
        start += number * group.n_classes
        return slice(start, start + group.n_classes)

    @property
    def task_places(self) -> np.ndarray:
        """The place in `order` of the task of each logit, (n_outputs,)."""
        places = np.empty(self.n_outputs, dtype=np.intp)
        for place in range(self.n_trained):
            places[self.columns(place)] = place
        return places

    def _group(self, n_classes: Sequence[int]) -> list[ClassGroup]:
        groups = []
        place = column = self._first_group
        while place < len(n_classes):
            k = n_classes[place]
            size = list(n_classes[place:]).count(k)
            width = size * k
            tasks, columns = slice(place, place + size), slice(column, column + width)
            groups.append(ClassGroup(k, tasks, columns, class_major=size >= k))
            place, column = tasks.stop, columns.stop
        return groups
