"""Conversion of the state of a fitted net to a changed set of tasks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sklearn_mtl.modules import read_head
from sklearn_mtl.neural_network.data._stored import StoredSamples
from sklearn_mtl.neural_network.data._stream import RunningMoments, Stream
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.growth._fixed import describe_replaced
from sklearn_mtl.neural_network.growth._history import change_history
from sklearn_mtl.neural_network.growth._module import Link, change_module
from sklearn_mtl.neural_network.growth._source import TaskSource
from sklearn_mtl.neural_network.objective._scheduling import make_turns
from sklearn_mtl.neural_network.objective._setup import make_balance
from sklearn_mtl.neural_network.training._build import build_net
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.tasks import Task, TaskSet
from sklearn_mtl.uncertainty import CalibrationData

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["change_tasks"]


def change_tasks(
    model: BaseMultiTaskNet,
    state: NetState,
    sources: Sequence[TaskSource],
    like: int | None = None,
) -> NetState:
    """Return the state of a net with other tasks, without changing the given state.

    An added task predicts the prior of its encoder. If the trunk has task-specific
    parts, those of an added task are copied from the task with the index `like`.
    """
    before = state.encoder
    known = before.task_set
    is_1d = known.is_1d and len(sources) == 1
    tasks = TaskSet([s.task for s in sources], is_1d, known.has_names)
    encoder = TargetEncoder(tasks, before.clip, [s.loss for s in sources])
    places = _old_places(before, encoder, sources)
    _fill_encoder(encoder, before, sources, places)
    net = _change_net(model, state, encoder, sources, places, like)
    columns = [source.old for source in sources]
    changed = replace(
        state,
        encoder=encoder,
        net=net,
        places_in_fit=_change_places(state, columns),
        held_out_outputs=_change_held_out(state.held_out_outputs, sources),
        calibration=_change_calibration(state.calibration, tasks.tasks, sources),
        task_relation=_change_square(state.task_relation, columns),
        stream=_change_stream(state.stream, sources),
        stored=_change_stored(state.stored, sources),
        class_mass=_change_class_mass(state.class_mass, sources),
        label_mass=_change_label_mass(state.label_mass, sources),
    )
    if state.parameters is not None:
        changed.parameters = state.parameters | describe_replaced(model)
    if state.head_update is not None:
        labels = [sources[t].n_labels for t in encoder.layout.order]
        n_before = _labels_before(state, encoder, sources, places)
        changed.head_update = state.head_update.of_tasks(
            encoder.layout, places, labels, n_before, like
        )
    return changed


def _change_places(
    state: NetState, columns: Sequence[int | None]
) -> list[int | None] | None:
    """Return the columns of the tasks in the y of fit; None if unchanged."""
    before = state.places_in_fit or list(range(state.encoder.task_set.n_tasks))
    places = [None if old is None else before[old] for old in columns]
    return None if places == list(range(len(places))) else places


def _labels_before(
    state: NetState,
    encoder: TargetEncoder,
    sources: Sequence[TaskSource],
    places: Sequence[int | None],
) -> torch.Tensor:
    """Return the number of labels that were seen before each output was added.

    Shapes: -> (n_members, n_outputs).
    """
    update, layout = state.head_update, encoder.layout
    assert update is not None  # for the type checker: the caller asked
    n_before = np.zeros((state.n_members, layout.n_outputs))
    for place, old in enumerate(places):
        classes = sources[layout.order[place]].classes
        if old is None:
            continue
        known = update.n_before[:, state.encoder.layout.columns(old)].numpy()
        if classes is not None:
            if len(classes.places) == 2:  # one logit, of the second class
                known = np.hstack([np.zeros_like(known), known])
            known = classes.spread(known)
            known[:, classes.is_new] = update.n_labels[:, [old]].numpy()
        n_before[:, layout.columns(place)] = known
    return torch.as_tensor(n_before)


def _old_places(
    before: TargetEncoder, encoder: TargetEncoder, sources: Sequence[TaskSource]
) -> list[int | None]:
    """Return the index in the old layout of each task of the new one."""
    old = {t: place for place, t in enumerate(before.layout.order.tolist())}
    columns = (sources[t].old for t in encoder.layout.order)
    return [None if t is None else old.get(t) for t in columns]


def _fill_encoder(
    encoder: TargetEncoder,
    before: TargetEncoder,
    sources: Sequence[TaskSource],
    places: Sequence[int | None],
) -> None:
    """Copy the statistics of the tasks to an encoder."""
    layout = encoder.layout
    # update has statistics per member also for a stream, unlike partial_fit
    n_sets = max(len(values) for values in (before.mean_, before.mass_, before.known_))
    shape = (n_sets, layout.n_trained)
    encoder.mean_, encoder.scale_ = np.zeros(shape), np.ones(shape)
    encoder.mass_, encoder.known_ = np.zeros(shape), np.ones(shape, dtype=bool)
    encoder.range_ = np.full((2, layout.n_trained), np.nan)
    encoder.prior_losses_ = np.ones(layout.n_trained)
    encoder.bias_ = np.zeros((n_sets, layout.n_outputs))
    for place, t in enumerate(layout.order):
        source, old, of = sources[t], places[place], before
        if source.encoder is not None:
            old, of = 0, source.encoder
        at = layout.columns(place)
        if old is None:  # a task that had one class and therefore no logit
            assert source.classes is not None  # for the type checker
            encoder.bias_[:, at] = source.classes.logits[1]
            continue
        for name in ("mean_", "scale_", "mass_", "known_", "range_", "prior_losses_"):
            getattr(encoder, name)[..., place] = getattr(of, name)[..., old]
        bias = of.bias_[:, of.layout.columns(old)]
        if source.classes is not None:
            matrix, offset = source.classes.logits
            bias = bias @ matrix + offset
        encoder.bias_[:, at] = bias


def _change_net(
    model: BaseMultiTaskNet,
    state: NetState,
    encoder: TargetEncoder,
    sources: Sequence[TaskSource],
    places: Sequence[int | None],
    like: int | None,
) -> MultiTaskNet:
    who, old, layout = type(model).__name__, state.net, encoder.layout
    pairs = [(place, t) for place, t in enumerate(places) if t is not None]
    links = [Link(p, t, sources[layout.order[p]].classes) for p, t in pairs]
    parts = [(like or 0) if t is None else t for t in places]
    layouts = state.encoder.layout, layout
    head = read_head(model.head, who)
    module = change_module(old.module_, layouts, links, parts, head, who)
    bias = module.heads.bias
    if module.tail is not None and module.tail.output_bias is not None:
        bias = module.tail.output_bias
    with torch.no_grad():
        for place, t in enumerate(places):
            if t is None:
                at = layout.columns(place)
                first = torch.as_tensor(encoder.bias_[:, None, at])
                bias[..., at] = first.to(bias).expand_as(bias[..., at])
    net = build_net(model, module, encoder, state.dtype, state.net.device)
    columns = [source.old for source in sources]
    net.history_ = change_history(old.history, places, columns)
    net.task_weight = _task_weights(model, old, sources)
    weights = torch.tensor(net.task_weight)[torch.as_tensor(layout.order)]
    net.criterion_.task_weight.copy_(weights)
    if state.is_for_predictions:
        del net.optimizer_
        return net
    _keep_moments(net, old)
    # Old and new tasks may have no labelled sample in common.
    is_overlap = not any(source.encoder is not None for source in sources)
    is_overlap &= getattr(old.balance, "gramian", None) == "features"
    common = np.full((1, len(sources)), float(is_overlap))
    net.balance = make_balance(model, net.module_, encoder, common)
    counts = np.maximum(encoder.mass_.mean(axis=0), 1e-12)
    by_column = np.zeros((1, len(sources)))
    by_column[0, layout.order] = counts
    net.turns = make_turns(model, encoder, by_column, net)
    return net


def _task_weights(
    model: BaseMultiTaskNet, old: MultiTaskNet, sources: Sequence[TaskSource]
) -> list[float]:
    """Return the task weights: unchanged for old tasks; for others as given, or 1."""
    given: Any = model.task_weight if hasattr(model.task_weight, "items") else {}
    return [
        float(given.get(source.task.name, 1.0))
        if source.old is None
        else old.task_weight[source.old]
        for source in sources
    ]


def _keep_moments(net: MultiTaskNet, old: MultiTaskNet) -> None:
    """Copy the optimiser state of trunk and inputs if their shapes are unchanged."""
    before = dict(old.module_.named_parameters())
    for name, parameter in net.module_.named_parameters():
        known = before.get(name)
        is_same = known is not None and known.shape == parameter.shape
        if is_same and name.startswith(("trunk.", "inputs.")):
            state = old.optimizer_.state.get(known)
            if state:
                net.optimizer_.state[parameter] = copy.deepcopy(state)


def _change_held_out(
    outputs: list[np.ndarray] | None, sources: Sequence[TaskSource]
) -> list[np.ndarray] | None:
    """Return out-of-fold outputs; NaN for tasks without labels in that fit."""
    if outputs is None:
        return None
    changed = []
    for source in sources:
        if source.old is None:
            shape = (
                len(outputs[0]),
                *[source.task.n_classes] * source.task.is_classification,
            )
            changed.append(np.full(shape, np.nan))
        else:
            found = outputs[source.old]
            changed.append(source.classes.spread(found) if source.classes else found)
    return changed


def _change_calibration(
    data: CalibrationData | None, tasks: Sequence[Task], sources: Sequence[TaskSource]
) -> CalibrationData | None:
    """Return the held-out predictions of the tasks, without those of added tasks."""
    if data is None:
        return None
    outputs = _change_held_out(data.outputs, sources)
    assert outputs is not None  # for the type checker
    truth = _columns(data.truth, sources, np.nan)
    for t, source in enumerate(sources):
        if source.classes is not None:
            truth[:, t] = source.classes.codes(truth[:, t])
    weights = data.weights
    if weights is not None and weights.shape[1] > 1:
        weights = _columns(weights, sources, 1.0)
    kept = outputs, truth.astype(data.truth.dtype), weights, data.fold
    return CalibrationData(tasks, *kept, is_by_member=data.is_by_member)


def _change_square(
    matrix: np.ndarray | None, columns: Sequence[int | None]
) -> np.ndarray | None:
    """Return the relation between the tasks; 0 for added tasks."""
    if matrix is None:
        return None
    changed = np.zeros((len(columns), len(columns)))
    kept = [(t, old) for t, old in enumerate(columns) if old is not None]
    at, of = (list(numbers) for numbers in zip(*kept, strict=True))
    changed[np.ix_(at, at)] = matrix[np.ix_(of, of)]
    return changed


def _change_class_mass(
    mass: np.ndarray | None, sources: Sequence[TaskSource]
) -> np.ndarray | None:
    if mass is None:
        return None
    n_classes = max(source.task.n_classes for source in sources)
    changed = np.zeros((len(sources), n_classes))
    for t, source in enumerate(sources):
        if source.old is None:
            continue
        row = mass[source.old]
        if source.classes is not None:
            row = source.classes.spread(row[: len(source.classes.places)])
        changed[t, : len(row[:n_classes])] = row[:n_classes]
    return changed


def _change_label_mass(
    mass: np.ndarray | None, sources: Sequence[TaskSource]
) -> np.ndarray | None:
    if mass is None:
        return None
    columns = [source.old for source in sources]
    return np.array([0.0 if old is None else mass[old] for old in columns])


def _change_stream(
    stream: Stream | None, sources: Sequence[TaskSource]
) -> Stream | None:
    """Return the statistics of the stream, without labels for added tasks."""
    if stream is None:
        return None
    old = stream.moments
    moments = (_columns(each, sources) for each in (old.mass, old.mean, old.square))
    return replace(
        stream,
        n_labels=_columns(stream.n_labels, sources),
        n_scaled=_columns(stream.n_scaled, sources),
        moments=RunningMoments(*moments),
    )


def _change_stored(
    stored: StoredSamples, sources: Sequence[TaskSource]
) -> StoredSamples:
    """Return the stored samples, without labels for added tasks."""
    samples = stored.samples
    if samples is None:
        return stored
    codes = _columns(samples.codes, sources, np.nan)
    for t, source in enumerate(sources):
        if source.classes is not None:
            codes[:, t] = source.classes.codes(codes[:, t])
    weights = _columns(samples.weights, sources, 1.0)
    return replace(stored, samples=replace(samples, codes=codes, weights=weights))


def _columns(
    values: np.ndarray, sources: Sequence[TaskSource], fill: float = 0.0
) -> np.ndarray:
    """Return the values of the changed tasks, (..., n_tasks)."""
    out = np.full((*values.shape[:-1], len(sources)), fill)
    for t, source in enumerate(sources):
        if source.old is not None:
            out[..., t] = values[..., source.old]
    return out
