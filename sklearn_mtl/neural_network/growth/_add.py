"""Add a task to a fitted net."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from sklearn_mtl.exceptions import NegativeTransferWarning, TaskError
from sklearn_mtl.modules import (
    FeedbackHead,
    HeadSpec,
    LinearHead,
    MultiTaskModule,
    read_head,
)
from sklearn_mtl.neural_network.data._rows import as_rows
from sklearn_mtl.neural_network.data._stored import Samples, n_kept
from sklearn_mtl.neural_network.growth._added import AddedTask
from sklearn_mtl.neural_network.growth._change import change_tasks
from sklearn_mtl.neural_network.growth._fresh import fresh_output
from sklearn_mtl.neural_network.growth._gradient_head import (
    GradientHeads,
    one_task_module,
)
from sklearn_mtl.neural_network.growth._labels import N_FOLDS, TaskLabels, sample_losses
from sklearn_mtl.neural_network.growth._linear_head import LinearHeads
from sklearn_mtl.neural_network.growth._module import Link, copy_heads
from sklearn_mtl.neural_network.growth._out_of_fold import Choice, Heads, choose
from sklearn_mtl.neural_network.growth._source import TaskSource, old_losses
from sklearn_mtl.neural_network.growth._tune import Tuning, tune_trunk
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.preprocessing import ReadInputs
from sklearn_mtl.utils._random import spawn_seeds
from sklearn_mtl.utils._typing import FeaturesLike

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["NewTask", "add_to_state", "seed_of_folds", "sources_of"]

_FOLDS, _HEADS, _TUNING, _STREAM = (2**29 + n for n in range(4))


@dataclass(frozen=True)
class NewTask:
    """Inputs of a call of add_task.

    Attributes
    ----------
    X : array-like, DataFrame or sparse matrix of shape (n_samples, n_features)
        Input data of the user.
    inputs : ReadInputs
        Validated input data.
    labels : TaskLabels
        Labels, weighted by sample and class weights.
    sample_weight : ndarray of shape (n_labels,)
        Sample weights.
    tunes : bool
        Whether to tune the trunk.
    compares : bool
        Whether to fit new nets for comparison.
    """

    X: FeaturesLike
    inputs: ReadInputs
    labels: TaskLabels
    sample_weight: np.ndarray
    tunes: bool
    compares: bool


def seed_of_folds(state: NetState) -> int:
    """Return the seed of the assignment of labels to folds."""
    return spawn_seeds(state.seed, 1, _FOLDS)[0]


def sources_of(state: NetState) -> list[TaskSource]:
    """Return the unchanged tasks of a net."""
    tasks = state.encoder.task_set.tasks
    pairs = zip(tasks, old_losses(state.encoder), strict=True)
    return [TaskSource(task, loss, t) for t, (task, loss) in enumerate(pairs)]


def add_to_state(model: BaseMultiTaskNet, state: NetState, new: NewTask) -> NetState:
    """Return the state with the new task, without changing the given state."""
    labels, name = new.labels, new.labels.task.name
    source = TaskSource(labels.task, labels.loss)
    n_sets = len(state.encoder.mean_)
    if labels.layout.n_trained:
        everyone = np.ones((n_sets, len(labels.codes)), dtype=bool)
        encoder = labels.encoder(everyone, state.encoder.clip)
        source = replace(source, encoder=encoder, n_labels=labels.weights.sum())
    sources = [*sources_of(state), source]
    if not labels.layout.n_trained:  # a single class, which is always predicted
        changed = change_tasks(model, state, sources)
        record = AddedTask(len(labels.rows))
    else:
        changed, record = _with_head(model, state, sources, new)
    n_samples = new.inputs.shape[0]
    record = replace(record, oof_prediction=_by_sample(record, labels, n_samples))
    changed.added_tasks = {**state.added_tasks, name: record}
    _store_samples(model, changed, new)
    if changed.label_mass is not None:
        changed.label_mass[-1] = new.sample_weight.sum()
    if changed.class_mass is not None and labels.task.is_classification:
        n_classes = labels.task.n_classes
        counts = np.bincount(labels.codes.astype(np.intp), new.sample_weight, n_classes)
        changed.class_mass[-1, :n_classes] = counts
    return changed


def _with_head(
    model: BaseMultiTaskNet,
    state: NetState,
    sources: Sequence[TaskSource],
    new: NewTask,
) -> tuple[NetState, AddedTask]:
    labels = new.labels
    head = read_head(model.head, type(model).__name__)
    # With one representation per task, the new task starts from the best of them.
    module, trained = state.net.module_, state.encoder.layout.n_trained
    likes: list[int | None] = [None]
    if not module.has_one_representation:
        likes = list(range(trained))
    if not likes:
        raise TaskError(
            f"{type(model).__name__}: the trunk has one representation per task, but "
            "add_task needs at least one trained task to start from."
        )
    some = new.inputs[labels.rows]
    candidates = [
        _heads(model, state, labels, state.head_inputs(some, like), head)
        for like in likes
    ]
    choice = choose(labels, candidates)
    like = likes[choice.candidate]
    changed = change_tasks(model, state, sources, like)
    heads = candidates[choice.candidate]
    _put_head(changed, changed.net.module_, heads, choice.setting, head)
    record = _judge(model, new, choice, heads)
    if new.tunes and labels.fold is not None:
        record = _tune(model, changed, new, heads, choice, record)
    if changed.head_update is not None:
        x = as_rows(changed.preparation.transform(some), state.dtype, _device(changed))
        place = _place(changed)
        whole = x.span(0, x.n_rows)
        whole = whole.expand(state.n_members, *whole.shape[1:])
        changed.head_update.measure(changed.net.module_, place, whole)
    return changed, record


def _heads(
    model: BaseMultiTaskNet,
    state: NetState,
    labels: TaskLabels,
    Z: torch.Tensor,
    head: HeadSpec,
) -> Heads:
    # the feedback weights of a new task are zero, which makes the head linear
    if type(head) in (LinearHead, FeedbackHead):
        return LinearHeads(labels, Z)
    seed = spawn_seeds(state.seed, 1, _HEADS)[0]
    return GradientHeads(labels, Z, head, model.lr, seed)


def _put_head(
    state: NetState,
    module: MultiTaskModule,
    heads: Heads,
    setting: int,
    head: HeadSpec,
    rows: np.ndarray | None = None,
) -> None:
    """Fit the head to some labels, by default all, and insert it into the module."""
    labels = heads.labels
    if rows is None:
        rows = np.ones(len(labels.codes), dtype=bool)
    # scaled by all labels, like in the encoder of the state
    encoder = labels.encoder(np.ones((1, len(labels.codes)), dtype=bool))
    if isinstance(heads, GradientHeads):
        alone = heads.solution(setting, rows, encoder)
    else:
        generators = [torch.Generator() for _ in range(len(heads.Z))]
        alone = one_task_module(head, labels, heads.Z, generators)
        W, b = heads.solution(setting, rows, encoder)
        with torch.no_grad():
            alone.heads.weight.copy_(W)
            alone.heads.bias.copy_(b)
    layouts = state.encoder.layout, labels.layout
    copy_heads(module, alone, layouts, [Link(_place(state), 0)], "add_task")


def _place(state: NetState) -> int:
    """Return the index of the last task in the layout."""
    return int(np.argmax(state.encoder.layout.order))


def _device(state: NetState) -> torch.device:
    return state.net.module_.heads.weight.device


def _judge(
    model: BaseMultiTaskNet, new: NewTask, choice: Choice, heads: Heads
) -> AddedTask:
    """Compare out-of-fold losses with those of a new net."""
    labels = new.labels
    setting = heads.settings[choice.setting]
    is_linear = isinstance(heads, LinearHeads)
    record = AddedTask(
        len(labels.rows),
        alpha=setting if is_linear else None,
        n_steps=None if is_linear else int(setting),
    )
    prior = labels.prior_loss()
    if choice.output is None or not prior > 0:
        return record
    own = sample_losses(labels, choice.output)
    score = 1.0 - np.average(own, weights=labels.weights) / prior
    record = replace(record, score=float(score), oof_prediction=choice.output)
    if not new.compares:
        return record
    seed = spawn_seeds(model._state.seed, 1, _HEADS)[0] % 2**31
    output = fresh_output(model, new.X, labels, seed)
    assert output is not None  # for the type checker: there are folds
    apart = (sample_losses(labels, output) - own) / prior
    gain = float(np.average(apart, weights=labels.weights))
    share = labels.weights / labels.weights.sum()
    error = float(np.sqrt(np.sum((share * (apart - gain)) ** 2)))
    record = replace(
        record, fresh_score=float(score) - gain, gain=gain, gain_error=error
    )
    if gain < -2.0 * error:
        warnings.warn(
            f"{type(model).__name__}: the score of the added task "
            f"{labels.task.name!r} is {score:.3f} on the existing trunk and "
            f"{record.fresh_score:.3f} in a net fitted on this task alone "
            "(out-of-fold, 1 - loss / prior loss). Fit the task alone, or tune the "
            "trunk with tune_trunk=True.",
            NegativeTransferWarning,
            stacklevel=6,
        )
    return record


def _tune(
    model: BaseMultiTaskNet,
    state: NetState,
    new: NewTask,
    heads: Heads,
    choice: Choice,
    record: AddedTask,
) -> AddedTask:
    """Tune the trunk of a state if this decreases the held-out loss."""
    labels, module = new.labels, state.net.module_
    assert labels.fold is not None  # for the type checker: the caller asked
    n_samples = new.inputs.shape[0]
    seed = spawn_seeds(state.seed, 1, _TUNING)[0]
    draws = np.random.default_rng(seed).random(n_samples)
    held = np.less(draws, 1.0 / N_FOLDS)
    held[labels.rows] = labels.fold == 0
    rows = as_rows(state.preparation.transform(new.inputs), state.dtype, _device(state))
    tuning = Tuning(labels, state.encoder, _place(state), rows, held, model.lr, seed)
    start = copy.deepcopy(module)
    head = read_head(model.head, type(model).__name__)
    _put_head(state, start, heads, choice.setting, head, ~held[labels.rows])
    tuned, n_steps, changes = tune_trunk(start, tuning)
    if not n_steps:
        return record
    module.load_state_dict(tuned.state_dict())
    Z = state.head_inputs(new.inputs[labels.rows], _own_place(state))
    heads = _heads(model, state, labels, Z, head)
    _put_head(state, module, heads, choice.setting, head)
    names = state.encoder.task_set.names
    pairs = zip(state.encoder.layout.order, changes.tolist(), strict=True)
    by_name = {names[t]: change for t, change in pairs}
    by_name.pop(labels.task.name)
    return replace(record, n_tuning_steps=n_steps, changes=by_name)


def _own_place(state: NetState) -> int | None:
    return None if state.net.module_.has_one_representation else _place(state)


def _by_sample(
    record: AddedTask, labels: TaskLabels, n_samples: int
) -> np.ndarray | None:
    """Return out-of-fold predictions of all samples; NaN without a label."""
    if record.oof_prediction is None:
        return None
    out = np.full((n_samples, *record.oof_prediction.shape[1:]), np.nan)
    out[labels.rows] = record.oof_prediction
    return out


def _store_samples(model: BaseMultiTaskNet, state: NetState, new: NewTask) -> None:
    """Add the samples to the stored samples."""
    labels, n_tasks = new.labels, state.encoder.task_set.n_tasks
    codes = np.full((len(labels.rows), n_tasks), np.nan)
    codes[:, -1] = labels.codes
    weights = np.repeat(new.sample_weight[:, None], n_tasks, axis=1)
    trains = np.ones((len(codes), state.n_members), dtype=bool)
    samples = Samples(new.inputs[labels.rows], codes, weights, trains)
    seed = spawn_seeds(state.seed, 1, _STREAM + n_tasks)[0]
    is_stream = state.stream is not None
    size = n_kept(model.n_stored_samples, new.inputs, is_stream=is_stream)
    # with a fixed share, because a long stream would leave almost no room for them
    state.stored = state.stored.more(
        samples, size, np.random.default_rng(seed), share=1.0 / n_tasks
    )
    if state.stream is None:
        return
    stream = state.stream.more(samples)
    n_scaled = stream.n_scaled.copy()
    n_scaled[-1] = stream.n_labels[-1]
    state.stream = replace(stream, n_scaled=n_scaled)
