"""Set up the task schedule for the parameters of an estimator."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sklearn_mtl.balancing import Synchronous, TaskSchedule, read_schedule
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.data._order import TaskOrder
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.objective._backward import GradientBalance
from sklearn_mtl.neural_network.objective._turns import FrozenHeads, Turns
from sklearn_mtl.tasks import by_task
from sklearn_mtl.utils._numbers import as_numbers

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["make_turns"]


def make_turns(
    model: BaseMultiTaskNet,
    encoder: TargetEncoder,
    weights: np.ndarray,
    net: Any,
) -> Turns | None:
    """Return the task schedule, or None if every step trains all tasks.

    Shapes: weights (n_samples, n_tasks).
    """
    who = type(model).__name__
    schedule = read_schedule(model.task_schedule, who)
    layout = encoder.layout
    if isinstance(schedule, Synchronous) or not layout.n_trained:
        return None
    if schedule.holds_heads and isinstance(net.balance, GradientBalance):
        warnings.warn(
            f"{who}: task_schedule trains one task in each step, so balancing of "
            "gradients has no effect.",
            UserWarning,
            stacklevel=2,
        )
    order = TaskOrder(layout, torch.device(net.device))
    trained = np.sort(layout.order)
    shares = _shares(schedule, encoder, weights, trained, who)
    prior = encoder.prior_losses_[np.argsort(layout.order)]
    return Turns(
        schedule,
        order,
        torch.as_tensor(shares),
        torch.as_tensor(prior, device=order.places.device),
        FrozenHeads(layout) if schedule.holds_heads else None,
        len(net.module_.heads.weight),
    )


def _shares(
    schedule: TaskSchedule[Any],
    encoder: TargetEncoder,
    weights: np.ndarray,
    trained: np.ndarray,
    who: str,
) -> np.ndarray:
    """Return the relative frequency of each trained task, with sum 1."""
    wanted = schedule.frequency
    if isinstance(wanted, str):
        if wanted == "size":
            counts = weights[:, trained].sum(axis=0)  # labels count with their weights
            return counts / counts.sum()
        return np.full(len(trained), 1.0 / len(trained))  # initial value for "loss"
    names = encoder.task_set.names
    given = by_task(wanted, names, parameter="frequency", who=who, default=1.0)
    frequencies = as_numbers([given[names[t]] for t in trained], "frequency", who)
    for t, frequency in zip(trained, frequencies.tolist(), strict=True):
        if not np.isfinite(frequency) or frequency <= 0:
            raise TaskError(
                f"{who}: frequency of task {names[t]!r} in task_schedule is "
                f"{frequency}; it must be finite and positive."
            )
    return frequencies / frequencies.sum()
