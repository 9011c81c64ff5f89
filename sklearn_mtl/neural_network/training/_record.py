"""Record of the losses of an epoch in the history of a net."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from sklearn_mtl.neural_network.training._loss_error import LossError

__all__ = ["record_epoch", "record_losses"]


def record_epoch(net: Any, prefix: str, total: Tensor, n_steps: int) -> Tensor:
    """Record the mean losses of an epoch, and return those of each member.

    Shapes: total (n_members, n_trained) -> (n_members, n_trained).
    """
    if net.turns is None:
        losses = total / n_steps
        record_losses(net, prefix, losses.mean(dim=0))
        return losses
    losses = net.turns.mean_losses(total)
    counts = net.turns.counts()
    record_losses(net, prefix, losses.nanmean(dim=0), [count == 0 for count in counts])
    net.history.record("task_turns_by_task", counts)
    return net.turns.end_epoch(losses)


def record_losses(
    net: Any, prefix: str, losses: Tensor, is_absent: Sequence[bool] | None = None
) -> None:
    """Record the task losses, their weighted sum, and whether it is the lowest so far.

    Shapes: losses (n_trained,).
    """
    values = losses.double().tolist()
    weights = net.criterion_.task_weight.tolist()
    if is_absent is None:
        is_absent = [prefix == "valid"] * len(values)
    _check_finite(net, values, is_absent)
    pairs = zip(weights, values, strict=True)
    total = sum(weight * value for weight, value in pairs if not math.isnan(value))
    net.history.record(prefix + "_loss", total)
    # monitored by skorch's Checkpoint
    is_best = total < net.lowest_.get(prefix, math.inf)
    net.history.record(prefix + "_loss_best", is_best)
    if is_best:
        net.lowest_[prefix] = total
    net.history.record(prefix + "_loss_by_task", values)


def _check_finite(net: Any, values: list[float], is_absent: Sequence[bool]) -> None:
    entries = zip(net.task_names, values, is_absent, strict=True)
    for place, (name, value, absent) in enumerate(entries):
        without_label = absent and math.isnan(value)
        if not without_label and not math.isfinite(value):
            raise LossError(
                f"{net.who}: the loss of task {name!r} became {value} in epoch "
                f"{len(net.history)}.",
                place,
                f"Lower lr (now {net.lr}), or scale X if the trunk receives raw "
                "values.",
            )
