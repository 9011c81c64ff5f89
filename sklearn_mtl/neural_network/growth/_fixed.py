"""Check of parameters that cannot change while the training of a net continues."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from sklearn.base import BaseEstimator

from sklearn_mtl.neural_network.growth._source import loss_for, old_losses
from sklearn_mtl.neural_network.training._device import resolve_device

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet
    from sklearn_mtl.neural_network.training._state import NetState

__all__ = ["describe_fixed", "describe_replaced", "refuse_changes"]

#: Parameters of the parts that add_task and drop_task build again.
_REPLACED = (
    *("balancing", "gramian", "optimizer", "task_schedule", "update_every"),
    *("weight_decay",),
)
#: `n_members` is fixed too, but compared with the net, so that "auto" may become 8.
_FIXED = (
    *("hidden_layer_sizes", "activation", "dropout", "trunk", "head", "loss"),
    *("task_types", "on_empty_task", "numeric_embedding", "categorical_features"),
    *("clip_predictions", "device", "dtype", "random_state", *_REPLACED),
)


def refuse_changes(model: BaseMultiTaskNet, state: NetState) -> None:
    """Refuse parameters that differ from those of the net and would be ignored."""
    before, now = state.parameters, describe_fixed(model)
    if before is None or before == now:  # None: a file of an earlier version
        return
    changed = [name for name in now if now[name] != before.get(name)]
    same = {"device": _has_device, "loss": _has_losses}
    changed = [n for n in changed if n not in same or not same[n](model, state)]
    if changed:
        found, fitted = (
            ", ".join(f"{name}={shorten(str(of.get(name)), 80)}" for name in changed)
            for of in (now, before)
        )
        raise ValueError(
            f"{type(model).__name__}: got {found}, but the net was fitted with "
            f"{fitted}, which cannot change while its training continues. Restore the "
            "parameters, or fit again with warm_start=False."
        )


def describe_fixed(model: BaseMultiTaskNet) -> dict[str, str]:
    """Return descriptions of the parameters that cannot change."""
    return {n: _describe(getattr(model, n)) for n in _FIXED if hasattr(model, n)}


def describe_replaced(model: BaseMultiTaskNet) -> dict[str, str]:
    """Return descriptions of the parameters of parts that a task change replaces."""
    return {name: _describe(getattr(model, name)) for name in _REPLACED}


def _describe(value: Any) -> str:
    """Return a text that is equal for equal values, also in another process."""
    if isinstance(value, np.generic | np.ndarray):
        return _describe(value.tolist())
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # 0.0 equals 0
    if value is None or isinstance(value, bool | int | float | str | slice):
        return repr(value)
    if isinstance(value, BaseEstimator):
        given = value.get_params(deep=False).items()
        inner = ", ".join(f"{name}={_describe(one)}" for name, one in given)
        return f"{type(value).__name__}({inner})"
    if isinstance(value, torch.nn.Module):
        return repr(value)
    if hasattr(value, "items"):  # a mapping, or a pandas series
        entries = sorted(f"{key!r}: {_describe(one)}" for key, one in value.items())
        return f"{{{', '.join(entries)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_describe, value))}]"
    return getattr(value, "__qualname__", type(value).__qualname__)


def _has_device(model: BaseMultiTaskNet, state: NetState) -> bool:
    """Return whether the net is on the device, as one loaded on another machine."""
    name = resolve_device(model.device, type(model).__name__)
    wanted, found = torch.device(name), torch.device(state.net.device)
    return (wanted.type, wanted.index or 0) == (found.type, found.index or 0)


def _has_losses(model: BaseMultiTaskNet, state: NetState) -> bool:
    """Return whether the net has the losses, as after tasks were renamed."""
    tasks, losses = state.encoder.task_set.tasks, old_losses(state.encoder)
    places = state.places_in_fit or range(len(tasks))
    for t in state.encoder.layout.order:
        wanted = loss_for(model, tasks[t], [], places[t])[1]
        if _describe(wanted) != _describe(losses[t]):
            return False
    return True
