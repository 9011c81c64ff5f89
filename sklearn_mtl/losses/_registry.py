"""Names of the losses, and choice of the loss of each task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from sklearn.base import clone

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._check_shapes import check_shapes
from sklearn_mtl.losses._circular import CircularLoss
from sklearn_mtl.losses._cross_entropy import CrossEntropy
from sklearn_mtl.losses._focal import FocalLoss
from sklearn_mtl.losses._huber import HuberLoss
from sklearn_mtl.losses._squared_error import SquaredError
from sklearn_mtl.tasks import Task, by_task
from sklearn_mtl.utils._check_spec import Faults, refusing

__all__ = ["LOSSES", "read_losses"]

LOSSES: dict[str, type[TaskLoss]] = {
    "circular": CircularLoss,
    "cross_entropy": CrossEntropy,
    "focal": FocalLoss,
    "huber": HuberLoss,
    "squared_error": SquaredError,
}

AUTO = "auto"
_UNTRAINED = ("constant", "empty")


def read_losses(loss: Any, tasks: Sequence[Task], who: str) -> list[TaskLoss]:
    """Return the loss of each task."""
    names = [task.name for task in tasks]
    is_by_task = not isinstance(loss, str | TaskLoss)
    given = by_task(loss, names, parameter="loss", who=who, default=AUTO)
    made: dict[Any, TaskLoss] = {}
    losses = []
    for task in tasks:
        wanted = given[task.name]
        found = _make(wanted, made, who)
        if not _suits(found, task):
            if is_by_task and wanted != AUTO:
                raise _misfit(wanted, found, [task], who)
            found = _make(task.target.loss, made, who)
        losses.append(found)
    trained = [task for task in tasks if task.kind not in _UNTRAINED]
    if trained and not is_by_task and loss != AUTO:
        common = _make(loss, made, who)
        if not any(_suits(common, task) for task in trained):
            raise _misfit(loss, common, trained, who)
    return losses


def _suits(loss: TaskLoss, task: Task) -> bool:
    return task.learned_as in loss.kinds or task.kind in _UNTRAINED


def _make(wanted: Any, made: dict[Any, TaskLoss], who: str) -> TaskLoss:
    """Return the loss for a name or an object, one object for each of them."""
    if isinstance(wanted, str):
        name = "cross_entropy" if wanted == AUTO else wanted
        if name not in LOSSES:
            allowed = [AUTO, *sorted(LOSSES)]
            raise ValueError(
                f"{who}: loss {wanted!r} is unknown; allowed are {allowed}."
            )
        return made.setdefault(name, LOSSES[name]())
    if not isinstance(wanted, TaskLoss):
        raise TypeError(
            f"{who}: loss must be a name, a TaskLoss such as FocalLoss(), or one of "
            f"these per task; got {wanted!r}."
        )
    if id(wanted) not in made:
        wanted.check()
        with refusing(who):
            check_shapes(wanted, Faults(wanted), [torch.float64])
        made[id(wanted)] = clone(wanted)
    return made[id(wanted)]


def _misfit(wanted: Any, loss: TaskLoss, tasks: Sequence[Task], who: str) -> TaskError:
    kinds = ", ".join(f"{task.name!r} is {task.kind}" for task in tasks[:5])
    return TaskError(
        f"{who}: loss={wanted!r} supports only {' and '.join(loss.kinds)} tasks, but "
        f"{kinds}."
    )
