"""Mapping from the tasks and classes of a changed net to those of the old net."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.losses import LOSSES, CrossEntropy, TaskLoss, read_losses
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.training._head_update import RAREST
from sklearn_mtl.tasks import Task, is_by_place, match_tasks

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["ClassMap", "TaskSource", "loss_for", "old_losses"]


@dataclass(frozen=True)
class ClassMap:
    """Indices of the old classes of a task after others were added.

    Attributes
    ----------
    places : ndarray of shape (n_old,), int
        Index of each old class among all classes.
    n_classes : int
        Number of all classes.
    """

    places: np.ndarray
    n_classes: int

    @property
    def is_new(self) -> np.ndarray:
        """Mask of the new classes, (n_classes,)."""
        return ~np.isin(np.arange(self.n_classes), self.places)

    def spread(self, values: np.ndarray) -> np.ndarray:
        """Insert zeros for the new classes into the last axis of an array."""
        out = np.zeros((*values.shape[:-1], self.n_classes))
        out[..., self.places] = values
        return out

    def codes(self, codes: np.ndarray) -> np.ndarray:
        """Convert codes of the old classes to codes of all classes; NaN stays NaN."""
        known = np.where(np.isnan(codes), 0, codes).astype(np.intp)
        return np.where(np.isnan(codes), np.nan, self.places[known])

    @property
    def logits(self) -> tuple[np.ndarray, np.ndarray]:
        r"""Matrix and offset that map the old logits to the logits of all classes.

        The logit of a new class is the mean :math:`m` of the K old logits plus
        :math:`\log r`. Since :math:`\sum_k e^{z_k} \ge K e^m`, its probability is at
        most :math:`r / (K + r)` for every sample. The odds of the old classes do not
        change.

        Shapes: -> (n_old_logits, n_new_logits), (n_new_logits,).
        """
        n_old, is_new = len(self.places), self.is_new
        ratio = n_old * RAREST / ((1.0 - RAREST) * is_new.sum())
        matrix = self.spread(np.eye(n_old))
        matrix[:, is_new] = 1.0 / n_old
        offset = np.where(is_new, math.log(ratio), 0.0)
        if n_old == 2:  # one logit, of the second class
            matrix = matrix[1:]
        if self.n_classes == 2:  # from one class, which had no logit
            return np.zeros((0, 1)), offset[1:] - offset[:1]
        return (matrix if n_old > 1 else np.zeros((0, self.n_classes))), offset

    @property
    def soft_outputs(self) -> np.ndarray:
        """Matrix that maps the old probabilities, as inputs of other heads, to the new.

        Shapes: -> (n_new_logits, n_old_logits).
        """
        routes = self.spread(np.eye(len(self.places))).T
        return routes[:, 1:] if len(self.places) == 2 else routes


@dataclass(frozen=True)
class TaskSource:
    """One task of the changed net.

    Attributes
    ----------
    task : Task
        The task.
    loss : TaskLoss
        Loss of the task.
    old : int or None
        Former column index; None for an added task.
    classes : ClassMap or None
        Mapping of the classes; None if the classes do not change.
    encoder : TargetEncoder or None
        Encoder of the labels of an added task.
    n_labels : float
        Sum of the label weights of an added task.
    """

    task: Task
    loss: TaskLoss
    old: int | None = None
    classes: ClassMap | None = None
    encoder: TargetEncoder | None = None
    n_labels: float = 0.0


def old_losses(encoder: TargetEncoder) -> list[TaskLoss]:
    """Return the loss of each column of y; an arbitrary loss for untrained tasks."""
    layout, unused = encoder.layout, CrossEntropy()
    places = {t: place for place, t in enumerate(layout.order.tolist())}
    return [
        layout.loss(places[t]) if t in places else unused
        for t in range(encoder.task_set.n_tasks)
    ]


def loss_for(
    model: BaseMultiTaskNet,
    task: Task,
    known: list[TaskLoss],
    place: int | None = None,
) -> tuple[Task, TaskLoss]:
    """Return the task and its loss according to the parameter `loss`.

    `place` is the column of the task in the y of fit, or None for a new task. If
    another task has an equal loss, the same object is returned, so that both tasks are
    computed together.
    """
    who = type(model).__name__
    wanted = _wanted(model.loss, task, place, who)
    loss = read_losses(wanted, [task], who)[0]
    for one in known:
        if type(one) is type(loss) and one.get_params() == loss.get_params():
            loss = one
    return replace(task, period=loss.period), loss


def _wanted(loss: Any, task: Task, place: int | None, who: str) -> Any:
    if isinstance(loss, str):
        return loss if loss == "auto" or task.kind in LOSSES[loss].kinds else "auto"
    if isinstance(loss, TaskLoss):
        return loss if task.kind in loss.kinds else "auto"
    if hasattr(loss, "items") and task.name in dict(loss.items()):
        return match_tasks({task.name: loss[task.name]}, [task.name], "loss", who)
    if is_by_place(loss) and place is not None:
        return [loss[place]]
    return "auto"  # a list has values for the tasks of fit only
