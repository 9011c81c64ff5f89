"""Set up a net for given data, and train it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from sklearn_mtl.losses import read_losses
from sklearn_mtl.modules import MLP, read_head
from sklearn_mtl.neural_network.data._batches import (
    BatchIterator,
    HeldOutRows,
    LabelledRows,
)
from sklearn_mtl.neural_network.data._held import Held
from sklearn_mtl.neural_network.data._label_columns import label_columns
from sklearn_mtl.neural_network.data._labels import Labels, draw_folds, label_rows
from sklearn_mtl.neural_network.data._pretrained import trained_preparation
from sklearn_mtl.neural_network.data._ranks import Ranks, check_trunk
from sklearn_mtl.neural_network.data._read import preparation_of
from sklearn_mtl.neural_network.data._rows import as_rows
from sklearn_mtl.neural_network.data._stored import (
    NOTHING,
    Samples,
    StoredSamples,
    n_kept,
)
from sklearn_mtl.neural_network.data._stream import Stream
from sklearn_mtl.neural_network.data._streamed import StreamedTable
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.objective._relation import relation_matrix
from sklearn_mtl.neural_network.objective._scheduling import make_turns
from sklearn_mtl.neural_network.objective._setup import make_balance, make_monitor
from sklearn_mtl.neural_network.objective._task_weight import weigh_tasks
from sklearn_mtl.neural_network.training._best_epoch import BestEpoch
from sklearn_mtl.neural_network.training._build import (
    build_module,
    build_net,
    renew_callbacks,
)
from sklearn_mtl.neural_network.training._equip import (
    check_batches,
    draw_generators,
    equip,
    make_scaler,
    order_generators,
    take_back,
)
from sklearn_mtl.neural_network.training._head_update import HeadUpdate
from sklearn_mtl.neural_network.training._input_layer import input_layer
from sklearn_mtl.neural_network.training._learning_rate import TwoStages, WarmUpCosine
from sklearn_mtl.neural_network.training._loss_error import LossError, raise_reason
from sklearn_mtl.neural_network.training._out_of_fold import out_of_fold
from sklearn_mtl.neural_network.training._plan import (
    FURTHER_RATE,
    TrainingPlan,
    make_plan,
    resolve_embedding,
)
from sklearn_mtl.neural_network.training._rescaled_losses import RescaledLosses
from sklearn_mtl.neural_network.training._run import TrainingRun
from sklearn_mtl.neural_network.training._state import NetState
from sklearn_mtl.preprocessing import (
    Preparation,
    RawPreparation,
    ReadInputs,
    SparsePreparation,
    Table,
    TablePreparation,
    TargetsOf,
    Texts,
    WidePreparation,
    is_wide,
)
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.uncertainty import CalibrationData
from sklearn_mtl.utils._callbacks import FitEvents
from sklearn_mtl.utils._random import spawn_seeds

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet
    from sklearn_mtl.neural_network.checkpoint._checkpoint import Checkpoint


__all__ = ["Call", "keeping_generator", "train_state"]

_FOLDS, _PARAMETERS = 0, 1  # streams of random numbers
_KEEPING = 2**30  # first random stream for the choice of the stored samples


@dataclass(frozen=True)
class Call:
    """Settings of one call of fit, partial_fit or update.

    Attributes
    ----------
    seed : int
        Seed of all random numbers.
    label_mass : ndarray of shape (n_tasks,)
        Sums of the sample weights of all labels so far, including this call.
    held : Held
        Groups or validation set given by the user.
    is_partial : bool
        Whether to train for one epoch at a constant rate without held-out samples.
    is_anew : bool
        Whether to set up a new preparation and net, instead of using those of a state.
    stream : Stream or None
        Statistics of a stream including this call, if the first call was partial_fit.
    stored : StoredSamples
        Stored samples, including those of this call of partial_fit.
    members : ndarray of shape (1 or n_members, n_samples), bool, or None
        Mask of the samples on which each member is trained, in a call of partial_fit.
    n_further_epochs : int
        Number of epochs of the whole net, in a call of update; with 0, training is that
        of partial_fit.
    further_rate : float
        Initial learning rate of these epochs relative to that of fit.
    events : FitEvents or None
        Events for scikit-learn's callbacks, in a call of fit.
    checkpoint : Checkpoint or None
        Writer of the state of training, in a call of fit.
    ranks : Ranks or None
        Processes that train the net together, in a call of fit.
    """

    seed: int
    label_mass: np.ndarray
    held: Held = field(default_factory=Held)
    is_partial: bool = False
    is_anew: bool = True
    stream: Stream | None = None
    stored: StoredSamples = NOTHING
    members: np.ndarray | None = None
    n_further_epochs: int = 0
    further_rate: float = 1.0
    events: FitEvents | None = None
    checkpoint: Checkpoint | None = None
    ranks: Ranks | None = None

    def of_batch(
        self, model: BaseMultiTaskNet, state: NetState | None, batch: Samples
    ) -> tuple[Call, Samples]:
        """Return the call with its stored samples, and the samples to train on."""
        stream, stored, n_calls = None, NOTHING, 0
        if state is not None:
            stream, stored, n_calls = state.stream, state.stored, state.n_calls
        else:
            stream = Stream.begin(batch.codes.shape[1])
        rng = keeping_generator(self.seed, n_calls)
        size = n_kept(model.n_stored_samples, batch.X, is_stream=stream is not None)
        call, samples = replace(self, members=batch.members), batch
        if stream is not None:
            samples, is_anew = stream.lesson(stored, batch, size, rng)
            call = replace(
                self,
                stream=stream.more(batch),
                is_anew=is_anew,
                members=samples.members,
            )
        return replace(call, stored=stored.more(batch, size, rng)), samples


def keeping_generator(seed: int, n_calls: int) -> np.random.Generator:
    """Return the generator that selects the samples to store in a call."""
    return np.random.default_rng(spawn_seeds(seed, 1, _KEEPING + n_calls))


def train_state(
    model: BaseMultiTaskNet,
    X: ReadInputs | StreamedTable,
    task_set: TaskSet,
    labels: Labels,
    state: NetState | None,
    call: Call,
) -> NetState:
    """Train a new or existing net on validated data."""
    plan = make_plan(model, X.shape[0], is_wide=is_wide(X))
    if state is not None and plan.n_members != state.n_members:
        raise ValueError(
            f"{type(model).__name__}: n_members is {plan.n_members}, but the fitted "
            f"net has {state.n_members} members. Fit a new estimator."
        )
    if state is not None:
        if model.lr != state.net.lr:
            state.net.set_rate(model.lr)
        renew_callbacks(model, state.net)
    held = call.held
    members = call.members
    if members is None:
        members = np.ones((1, X.shape[0]), dtype=bool)
    if plan.hold_out and held.is_allowed and not call.is_partial:
        # the seed does not depend on the call, so a warm start holds out the same rows
        fold_seed = spawn_seeds(call.seed, 1, _FOLDS)[0]
        fraction = model.validation_fraction
        members = draw_folds(
            task_set, labels.codes, plan.n_members, fraction, fold_seed, held.group
        )
    stream = call.stream
    if state is None or call.is_anew:
        older = state
        state = _set_up(model, X, task_set, labels, members, plan, call.seed)
        if older is not None:
            state.follow(older)
        state.stream = stream and stream.after_set_up(call.stored.n_seen)
    else:
        state.stream = stream and state.scale_targets(stream)
    state.label_mass = call.label_mass
    weights = weigh_tasks(model, task_set, call.label_mass)
    state.net.set_task_weight(weights, state.encoder.layout.order)
    state.encoder.weigh(labels.codes, labels.weights, members, X)
    if state.encoder.layout.n_trained:
        device = torch.device(state.net.device)
        data = label_rows(
            X, labels, state.preparation, state.encoder, state.dtype, device
        )
        held_out = None
        if not call.is_partial:
            held_out = _held_out_rows(state, data, members, held)
        try:
            _train(model, state, data, members, held_out, plan, call)
        except LossError as error:
            raise_reason(error, data, X.sample if isinstance(X, StreamedTable) else X)
        if held_out is not None:
            state.calibration = _calibration_data(
                state, X, held_out, labels, members, held
            )
    state.stored = call.stored
    if not call.is_partial:
        parts = [(X, labels, members)]
        if held.labels is not None:
            parts.append((held.X, held.labels, np.zeros((1, 1), dtype=bool)))
        state.stored, state.last_update = _store(model, state, parts), None
    return state


def _store(
    model: BaseMultiTaskNet,
    state: NetState,
    parts: list[tuple[Any, Labels, np.ndarray]],
) -> StoredSamples:
    """Return a random subset of the samples, with the members trained on them."""
    stored, rng = NOTHING, keeping_generator(state.seed, state.n_calls)
    for X, labels, members in parts:
        size = n_kept(model.n_stored_samples, X, is_stream=False)
        trains = np.broadcast_to(members.T, (len(labels.codes), state.n_members))
        samples = Samples(X, labels.codes, labels.sample_weights, trains)
        stored = stored.more(samples, size, rng)
    return stored


def _held_out_rows(
    state: NetState, data: LabelledRows, members: np.ndarray, held: Held
) -> HeldOutRows | None:
    """Return the held-out samples of each member, or None."""
    device = data.targets.device
    if held.labels is not None:
        data = label_rows(
            held.X, held.labels, state.preparation, state.encoder, state.dtype, device
        )
        return HeldOutRows(data, [torch.arange(len(data))] * state.n_members)
    if members.all():
        return None
    return HeldOutRows(data, _row_numbers(~members))


def _set_up(
    model: BaseMultiTaskNet,
    X: ReadInputs | StreamedTable,
    task_set: TaskSet,
    labels: Labels,
    members: np.ndarray,
    plan: TrainingPlan,
    seed: int,
) -> NetState:
    """Fit the preparation and the encoder, and build the untrained net."""
    who = type(model).__name__
    losses = read_losses(model.loss, task_set.tasks, who)
    task_set = task_set.with_periods([loss.period for loss in losses])
    clip = getattr(model, "clip_predictions", False)
    encoder = TargetEncoder(task_set, clip, losses)
    encoder.fit(labels.codes, labels.weights, members, X)
    weights = labels.weights, labels.row_weights
    columns = partial(
        label_columns, task_set, encoder.layout, labels.codes, *weights, members
    )
    preparation = trained_preparation(model)
    if preparation is None:
        preparation = _fit_preparation(
            model, X, members * labels.row_weights, columns, plan
        )
    generators = draw_generators(seed, plan.n_members, _PARAMETERS)
    few = as_rows(preparation.transform(X[:2]), torch.float32, torch.device("cpu"))
    inputs = input_layer(preparation, few.span(0, 1).shape[-1], plan.dtype)
    head = read_head(model.head, who)
    sample = few.span(0, 2)
    module = build_module(plan.trunk, inputs, encoder, sample, generators, head, who)
    module.trunk_dtype = plan.trunk_dtype
    net = build_net(model, module, encoder, plan.dtype, plan.device)
    net.balance = make_balance(model, net.module_, encoder, labels.weights)
    net.turns = make_turns(model, encoder, labels.weights, net)
    return NetState(preparation, encoder, net, plan.dtype, seed)


def _fit_preparation(
    model: BaseMultiTaskNet,
    X: ReadInputs | StreamedTable,
    weights: np.ndarray,
    targets: TargetsOf,
    plan: TrainingPlan,
) -> Preparation:
    """Fit the preparation to all samples, or to the subset of a table in memory."""
    if isinstance(X, StreamedTable):
        rows, whole = X.rows, targets
        X, weights, targets = X.sample, weights[:, rows], lambda m: whole(m)[rows]
    return _make_preparation(model, X, plan).fit(X, weights, targets)


def _make_preparation(
    model: BaseMultiTaskNet, X: ReadInputs, plan: TrainingPlan
) -> Preparation:
    if is_wide(X) and isinstance(plan.trunk, MLP):
        return WidePreparation()
    if sparse.issparse(X) and preparation_of(model) == "table":
        return SparsePreparation()
    if not isinstance(X, Table):
        return RawPreparation()
    return TablePreparation(resolve_embedding(model, X.numeric.shape))


def _train(
    model: BaseMultiTaskNet,
    state: NetState,
    data: LabelledRows,
    members: np.ndarray,
    held_out: HeldOutRows | None,
    plan: TrainingPlan,
    call: Call,
) -> None:
    """Run the epochs, and keep the best one if samples are held out."""
    net, is_partial = state.net, call.is_partial
    if call.ranks is not None:
        check_trunk(net.module_.trunk, type(model).__name__)
    order = order_generators(state)
    rows = _row_numbers(members)
    # without held-out samples, all members are trained on the same samples
    rows = rows * state.n_members if len(rows) < state.n_members else rows
    batches = BatchIterator(data, rows, plan.batch_size, order, call.ranks)
    n_epochs, n_further = plan.max_epochs, 0
    if is_partial:
        n_epochs = call.n_further_epochs or 1
    schedule: WarmUpCosine | TwoStages | None = None
    if call.n_further_epochs:
        schedule = WarmUpCosine(n_epochs * len(batches), highest=call.further_rate)
    track = rescaled = None
    if held_out is not None:
        prior = torch.as_tensor(state.encoder.prior_losses_, device=net.device)
        if all(task.kind == "regression" for task in state.encoder.task_set.tasks):
            n_further = plan.n_further
        # on sparse texts, the plain loss selects better epochs
        if not isinstance(state.preparation, WidePreparation):
            rescaled = RescaledLosses(
                state.encoder.layout, state.encoder.bias_, torch.device(net.device)
            )
        weight = net.criterion_.task_weight.double()
        track = BestEpoch(prior, weight, plan.patience, n_epochs, n_further, rescaled)
    if model.lr_schedule == "cosine" and not is_partial:
        schedule = WarmUpCosine(n_epochs * len(batches))
        if n_further:
            further = WarmUpCosine(n_further * len(batches), highest=FURTHER_RATE)
            schedule = TwoStages(schedule, further)
    head_update = None
    if is_partial and not call.n_further_epochs:
        head_update = state.head_update
    if head_update is None:
        check_batches(net.module_, batches, type(model).__name__)
    regularizer, generators = equip(model, state, data, call.ranks)
    run = TrainingRun(
        batches,
        held_out,
        n_epochs,
        n_further,
        schedule=schedule,
        track=track,
        rescaled=rescaled,
        regularizer=regularizer,
        monitor=make_monitor(model, state.encoder, net.device),
        head_update=head_update,
        events=call.events,
        generators=[*order, *generators],
        checkpoint=call.checkpoint,
        scaler=make_scaler(net),
        ranks=call.ranks,
    )
    if call.events is not None:
        call.events.begin(n_epochs + n_further, fitted=state.attributes)
    try:
        net.train(run)
    finally:
        take_back(net)
    state.best_epoch = 0
    state.held_out_outputs = state.calibration = None
    if held_out is not None and track is not None:
        state.best_epoch = track.restore(net.module_)
        if (~members).any(axis=0).all():  # each sample was held out by one member
            state.held_out_outputs = out_of_fold(state, held_out)
    if not is_partial and not state.encoder.layout.tokens:
        mass = state.encoder.mass_ * members.sum(axis=1, keepdims=True)
        layout = state.encoder.layout
        state.head_update = HeadUpdate(net.module_, layout, data, torch.tensor(mass))
    task_set = state.encoder.task_set
    state.task_relation = relation_matrix(regularizer, net.module_, task_set)


def _calibration_data(
    state: NetState,
    X: ReadInputs | StreamedTable,
    held_out: HeldOutRows,
    labels: Labels,
    members: np.ndarray,
    held: Held,
) -> CalibrationData:
    """Return predictions and labels of the held-out samples."""
    tasks, outputs, fold = state.encoder.task_set.tasks, state.held_out_outputs, None
    if outputs is not None:
        fold = (~members).argmax(axis=0)
    elif held.labels is not None:
        labels, outputs = held.labels, state.outputs(held.X)
    else:  # the only member held out some samples
        rows = np.flatnonzero(~members[0])
        labels = labels.take(rows)
        if isinstance(X, Texts):  # held_out sorts them by length
            outputs = state.outputs(X[rows])
        else:
            chunks = (logits for _, logits in state.net.held_out_logits(held_out))
            outputs = state.encoder.decode(chunks, len(rows))
    return CalibrationData.of_fit(
        tasks,
        outputs,
        labels.codes,
        labels.sample_weights,
        fold,
        is_by_member=fold is not None,
    )


def _row_numbers(members: np.ndarray) -> list[Tensor]:
    return [torch.as_tensor(np.flatnonzero(m)) for m in members]
