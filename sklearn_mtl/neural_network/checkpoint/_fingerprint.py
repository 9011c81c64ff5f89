"""Digest of all inputs on which the result of a training depends."""

from __future__ import annotations

import hashlib
import inspect
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor
from torch.utils._pytree import tree_leaves

from sklearn_mtl.neural_network.checkpoint._graph import Surroundings
from sklearn_mtl.neural_network.data._held import Held
from sklearn_mtl.neural_network.data._labels import Labels
from sklearn_mtl.neural_network.data._streamed import StreamedTable
from sklearn_mtl.neural_network.training._device import resolve_device
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.persistence import package_versions
from sklearn_mtl.preprocessing import ReadInputs, Table, Texts
from sklearn_mtl.tasks import Task, TaskSet
from sklearn_mtl.utils._digest import digest_object, digest_table

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["Training", "facts_of", "fingerprint"]

#: Parameters that do not affect the weights, and random_state, which is added later.
_IGNORED = (
    *("callbacks", "checkpoint", "data_parallel", "n_stored_samples", "n_threads"),
    *("random_state", "verbose"),
)
_OF_PROCESS = ("device", "n_threads", "random_state", "verbose")


@dataclass(frozen=True)
class Training:
    """Data of a call of fit.

    Attributes
    ----------
    X : object
        Validated inputs.
    tasks : TaskSet
        The tasks.
    labels : Labels
        Encoded labels with their weights.
    held : Held
        Groups, or a validation set.
    """

    X: ReadInputs | StreamedTable
    tasks: TaskSet
    labels: Labels
    held: Held


def fingerprint(
    model: BaseMultiTaskNet,
    training: Training,
    seed: int | None,
    older: NetState | None,
) -> str:
    """Return a digest that is equal only for equal trainings.

    `older` is the state from which a warm start continues.

    Raises
    ------
    TypeError
        If a parameter cannot be pickled.
    """
    # "auto" can be another device the next time, which gives other bits
    device = resolve_device(model.device, type(model).__name__)
    parts = [
        package_versions(),
        digest_object(type(model), with_code=True),
        {**_parameters(model), "device": device, "random_state": seed},
        [_task(task) for task in training.tasks.tasks],
        _inputs(training.X),
        _labels(training.labels),
        _held(training.held),
        None if older is None else _state(older),
    ]
    return _short(parts, n_digits=32)


def facts_of(
    model: BaseMultiTaskNet, training: Training, older: NetState | None
) -> dict[str, Any]:
    """Return what must be equal in all processes that train one net.

    Of the parameters, these are the numbers and texts, because other objects may be
    impossible to pickle.
    """
    plain = str | int | float | tuple | None
    parameters = {
        name: repr(value)
        for name, value in model.get_params().items()
        if isinstance(value, plain) and name not in _OF_PROCESS
    }
    labels, tasks = training.labels, training.tasks.tasks
    of_labels = [*map(_task, tasks), digest_table(labels.codes)]
    return {
        "X": [training.X.shape, _short(_inputs(training.X))],
        "y": [labels.codes.shape, _short(of_labels)],
        "sample_weight": _short(_labels(labels)[1:]),
        "the held-out data": _short(_held(training.held)),
        "the fitted net": None if older is None else _short(_weights(older)),
        **parameters,
    }


def _short(parts: Any, n_digits: int = 8) -> str:
    """Return one digest of nested lists."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:n_digits]


def _parameters(model: BaseMultiTaskNet) -> dict[str, str]:
    found = {}
    for name, value in model.get_params(deep=False).items():
        if name in _IGNORED:
            continue
        try:
            found[name] = digest_object(value, with_code=True)
        except Exception as error:  # custom objects may raise any error in pickle
            reason = " ".join(str(error).split())
            raise TypeError(
                f"{type(model).__name__}: checkpoint requires parameters that can be "
                f"pickled, to recognise the same fit; {name} cannot be pickled: "
                f"{reason}"
            ) from error
    found["callbacks"] = str([_callback(one) for one in model.callbacks or []])
    return found


def _callback(given: Any) -> list[str]:
    """Return digests of the class and the parameters of a callback."""
    name, one = given if isinstance(given, tuple) else ("", given)
    kind = one if isinstance(one, type) else type(one)
    found = [name, digest_object(kind, with_code=True)]
    for key, value in [] if one is kind else _arguments(one):
        try:
            found.append(f"{key} {digest_object(value, with_code=True)}")
        except Exception:  # such as an open file, of which only the type counts
            found.append(f"{key} {type(value).__qualname__}")
    return found


def _arguments(callback: Any) -> list[tuple[str, Any]]:
    """Return the constructor arguments of a callback."""
    known = inspect.signature(type(callback)).parameters
    names = set(known)
    if any(one.kind is one.VAR_KEYWORD for one in known.values()):
        # such as in LRScheduler, which stores them as attributes
        names.update(name for name in vars(callback) if not name.endswith("_"))
    return [(name, getattr(callback, name, None)) for name in sorted(names)]


def _task(task: Task) -> list[str]:
    classes = None if task.classes is None else np.asarray(task.classes).tolist()
    return [task.name, task.kind, repr(classes)]


def _inputs(X: Any) -> Any:
    if isinstance(X, StreamedTable):
        return [digest_table(X.rows), _inputs(X.sample)]
    if isinstance(X, Table):
        categorical = X.categorical
        return [
            digest_table(X.numeric),
            None if categorical is None else digest_table(categorical),
        ]
    if isinstance(X, Texts):
        words = (X.tokens, X.offsets, X.buckets, X.starts)
        tags = [(t, digest_table(codes)) for t, codes in sorted(X.tags.items())]
        return [[digest_table(array) for array in words], tags]
    return digest_table(X)


def _labels(labels: Labels) -> list[str]:
    arrays = (labels.codes, labels.weights, labels.row_weights)
    return [digest_table(np.asarray(array)) for array in arrays]


def _held(held: Held) -> list[Any]:
    group = None if held.group is None else digest_table(held.group)
    labels = held.labels
    given = None if labels is None else [_inputs(held.X), _labels(labels)]
    return [group, held.is_allowed, given]


def _weights(older: NetState) -> list[str]:
    """Return digests of weights and optimiser state, which do not name the device."""
    net = older.net
    state = [net.module_.state_dict(), net.optimizer_.state_dict(), older.n_calls]
    return [
        digest_table(leaf.detach().cpu().numpy())
        if isinstance(leaf, Tensor)
        else repr(leaf)
        for leaf in tree_leaves(state)
    ]


def _state(older: NetState) -> list[str]:
    """Return digests of the state of a trained net, without durations."""
    net = older.net
    state = [
        net.module_.state_dict(),
        net.optimizer_.state_dict(),
        None if net.balance is None else net.balance.balancer.state_dict(),
        None if net.turns is None else net.turns.state_dict(),
        len(net.history),
        older.n_calls,
    ]
    # not pickled, because pickles of equal states differ if objects are shared
    members = Surroundings([], state).write(state)
    return [hashlib.sha256(data).hexdigest() for data in members.values()]
