"""After how much the values of tasks repeat, one answer for all rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import TaskSet, by_task
from sklearn_mtl.utils._typing import Estimator

__all__ = ["declare_periods"]


def declare_periods(tasks: TaskSet, estimators: Iterable[Any]) -> TaskSet:
    """Return the tasks with the periods that the losses of any estimator name.

    A net with a `CircularLoss` knows that 359 degrees are near 1; a forest does not,
    and yet both must be scored alike.
    """
    losses = [loss for one in estimators for loss in _losses(one)]
    return tasks.with_periods(
        [
            _agreed(
                task.name, {_period(_of_task(loss, t, tasks.names)) for loss in losses}
            )
            if task.kind == "regression"
            else None
            for t, task in enumerate(tasks.tasks)
        ]
    )


def _losses(estimator: Estimator) -> list[Any]:
    params = estimator.get_params(deep=True).items()
    return [value for key, value in params if key.rpartition("__")[2] == "loss"]


def _of_task(loss: Any, t: int, names: Sequence[str]) -> Any:
    """Return what a loss says of a task; what does not fit the tasks fails in fit."""
    try:
        return by_task(loss, names, parameter="loss", who="compare")[names[t]]
    except TaskError:
        return None


def _period(loss: Any) -> float | None:
    if isinstance(loss, str) and loss == "circular":
        from sklearn_mtl.losses import CircularLoss  # loads torch

        return CircularLoss().period
    return getattr(loss, "period", None)


def _agreed(name: str, periods: set[float | None]) -> float | None:
    found = sorted(period for period in periods if period is not None)
    if len(found) > 1:
        raise TaskError(
            f"compare: the values of task {name!r} repeat after {found} in the losses "
            "of the estimators; scores can be compared under one period only."
        )
    return found[0] if found else None
