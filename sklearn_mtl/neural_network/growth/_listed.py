"""Check of parameters with one value per task after the tasks have changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import is_by_place
from sklearn_mtl.utils._frames import column_names

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet
    from sklearn_mtl.neural_network.training._state import NetState

__all__ = ["refuse_lists"]

_BY_TASK = ("class_weight", "loss", "task_relation", "task_weight")


def refuse_lists(model: BaseMultiTaskNet, state: NetState) -> None:
    """Refuse lists with one value per task if tasks were dropped or added since fit.

    The length of a list can still match, although its values belong to other tasks.
    """
    tasks, places = state.encoder.task_set, state.places_in_fit
    if places is None:
        return
    for name in _BY_TASK:
        value = getattr(model, name, None)
        if not is_by_place(value) or column_names(value) is not None:
            continue
        found = [
            f"{task!r}: entry {place}" if place is not None else f"{task!r}: none"
            for task, place in zip(tasks.names, places, strict=True)
        ]
        raise TaskError(
            f"{type(model).__name__}: {name} has one entry per task of fit, but tasks "
            f"were dropped or added since then; the tasks are now {{{', '.join(found)}"
            f"}}. Pass {name} as a "
            f"{'DataFrame' if name == 'task_relation' else 'dict'} with task names."
        )
