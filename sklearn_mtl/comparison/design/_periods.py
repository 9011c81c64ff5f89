"""Periods of circular regression tasks, shared by all models of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import TaskSet, by_task
from sklearn_mtl.utils._typing import Estimator

__all__ = ["declare_periods"]


def declare_periods(tasks: TaskSet, estimators: Iterable[Any]) -> TaskSet:
    """Return the tasks with the periods of the circular losses of the estimators.

    If one net has a `CircularLoss` for a task, all models are scored with its period.
    """
    losses = [
        _by_task(loss, tasks.names) for one in estimators for loss in _losses(one)
    ]
    return tasks.with_periods(
        [
            _agreed(task.name, {_period(loss.get(task.name)) for loss in losses})
            if task.kind == "regression"
            else None
            for task in tasks.tasks
        ]
    )


def _losses(estimator: Estimator) -> list[Any]:
    params = estimator.get_params(deep=True).items()
    return [value for key, value in params if key.rpartition("__")[2] == "loss"]


def _by_task(loss: Any, names: Sequence[str]) -> dict[str, Any]:
    """Return the loss of each task; of none if it is invalid, which fit rejects."""
    try:
        return by_task(loss, names, parameter="loss", who="compare")
    except TaskError:
        return {}


def _period(loss: Any) -> float | None:
    if isinstance(loss, str) and loss == "circular":
        from sklearn_mtl.losses import CircularLoss  # loads torch

        return CircularLoss().period
    return getattr(loss, "period", None)


def _agreed(name: str, periods: set[float | None]) -> float | None:
    found = sorted(period for period in periods if period is not None)
    if len(found) > 1:
        raise TaskError(
            f"compare: task {name!r} has conflicting periods in the losses of the "
            f"estimators: {found}. All estimators must use the same period."
        )
    return found[0] if found else None
