"""Conversion of the history of a net to a changed set of tasks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from skorch.history import History

__all__ = ["change_history"]


def change_history(
    history: Any, places: Sequence[int | None], columns: Sequence[int | None]
) -> History:
    """Return the history with the values of the changed tasks.

    `places` and `columns` contain the former index of each task in the layout and in y,
    or None for a new task, whose values are NaN.
    """
    changed = History()
    for epoch in history:
        row = dict(epoch)
        for key, values in epoch.items():
            if key == "task_weight":
                row[key] = _taken(values, columns)
            elif key.endswith("_by_task"):
                row[key] = _taken(values, places)
        changed.append(row)
    return changed


def _taken(values: Sequence[float], sources: Sequence[int | None]) -> list[float]:
    return [math.nan if source is None else values[source] for source in sources]
