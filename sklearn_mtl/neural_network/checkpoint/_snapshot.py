"""Save the state that training changes, and restore it in a newly built net."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from skorch.callbacks import EarlyStopping
from torch import Tensor, nn

from sklearn_mtl.neural_network.checkpoint._history import read_history
from sklearn_mtl.neural_network.training._history import ProgressBar
from sklearn_mtl.neural_network.training._net import MultiTaskNet

__all__ = ["compare", "put_back", "surrounding_things", "take", "varied_parts"]

#: Attributes of every module, such as weights and hooks, which are saved separately.
_OF_ALL_MODULES = frozenset(vars(nn.Module()))
#: Packages whose modules have no state apart from parameters and buffers.
_WITHOUT_MORE = ("sklearn_mtl", "torch")


def surrounding_things(net: MultiTaskNet) -> list[Any]:
    """Return the net and its parts, to which callbacks and other objects may refer."""
    run, module = net.run, net.module_
    return [
        *(net, run, run.batches.data, net.history_, net.optimizer_, net.criterion_),
        *(part for part in (*_parts(net), net.balance) if part is not None),
        *module.modules(),
        *module.parameters(),
        *module.buffers(),
        *run.generators,
        *_callbacks(net),
    ]


def varied_parts(net: MultiTaskNet) -> list[Any]:
    """Return all state that may contain objects of any class."""
    balance, turns = net.balance, net.turns
    return [
        _varied_state(net),
        net.optimizer_.state_dict(),
        # the state can contain attributes of the method, for example of torchjd
        None if balance is None else balance.balancer.method,
        None if turns is None else turns.schedule,
    ]


def _varied_state(net: MultiTaskNet) -> dict[str, Any]:
    """Return the state of parts, callbacks and custom modules."""
    return {
        "parts": [_state_of(part) for part in _parts(net)],
        "callbacks": [_state_of(callback) for callback in _callbacks(net)],
        "modules": {name: _own_state(part) for name, part in _own_modules(net)},
    }


def take(net: MultiTaskNet) -> dict[str, Any]:
    """Return the state on which the rest of training depends, without the history."""
    return {
        **_varied_state(net),
        "tensors": {name: tensor.detach() for name, tensor in _tensors(net)},
        "frozen": _frozen(net),
        "optimizer": net.optimizer_.state_dict(),
        "lowest": net.lowest_,
        "lr": net.lr,
        "n_steps": net.n_steps_,
        "generators": [generator.get_state() for generator in net.run.generators],
    }


def put_back(net: MultiTaskNet, state: dict[str, Any]) -> None:
    """Restore a state, including its history, in a net that starts training."""
    with torch.no_grad():
        for name, tensor in _tensors(net):
            tensor.copy_(state["tensors"][name])
    frozen = set(state["frozen"])
    for name, parameter in net.module_.named_parameters():
        parameter.requires_grad_(name not in frozen)
    _load_optimizer(net.optimizer_, state["optimizer"])
    # in place, because callbacks may refer to the history
    net.history_[:] = read_history(state["history"])
    net.lowest_, net.lr = state["lowest"], state["lr"]
    net.n_steps_ = state["n_steps"]
    for generator, bits in zip(net.run.generators, state["generators"], strict=True):
        generator.set_state(bits)
    for part, known in zip(_parts(net), state["parts"], strict=True):
        _restore(part, known)
    for callback, known in zip(_callbacks(net), state["callbacks"], strict=True):
        _restore(callback, known)
    for name, part in _own_modules(net):
        attributes, extra = state["modules"][name]
        vars(part).update(attributes)
        if extra is not None:
            part.set_extra_state(extra)


def compare(net: MultiTaskNet, state: dict[str, Any]) -> None:
    """Raise ValueError if a state does not match the parts of the net."""
    shapes = {name: (t.shape, t.dtype) for name, t in state["tensors"].items()}
    groups = state["optimizer"]["param_groups"], net.optimizer_.param_groups
    is_alike = (
        shapes == {name: (t.shape, t.dtype) for name, t in _tensors(net)}
        and [len(g["params"]) for g in groups[0]]
        == [len(g["params"]) for g in groups[1]]
        and len(state["generators"]) == len(net.run.generators)
        and len(state["parts"]) == len(_parts(net))
        and len(state["callbacks"]) == len(_callbacks(net))
        and state["modules"].keys() == dict(_own_modules(net)).keys()
    )
    if not is_alike:
        raise ValueError("it belongs to a net with a different structure")


def _parts(net: MultiTaskNet) -> list[Any]:
    """Return the parts of a training other than the net that have a state."""
    balancer = None if net.balance is None else net.balance.balancer
    run = net.run
    found = (balancer, net.turns, run.track, run.regularizer, run.scaler)
    return [part for part in found if part is not None]


def _callbacks(net: MultiTaskNet) -> list[Any]:
    """Return the callbacks, without the progress bar."""
    return [one for _, one in net.callbacks_ if not isinstance(one, ProgressBar)]


def _tensors(net: MultiTaskNet) -> Iterator[tuple[str, Tensor]]:
    yield from net.module_.named_parameters()
    yield from net.module_.named_buffers()


def _frozen(net: MultiTaskNet) -> list[str]:
    named = net.module_.named_parameters()
    return [name for name, parameter in named if not parameter.requires_grad]


def _load_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Load the state of an optimiser without changing its dtypes."""
    optimizer.load_state_dict(state)
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    # torch casts all tensors to the dtype of the parameter; those of NAdam differ.
    for number, values in state["state"].items():
        now = optimizer.state[parameters[number]]
        for name, value in values.items():
            if isinstance(value, Tensor) and now[name].dtype != value.dtype:
                now[name] = value.to(now[name].device)


def _own_modules(net: MultiTaskNet) -> Iterator[tuple[str, nn.Module]]:
    """Yield the custom modules, whose attributes may have a state."""
    for name, part in net.module_.named_modules():
        if type(part).__module__.partition(".")[0] not in _WITHOUT_MORE:
            yield name, part


def _own_state(part: nn.Module) -> tuple[dict[str, Any], Any]:
    own = {k: value for k, value in vars(part).items() if k not in _OF_ALL_MODULES}
    has_extra = type(part).get_extra_state is not nn.Module.get_extra_state
    return own, part.get_extra_state() if has_extra else None


def _state_of(part: Any) -> Any:
    """Return the state of a part: its state_dict, or the state that pickle uses."""
    if hasattr(part, "state_dict") and hasattr(part, "load_state_dict"):
        return part.state_dict()
    if isinstance(part, EarlyStopping):  # its pickle does not contain the best weights
        return dict(vars(part))
    return part.__getstate__()


def _restore(part: Any, state: Any) -> None:
    """Restore the state of a part in place."""
    if hasattr(part, "state_dict") and hasattr(part, "load_state_dict"):
        part.load_state_dict(state)
    elif hasattr(part, "__setstate__"):
        part.__setstate__(state)
    else:
        attributes, slots = state if isinstance(state, tuple) else (state, None)
        if not _has_custom_state(type(part)):
            vars(part).clear()  # remove attributes that training had deleted
        vars(part).update(attributes or {})
        for name, value in (slots or {}).items():
            setattr(part, name, value)


def _has_custom_state(cls: type) -> bool:
    """Return whether a class defines `__getstate__`."""
    return any("__getstate__" in vars(base) for base in cls.__mro__[:-1])
