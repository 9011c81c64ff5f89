"""State of a fitted net, and its predictions."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neural_network.data._rows import PREPARED_ROWS, Rows, as_rows
from sklearn_mtl.neural_network.data._stored import NOTHING, StoredSamples
from sklearn_mtl.neural_network.data._stream import Stream
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.objective._owners import task_of_maps
from sklearn_mtl.neural_network.training._head_update import HeadUpdate, last_layer
from sklearn_mtl.neural_network.training._net import MultiTaskNet
from sklearn_mtl.preprocessing import Preparation, ReadInputs, Texts
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.uncertainty import CalibrationData, variance_of_members

__all__ = ["NetState"]

Decode = Callable[[Iterable[Tensor], int], list[np.ndarray]]


@dataclass
class NetState:
    """Preparation, encoder and net of one fit.

    Attributes
    ----------
    preparation : Preparation
        Maps X to the inputs of the net.
    encoder : TargetEncoder
        Maps logits to predictions.
    net : MultiTaskNet
        The skorch net.
    dtype : torch.dtype
        Type of the parameters.
    seed : int
        Seed of all random numbers.
    n_calls : int
        Number of trainings so far; more than one with partial_fit and warm_start.
    places_in_fit : list of int or None, or None
        Column of each task in the y of fit, None for a task that was added later. None
        if the tasks are the first columns, in the same order.
    best_epoch : int
        Epoch whose weights were kept; 0 if no sample was held out.
    held_out_outputs : list of ndarray or None
        Outputs for the training samples, each computed by the member that held the
        sample out; None unless every sample was held out.
    calibration : CalibrationData or None
        Held-out predictions for intervals and sets; None if no sample was held out.
    task_relation : ndarray of shape (n_tasks, n_tasks) or None
        Relation between the tasks; None if the parameter is None.
    head_update : HeadUpdate or None
        Second-order updates of the heads after a fit; None if there was no fit.
    stream : Stream or None
        Statistics of the stream, if the first call was partial_fit.
    stored : StoredSamples
        Stored training samples.
    class_mass : ndarray of shape (n_tasks, n_classes) or None
        Sums of sample weights so far, which balance the classes in further calls; None
        without class weights.
    label_mass : ndarray of shape (n_tasks,) or None
        Sums of the sample weights of all labels so far; None before the first label.
    parameters : dict of str to str, or None
        Descriptions of the constructor parameters that define the net; None in files of
        earlier versions.
    added_tasks : dict of str to AddedTask
        Results of add_task by task name.
    last_update : UpdateRecord or None
        Result of the last call of update.
    """

    #: Attributes that a file saved for predictions does not contain.
    _only_for_training: ClassVar = (
        *("held_out_outputs", "head_update", "stream", "stored"),
    )

    preparation: Preparation
    encoder: TargetEncoder
    net: MultiTaskNet
    dtype: torch.dtype
    seed: int
    n_calls: int = 0
    places_in_fit: list[int | None] | None = None
    best_epoch: int = 0
    held_out_outputs: list[np.ndarray] | None = None
    calibration: CalibrationData | None = None
    task_relation: np.ndarray | None = None
    head_update: HeadUpdate | None = None
    stream: Stream | None = None
    stored: StoredSamples = NOTHING
    class_mass: np.ndarray | None = None
    label_mass: np.ndarray | None = None
    parameters: dict[str, str] | None = None
    added_tasks: dict[str, Any] = field(default_factory=dict)
    last_update: Any = None

    @property
    def is_for_predictions(self) -> bool:
        """True if the state was loaded from a file without the training state."""
        return not hasattr(self.net, "optimizer_")

    @property
    def n_members(self) -> int:
        """Number of members."""
        return len(self.net.module_.heads.weight)

    def attributes(self) -> dict[str, Any]:
        """Return the fitted attributes of the estimator."""
        n_epochs = len(self.net.history)
        return {
            "task_set_": self.encoder.task_set,
            "_state": self,
            "_waiting": self.encoder.waiting_tasks(),
            "net_": self.net,
            "n_iter_": n_epochs,
            "best_epoch_": self.best_epoch or n_epochs,
            "_n_features_out": self.n_members * self.net.module_.n_shared,
        }

    def follow(self, older: NetState) -> None:
        """Copy the history of a net that this one replaces."""
        self.n_calls = older.n_calls
        self.added_tasks = older.added_tasks
        self.places_in_fit = older.places_in_fit
        self.net.follow(older.net)

    def renamed(self, task_set: TaskSet) -> NetState:
        """Return a state with renamed tasks that shares all other data."""
        encoder, net = copy.copy(self.encoder), copy.copy(self.net)
        encoder.task_set = task_set
        names = task_set.names
        net.task_names = [names[t] for t in encoder.layout.order]
        return replace(self, encoder=encoder, net=net)

    def scale_targets(self, stream: Stream) -> Stream:
        """Scale targets by all labels so far without changing the predictions.

        References
        ----------
        H. van Hasselt et al., "Learning values across many orders of magnitude",
        NeurIPS 2016, equation 4.
        """
        due, after = stream.after_scaling()
        layer, bias = last_layer(self.net.module_)
        for place in self.encoder.places(due):
            was_known = self.encoder.known_[:, place].all()
            t = self.encoder.layout.order[place]
            ratio, shift = self.encoder.set_scale(
                place, stream.moments.mean[t], stream.moments.scale[t]
            )
            if not was_known:  # no earlier predictions to preserve
                continue
            at = self.encoder.layout.columns(place)
            with torch.no_grad():
                if layer is not None:
                    layer.weight[..., at] *= ratio
                bias[..., at] = bias[..., at] * ratio + shift
        return after

    def outputs(self, X: ReadInputs) -> list[Any]:
        """Return probabilities or values of all tasks; for token tasks, by sample.

        Shapes: X (n_samples, n_features).
        """
        return self._decoded(X, self.encoder.decode)

    def _decoded(self, X: ReadInputs, decode: Decode) -> list[Any]:
        """Return the decoded logits in the order of X."""
        if self.encoder.layout.tokens and isinstance(X, Texts):
            return self._text_outputs(X, decode)
        outputs = decode(self._apply(X, self.net.logits), X.shape[0])
        places = _places(X)
        return outputs if places is None else [output[places] for output in outputs]

    def member_outputs(self, X: ReadInputs) -> list[list[np.ndarray]]:
        """Return the outputs of each member; NaN for a task without labels.

        Shapes: X (n_samples, n_features).
        """
        if isinstance(X, Texts):  # computed in another order, by length
            members = range(self.n_members)
            return [self._decoded(X, partial(self._decode_member, m)) for m in members]
        return self._split_members(self._apply(X, self.net.logits))

    def outputs_and_variance(
        self, X: ReadInputs
    ) -> tuple[list[np.ndarray], np.ndarray | None]:
        """Return `outputs`, and the variance of the members' values around them.

        The variance is None if the held-out errors of single members are unknown.

        Shapes: X (n_samples, n_features) -> (n_samples, n_tasks).
        """
        calibration = self.calibration
        if calibration is None or not calibration.is_by_member or isinstance(X, Texts):
            return self.outputs(X), None
        chunks = list(self._apply(X, self.net.logits))
        outputs = self.encoder.decode(chunks, X.shape[0])
        members, tasks = self._split_members(chunks), self.encoder.task_set.tasks
        return outputs, variance_of_members(tasks, members, outputs)

    def _split_members(self, chunks: Iterable[Tensor]) -> list[list[np.ndarray]]:
        activated = [self.encoder.activate(logits) for logits in chunks]
        members = torch.cat(activated, dim=1).double().cpu().numpy()
        known = self.encoder.known_outputs()
        if known is not None:
            members = np.where(known, members, np.nan)
        return [self.encoder.split(member) for member in members]

    def _decode_member(
        self, member: int, chunks: Iterable[Tensor], n_rows: int
    ) -> list[np.ndarray]:
        """Return the outputs of one member for n_rows samples."""
        return self._split_members(chunks)[member]

    def _text_outputs(self, X: Texts, decode: Decode) -> list[Any]:
        """Return the outputs of all tasks; those of tokens are lists over texts."""
        of_texts, of_tokens = [], []
        for texts, tokens in self._apply(X, self.net.token_logits):
            of_texts.append(decode([texts], texts.shape[1]))
            of_tokens.append(decode([tokens], tokens.shape[1]))
        order = _by_length(X)
        ends, places = X.lengths[order].cumsum()[:-1], np.argsort(order)
        outputs: list[Any] = []
        for t, task in enumerate(self.encoder.task_set.tasks):
            parts = of_tokens if task.is_tokens else of_texts
            found = np.concatenate([part[t] for part in parts])
            if task.is_tokens:
                by_text = np.split(found, ends)
                outputs.append([by_text[place] for place in places])
            else:
                outputs.append(found[places])
        return outputs

    def represent(self, X: ReadInputs) -> np.ndarray:
        """Return the concatenated shared representations of all members.

        Shapes: X (n_samples, n_features) -> (n_samples, n_members * n_shared).
        """
        return _side_by_side(self._apply(X, self.net.represent), X)

    def represent_task(self, X: ReadInputs, task: int) -> np.ndarray:
        """Return the concatenated inputs of the head of a task in all members.

        Shapes: X (n_samples, n_features) -> (n_samples, n_members * n_hidden).
        """
        if self.net.module_.has_one_representation:
            return self.represent(X)
        place = self._place(task, "to read for")
        return _side_by_side(self._apply(X, self._task_reader(place)), X)

    def head_inputs(self, X: ReadInputs, place: int | None = None) -> Tensor:
        """Return the input of all heads, or of the head at a place, in float64.

        Shapes: X (n_samples, n_features) -> (n_members, n_samples, n_hidden).
        """
        read = self.net.represent if place is None else self._task_reader(place)
        found = torch.cat(list(self._apply(X, read)), dim=1).double().cpu()
        places = _places(X)
        return found if places is None else found[:, places]

    def project(self, X: ReadInputs, task: int) -> np.ndarray:
        """Return the projection of a head's input on the row space of its weights.

        The coordinates refer to an orthonormal basis of the rows of the head's linear
        maps, in each member. Other parts of the input do not affect the head's outputs.

        Shapes: X (n_samples, n_features) -> (n_samples, n_members * rank).
        """
        place = self._place(task, "to project on")
        module = self.net.module_
        columns = task_of_maps(module, self.encoder.layout) == place
        heads = module.heads.weight.detach()[..., columns]
        basis = torch.linalg.qr(heads.double())[0].to(self.dtype)  # (M, h, rank)
        chunks = self._apply(X, self._task_reader(place))
        return _side_by_side((z @ basis for z in chunks), X)

    def task_output(self, X: ReadInputs, task: int) -> np.ndarray:
        """Return the probabilities or the value of a task as float32 columns.

        Shapes: X (n_samples, n_features) -> (n_samples, n_columns).
        """
        output = self.outputs(X)[task].astype(np.float32)
        return output if output.ndim == 2 else output[:, None]

    def _place(self, task: int, purpose: str) -> int:
        """Return the index of a task among the tasks that have a head."""
        order = self.encoder.layout.order.tolist()
        if task not in order:
            chosen = self.encoder.task_set.tasks[task]
            raise TaskError(
                f"{self.net.who}: task {chosen.name!r} is {chosen.kind} and has no "
                f"head {purpose}."
            )
        return order.index(task)

    def _task_reader(self, place: int) -> Callable[[Rows], Iterator[Tensor]]:
        return lambda rows: self.net.represent_task(rows, place)

    def _apply(
        self, X: ReadInputs, function: Callable[[Rows], Iterator[Any]]
    ) -> Iterator[Any]:
        """Prepare and map chunks of samples, small enough for the processor's cache.

        Texts are sorted by length to reduce padding; `_places` inverts the order.
        """
        device = torch.device(self.net.device)
        if isinstance(X, Texts):
            X = X[_by_length(X)]
        for start in range(0, X.shape[0], PREPARED_ROWS):
            columns = self.preparation.transform(X[start : start + PREPARED_ROWS])
            yield from function(as_rows(columns, self.dtype, device))


def _by_length(texts: Texts) -> np.ndarray:
    return np.argsort(texts.lengths, kind="stable")


def _places(X: ReadInputs) -> np.ndarray | None:
    """Return the position of each sample in the output of `_apply`; None if equal."""
    return np.argsort(_by_length(X)) if isinstance(X, Texts) else None


def _side_by_side(chunks: Iterator[Tensor], X: ReadInputs) -> np.ndarray:
    """Return one row per sample with the concatenated columns of all members."""
    flat = [z.transpose(0, 1).flatten(1) for z in chunks]  # (n, n_members * width)
    rows, places = torch.cat(flat).float().cpu().numpy(), _places(X)
    return rows if places is None else rows[places]
