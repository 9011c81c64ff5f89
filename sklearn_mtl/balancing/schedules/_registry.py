"""Names of the task schedules."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.balancing.schedules._asynchronous import Asynchronous
from sklearn_mtl.balancing.schedules._sampled import Sampled
from sklearn_mtl.balancing.schedules._task_schedule import Synchronous, TaskSchedule
from sklearn_mtl.utils._specs import read_spec

__all__ = ["SCHEDULES", "read_schedule"]

SCHEDULES: dict[str, type[TaskSchedule[Any]]] = {
    "asynchronous": Asynchronous,
    "sampled": Sampled,
    "synchronous": Synchronous,
}


def read_schedule(schedule: Any, who: str) -> TaskSchedule[Any]:
    """Return the schedule for a name or a schedule."""
    return read_spec(
        schedule,
        SCHEDULES,
        TaskSchedule,
        argument="task_schedule",
        example="Asynchronous()",
        who=who,
    )
