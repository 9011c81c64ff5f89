"""Set up the regulariser for the parameters of an estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses import OutputLayout, comparable_tasks
from sklearn_mtl.neural_network.objective._regularizer import Regularizer, Relation
from sklearn_mtl.tasks import TaskSet, square_by_task

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["make_regularizer", "relation_matrix"]


def make_regularizer(
    model: BaseMultiTaskNet,
    task_set: TaskSet,
    layout: OutputLayout,
    factor: Tensor,
    *,
    is_begun: bool = False,
) -> Regularizer | None:
    """Return the regulariser of the objective, or None.

    Shapes: factor (n_members, 1, n_trained).
    """
    relation = None
    if model.task_relation is not None:
        matrix = _read(model.task_relation, task_set, layout, type(model).__name__)
        given = None
        if matrix is not None:
            given = torch.as_tensor(matrix[np.ix_(layout.order, layout.order)])
        on, strength = model.relation_on, model.relation_strength
        if on == "auto":
            # a relation learned from heads applies to heads: their similarity does not
            # imply that of the outputs
            on = "heads" if matrix is None else "outputs"
        relation = Relation(layout, given, on, strength, is_begun=is_begun)
    if relation is None and not model.shared_penalty:
        return None
    return Regularizer(relation, model.shared_penalty, factor)


def relation_matrix(
    regularizer: Regularizer | None, module: Any, task_set: TaskSet
) -> np.ndarray | None:
    """Return the relation of all tasks in the order of y, or None.

    Shapes: -> (n_tasks, n_tasks).
    """
    if regularizer is None or regularizer.relation is None:
        return None
    order = regularizer.relation.layout.order
    out = np.zeros((task_set.n_tasks, task_set.n_tasks))
    found = regularizer.relation.matrix(module).detach().double().cpu().numpy()
    out[np.ix_(order, order)] = found
    return out


def _read(
    wanted: Any, task_set: TaskSet, layout: OutputLayout, who: str
) -> np.ndarray | None:
    """Return the similarity of all tasks, or None if it is learned."""
    places = {
        t: number
        for number, (_, members) in enumerate(comparable_tasks(layout))
        for t in layout.order[members].tolist()
    }
    if isinstance(wanted, str):  # "learned"
        if len(places) > 1 and len(set(places.values())) == len(places):
            raise TaskError(
                f"{who}: task_relation='learned' requires tasks with outputs of equal "
                f"shape, but no two tasks of {task_set.names} have such outputs."
            )
        return None
    wanted = square_by_task(wanted, task_set, "task_relation", who)
    similarity = _check_matrix(wanted, task_set.n_tasks, who)
    for s, t in np.argwhere(np.triu(similarity, 1) > 0).tolist():
        if s in places and t in places and places[s] != places[t]:
            raise TaskError(
                f"{who}: task_relation relates {_describe(task_set, s)} and "
                f"{_describe(task_set, t)} by {similarity[s, t]:g}, but their outputs "
                "differ in shape. The entry must be 0."
            )
    return similarity


def _check_matrix(wanted: Any, n_tasks: int, who: str) -> np.ndarray:
    similarity = np.asarray(wanted, dtype=np.float64)
    if similarity.shape != (n_tasks, n_tasks):
        raise TaskError(
            f"{who}: task_relation has shape {similarity.shape} for {n_tasks} tasks; "
            f"it must be ({n_tasks}, {n_tasks}), or 'learned'."
        )
    if not np.isfinite(similarity).all() or (similarity < 0).any():
        raise TaskError(f"{who}: task_relation must be finite and not negative.")
    if not np.allclose(similarity, similarity.T):
        s, t = np.argwhere(~np.isclose(similarity, similarity.T))[0].tolist()
        raise TaskError(
            f"{who}: task_relation must be symmetric; got {similarity[s, t]:g} at "
            f"[{s}, {t}] and {similarity[t, s]:g} at [{t}, {s}]."
        )
    return (similarity + similarity.T) / 2


def _describe(task_set: TaskSet, t: int) -> str:
    task = task_set.tasks[t]
    classes = f" of {task.n_classes} classes" if task.kind == "multiclass" else ""
    return f"task {task.name!r} ({task.kind}{classes})"
