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
    """Return the loss of one task, or None for an invalid loss, which fit rejects."""
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
            f"compare: task {name!r} has conflicting periods in the losses of the "
            f"estimators: {found}. All estimators must use the same period."
        )
    return found[0] if found else None
