"""Assignment of the logits of a network to tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType

import numpy as np

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._registry import read_losses
from sklearn_mtl.tasks import Task

__all__ = ["ClassGroup", "OutputLayout"]


@dataclass(frozen=True)
class ClassGroup:
    """Tasks that have the same loss and the same number (above one) of logits.

    Attributes
    ----------
    n_classes : int
        Number of logits per task: the number of classes, or the number of outputs that
        the loss of a regression needs.
    tasks : slice
        Positions of the tasks in the order of the layout.
    columns : slice
        Their logits, which form a matrix of tasks and classes without padding.
    class_major : bool
        Whether the logits of class 0 of all tasks come first. A softmax over the
        leading axis of that matrix is vectorised over the tasks. This is five times
        faster for many tasks with few classes, but not for few tasks with many classes.
    loss : TaskLoss
        Loss of these tasks.
    kind : {"multiclass", "regression"}
        Kind of these tasks.
    """

    n_classes: int
    tasks: slice
    columns: slice
    class_major: bool
    loss: TaskLoss
    kind: str

    @property
    def axis(self) -> int:
        """Axis of the logits of a task in the result of `split_classes`."""
        return -2 if self.class_major else -1


class OutputLayout:
    """Order of the tasks in which each kind is one contiguous block of logits.

    The blocks are binary tasks (one logit each), regression tasks (one output each),
    and multiclass tasks grouped by their number of classes. The softmax of a group is
    one dense operation. The cost therefore depends on the number of *different* numbers
    of classes, not on the number of tasks. Within a block, tasks with the same loss are
    adjacent. Constant and empty tasks have no logits.

    Attributes
    ----------
    order : ndarray of shape (n_trained,), int
        Column of y of each trained task, in the order of the layout.
    n_binary, n_regression : int
        Numbers of tasks in the first two blocks.
    singles : list of (TaskLoss, slice)
        Losses of these blocks and positions of their tasks, which are also the
        positions of their logits.
    groups : list of ClassGroup
        The multiclass blocks, and regression tasks with several outputs.
    n_outputs : int
        Number of logits.
    tokens : dict of int to int
        Column of y of each token task, by its position in the order.
    """

    tokens: Mapping[int, int] = MappingProxyType({})  # missing in older saved files

    def __init__(
        self, tasks: Sequence[Task], losses: Sequence[TaskLoss] | None = None
    ) -> None:
        losses = (
            read_losses("auto", tasks, "OutputLayout") if losses is None else losses
        )
        first = {id(loss): number for number, loss in reversed([*enumerate(losses)])}

        def place(t: int) -> tuple[int, int, str, int]:
            """Return the sort key of a task: tasks with fewer logits come first."""
            task, loss = tasks[t], losses[t]
            kind = {"binary": 0, "regression": 1}.get(task.learned_as, 2)
            width = loss.n_outputs(task)
            kind, width = (2, width) if width > 1 else (kind, 0)
            return kind, width, task.learned_as, first[id(loss)]

        trained = [
            t for t, task in enumerate(tasks) if task.kind not in ("constant", "empty")
        ]
        self.order = np.array(sorted(trained, key=place), dtype=np.intp)
        self.tokens = {
            at: int(t) for at, t in enumerate(self.order) if tasks[t].is_tokens
        }
        places = [place(t) for t in self.order]
        self.n_binary, self.n_regression = (
            sum(kind == block for kind, *_ in places) for block in range(2)
        )
        self.singles: list[tuple[TaskLoss, slice]] = []
        self.groups: list[ClassGroup] = []
        self.n_outputs = 0
        start = 0
        for (block, width, kind, number), run in groupby(places):
            stop = start + len(list(run))
            self._append(losses[number], slice(start, stop), block, width, kind)
            start = stop

    def _append(
        self, loss: TaskLoss, tasks: slice, block: int, width: int, kind: str
    ) -> None:
        """Append consecutive tasks of one block with the same loss."""
        size = tasks.stop - tasks.start
        columns = slice(self.n_outputs, self.n_outputs + size * max(width, 1))
        if block < 2:
            self.singles.append((loss, tasks))
        else:
            group = ClassGroup(width, tasks, columns, size >= width, loss, kind)
            self.groups.append(group)
        self.n_outputs = columns.stop

    @property
    def n_trained(self) -> int:
        """Number of tasks that have logits."""
        return len(self.order)

    @property
    def regression(self) -> slice:
        """Positions of the regression tasks, the same among tasks and logits."""
        return slice(self.n_binary, self._first_group)

    @property
    def _first_group(self) -> int:
        return self.n_binary + self.n_regression

    def columns(self, place: int) -> slice:
        """Return the logits of the task at this position of the layout."""
        if place < self._first_group:
            return slice(place, place + 1)
        group = next(group for group in self.groups if place < group.tasks.stop)
        number, start = place - group.tasks.start, group.columns.start
        if group.class_major:
            step = group.tasks.stop - group.tasks.start
            return slice(start + number, group.columns.stop, step)
        start += number * group.n_classes
        return slice(start, start + group.n_classes)

    def loss(self, place: int) -> TaskLoss:
        """Return the loss of the task at this position of the layout."""
        blocks = [*self.singles, *((group.loss, group.tasks) for group in self.groups)]
        return next(loss for loss, tasks in blocks if place < tasks.stop)

    @property
    def task_places(self) -> np.ndarray:
        """Position in `order` of the task of each logit, (n_outputs,)."""
        places = np.arange(self.n_outputs)  # correct for tasks with a single logit
        for group in self.groups:
            tasks = np.arange(group.tasks.start, group.tasks.stop)
            if group.class_major:
                places[group.columns] = np.tile(tasks, group.n_classes)
            else:
                places[group.columns] = np.repeat(tasks, group.n_classes)
        return places
