"""Train a copy of a net on new and stored samples, and keep it if it is not worse."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sklearn_mtl.neural_network.data._batches import HeldOutRows, LabelledRows
from sklearn_mtl.neural_network.data._labels import Labels, draw_folds, label_rows
from sklearn_mtl.neural_network.data._stored import Samples, n_kept
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.neural_network.training._training import (
    Call,
    keeping_generator,
    train_state,
)
from sklearn_mtl.neural_network.updates._judge import (
    HeldOutLosses,
    compare_losses,
    held_out_losses,
)
from sklearn_mtl.neural_network.updates._record import UpdateRecord
from sklearn_mtl.utils._random import spawn_seeds

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["NewSamples", "update_state"]

# Epochs of the whole net, and their learning rate relative to that of fit. On adult
# with shifted inputs, the second setting forgot more than the first. On scm20d, which
# has little noise, the first did not converge, and the second forgot nothing.
_WHOLE_NET = ((10, 0.1), (20, 0.3))
_HEADS = (0, 1.0)
_FOLDS = 2**28  # first random stream for the choice of held-out new samples


@dataclass(frozen=True)
class NewSamples:
    """Inputs of a call of update.

    Attributes
    ----------
    samples : Samples
        New samples with a label.
    group : ndarray of shape (n_samples,) or None
        Group of each sample. Groups are held out together.
    can_divide : bool
        Whether some samples can be held out.
    class_mass : ndarray of shape (n_tasks, n_classes) or None
        Sums of sample weights by class, including earlier calls.
    label_mass : ndarray of shape (n_tasks,)
        Sums of sample weights by task, including earlier calls.
    """

    samples: Samples
    group: np.ndarray | None
    can_divide: bool
    class_mass: np.ndarray | None
    label_mass: np.ndarray


def update_state(model: BaseMultiTaskNet, state: NetState, new: NewSamples) -> NetState:
    """Return an updated state, or the given one with the reasons for the refusal.

    The given state is not modified.
    """
    batch, stored = _hold_out(model, state, new), state.stored
    samples = batch if stored.samples is None else stored.samples + batch
    start = _copy(model, state)
    start.class_mass, start.label_mass = new.class_mass, new.label_mass
    if start.stream is not None:  # first, because the scale changes the unit of losses
        start.stream = start.scale_targets(start.stream.more(batch))
    trial = _Trial.begin(model, start, samples, n_new=len(batch))
    before = held_out_losses(start.net, trial.held_out)
    found = [_attempt(model, start, trial, before, *way) for way in trial.ways(start)]
    chosen = found[0]
    for attempt in found[1:]:
        if attempt.is_better(chosen, start, trial.is_new):
            chosen = attempt
    if not chosen.record.is_accepted:
        return replace(state, last_update=chosen.record)
    moved = replace(chosen.state, last_update=chosen.record)
    size = n_kept(model.n_stored_samples, batch.X, is_stream=state.stream is not None)
    rng = keeping_generator(state.seed, state.n_calls)
    moved.stored = stored.more(batch, size, rng)
    return moved


@dataclass(frozen=True)
class _Attempt:
    """A trained copy of the net with its held-out losses and their evaluation."""

    state: NetState
    losses: HeldOutLosses
    record: UpdateRecord

    def is_better(self, other: _Attempt, state: NetState, is_new: np.ndarray) -> bool:
        """Return whether this copy is significantly better on new samples."""
        if not (self.record.is_accepted and other.record.is_accepted):
            return not other.record.is_accepted
        prior = state.encoder.prior_losses_
        return compare_losses(self.losses, other.losses, is_new, prior).is_mean_worse


def _attempt(
    model: BaseMultiTaskNet,
    start: NetState,
    trial: _Trial,
    before: HeldOutLosses,
    n_epochs: int,
    rate: float,
) -> _Attempt:
    """Train and evaluate a copy: the heads only (n_epochs=0), or all layers."""
    whole_net = n_epochs > 0
    learned = trial.samples
    # Second-order steps of the heads already account for the earlier samples.
    if start.head_update is not None and not whole_net:
        learned = learned[np.flatnonzero(trial.is_new)]
    assert start.label_mass is not None  # for the type checker
    call = Call(
        start.seed,
        start.label_mass,
        is_partial=True,
        is_anew=False,
        stream=start.stream,
        members=learned.members,
        n_further_epochs=n_epochs,
        further_rate=rate,
    )
    tasks, moved = start.encoder.task_set, _copy(model, start)
    labels = _labels(model, start, learned)
    if whole_net:
        # The optimiser's moments are those of the small gradients at the end of the
        # fit. With them, the first steps on other samples would be far too long.
        moved.net.optimizer_.state.clear()
    moved = train_state(model, learned.X, tasks, labels, moved, call)
    if whole_net:
        trial.renew_head_update(moved)
    n_new = int(trial.is_new.sum())
    n_replayed = int(learned.trains[:-n_new].any(axis=1).sum())
    after = held_out_losses(moved.net, trial.held_out)
    record = UpdateRecord(True, n_new, n_replayed, whole_net)
    return _Attempt(moved, after, _judged(record, moved, before, after, trial.is_new))


@dataclass(frozen=True)
class _Trial:
    """Stored and new samples of an update, prepared for the net."""

    samples: Samples
    labels: Labels
    data: LabelledRows
    held_out: HeldOutRows
    is_new: np.ndarray
    known: np.ndarray
    order: np.ndarray

    @classmethod
    def begin(
        cls, model: BaseMultiTaskNet, state: NetState, samples: Samples, n_new: int
    ) -> _Trial:
        """Prepare the samples; the last `n_new` of them are new."""
        known = state.encoder.known_ | np.zeros((state.n_members, 1), dtype=bool)
        labels, device = _labels(model, state, samples), torch.device(state.net.device)
        state.encoder.weigh(labels.codes, labels.weights, samples.trains.T)
        data = label_rows(
            samples.X, labels, state.preparation, state.encoder, state.dtype, device
        )
        numbers = [np.flatnonzero(~trains) for trains in samples.trains.T]
        held_out = HeldOutRows(data, [torch.as_tensor(n) for n in numbers])
        is_new = np.arange(len(samples)) >= len(samples) - n_new
        order = state.encoder.layout.order
        return cls(samples, labels, data, held_out, is_new, known, order)

    def ways(self, state: NetState) -> list[tuple[int, float]]:
        """Return the number of epochs and the learning rate of each copy."""
        # Training the trunk without labels of a task could harm this task unnoticed.
        n_labels = self._n_labels(~self.is_new)
        covers_tasks = (n_labels[self.known] > 0).all() and not self.is_new.all()
        if not covers_tasks:
            return [_HEADS]
        return [*_WHOLE_NET] if state.head_update is None else [_HEADS, *_WHOLE_NET]

    def renew_head_update(self, state: NetState) -> None:
        """Add the new samples to the second-order updates of the heads."""
        if state.head_update is None:
            return
        labels = torch.as_tensor(self._n_labels(self.is_new))
        n_new = int(self.is_new.sum())
        state.head_update = state.head_update.after_training(
            state.net.module_, self.data, n_new, labels
        )

    def _n_labels(self, rows: np.ndarray) -> np.ndarray:
        """Return the label weights in training, (n_members, n_trained)."""
        weights = self.labels.weights[rows][:, self.order]
        return self.samples.trains[rows].T @ weights


def _labels(model: BaseMultiTaskNet, state: NetState, samples: Samples) -> Labels:
    return Labels.read(
        state.encoder.task_set,
        samples.codes,
        samples.weights,
        getattr(model, "class_weight", None),
        type(model).__name__,
        state.class_mass,
    )


def _hold_out(model: BaseMultiTaskNet, state: NetState, new: NewSamples) -> Samples:
    """Return the new samples with the members that are trained on each."""
    batch, n_members = new.samples, state.n_members
    if len(batch) < 2 or not new.can_divide:
        return batch
    members = draw_folds(
        state.encoder.task_set,
        batch.codes,
        n_members,
        model.validation_fraction,
        spawn_seeds(state.seed, 1, _FOLDS + state.n_calls)[0],
        new.group,
    )
    return replace(batch, trains=members.T)


def _copy(model: BaseMultiTaskNet, state: NetState) -> NetState:
    """Return a copy of the state that can be trained separately."""
    # The callbacks of the user are not copied: they are notified of all epochs.
    memo: dict[int, Any] = {}
    for one in model.callbacks or []:
        callback = one[1] if isinstance(one, tuple) else one
        memo |= {id(one): one, id(callback): callback}
    parts = copy.deepcopy((state.net, state.encoder, state.head_update), memo)
    net, encoder, head_update = parts
    return replace(state, net=net, encoder=encoder, head_update=head_update)


def _judged(
    record: UpdateRecord,
    state: NetState,
    before: HeldOutLosses,
    after: HeldOutLosses,
    is_new: np.ndarray,
) -> UpdateRecord:
    """Return the record with the evaluation on held-out samples."""
    names, prior = state.net.task_names, state.encoder.prior_losses_
    parts, reasons = [], []
    for where, rows in (("stored", ~is_new), ("new", is_new)):
        found = compare_losses(before, after, rows, prior)
        parts.append({names[t]: change for t, change in found.changes.items()})
        reasons += [
            f"on {where} samples the loss of task {names[t]!r} increased "
            f"{found.changes[t]}"
            for t in found.worse
        ]
        if found.is_mean_worse and len(found.changes) > 1:
            reasons.append(
                f"on {where} samples the mean over tasks of loss / loss of the best "
                f"constant increased {found.mean}"
            )
    return replace(
        record,
        is_accepted=not reasons,
        on_stored=parts[0],
        on_new=parts[1],
        reasons=tuple(reasons),
    )
