"""What a fit leaves behind, and how it is applied to rows."""

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
        Maps X to the columns of the net.
    encoder : TargetEncoder
        Maps logits to predictions.
    net : MultiTaskNet
        The skorch net.
    dtype : torch.dtype
        Of the parameters.
    seed : int
        Of everything that is drawn.
    n_calls : int
        Trainings so far: one, or more with partial_fit and warm_start.
    places_in_fit : list of int or None, or None
        Column of y in fit of each task, None of one that was added since; None where
        they are the first ones in their order.
    best_epoch : int
        The epoch whose weights were kept; 0 where nothing was held out.
    held_out_outputs : list of ndarray or None
        As `outputs`, for the training rows, each from the member that held it out; None
        where not every row was held out.
    calibration : CalibrationData or None
        What intervals and sets are calibrated on; None where nothing was held out.
    task_relation : ndarray of shape (n_tasks, n_tasks) or None
        How the tasks are related, None where nothing was said of it.
    head_update : HeadUpdate or None
        How the heads learn from samples that come after a fit; None before any.
    stream : Stream or None
        Of a net that began with partial_fit: what it remembers.
    stored : StoredSamples
        Samples that it has seen.
    class_mass : ndarray of shape (n_tasks, n_classes) or None
        Sums of sample weights so far, by which further calls balance the classes; None
        where classes have no weights.
    label_mass : ndarray of shape (n_tasks,) or None
        Sums of the sample weights of the labels so far; None before any.
    added_tasks : dict of str to AddedTask
        What was found when tasks were added after the fit.
    last_update : UpdateRecord or None
        What the last call of update did, None before any.
    """

    #: What a file saved for predictions leaves out.
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
    added_tasks: dict[str, Any] = field(default_factory=dict)
    last_update: Any = None

    @property
    def is_for_predictions(self) -> bool:
        """Whether it comes from a file that leaves out what training needs."""
        return not hasattr(self.net, "optimizer_")

    @property
    def n_members(self) -> int:
        """Number of members."""
        return len(self.net.module_.heads.weight)

    def attributes(self) -> dict[str, Any]:
        """Return the fitted attributes of the estimator; what it predicts with."""
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
        """Take over the history of a net that this one replaces."""
        self.n_calls = older.n_calls
        self.added_tasks = older.added_tasks
        self.places_in_fit = older.places_in_fit
        self.net.follow(older.net)

    def renamed(self, task_set: TaskSet) -> NetState:
        """Return a state whose tasks have other names; all else is shared."""
        encoder, net = copy.copy(self.encoder), copy.copy(self.net)
        encoder.task_set = task_set
        net.task_names = [task_set.names[t] for t in encoder.layout.order]
        return replace(self, encoder=encoder, net=net)

    def scale_targets(self, stream: Stream) -> Stream:
        """Give targets the scale of all labels so far, and keep the predictions.

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
            if not was_known:  # nothing was predicted that could be kept
                continue
            at = self.encoder.layout.columns(place)
            with torch.no_grad():
                if layer is not None:
                    layer.weight[..., at] *= ratio
                bias[..., at] = bias[..., at] * ratio + shift
        return after

    def outputs(self, X: ReadInputs) -> list[Any]:
        """Return probabilities and values of all tasks, of tokens for each sample.

        Shapes: X (n_samples, n_features).
        """
        return self._decoded(X, self.encoder.decode)

    def _decoded(self, X: ReadInputs, decode: Decode) -> list[Any]:
        """Return what `decode` makes of logits, in the order of X."""
        if self.encoder.layout.tokens and isinstance(X, Texts):
            return self._text_outputs(X, decode)
        outputs = decode(self._apply(X, self.net.logits), X.shape[0])
        places = _places(X)
        return outputs if places is None else [output[places] for output in outputs]

    def member_outputs(self, X: ReadInputs) -> list[list[np.ndarray]]:
        """Return the outputs of each member, NaN for a task that it does not know.

        Shapes: X (n_samples, n_features).
        """
        if isinstance(X, Texts):  # in an order of their own
            members = range(self.n_members)
            return [self._decoded(X, partial(self._decode_member, m)) for m in members]
        return self._split_members(self._apply(X, self.net.logits))

    def outputs_and_variance(
        self, X: ReadInputs
    ) -> tuple[list[np.ndarray], np.ndarray | None]:
        """Return `outputs`, and the variance of the members' values around them.

        None where errors are not known of single members.

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
        """Return what one member says of n_rows rows."""
        return self._split_members(chunks)[member]

    def _text_outputs(self, X: Texts, decode: Decode) -> list[Any]:
        """Return outputs of all tasks, for tokens a list with an array per sample."""
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
        """Return the shared representation of all members side by side.

        Shapes: X (n_samples, n_features) -> (n_samples, n_members * n_shared).
        """
        return _side_by_side(self._apply(X, self.net.represent), X)

    def represent_task(self, X: ReadInputs, task: int) -> np.ndarray:
        """Return what a task's head reads in all members, side by side.

        Shapes: X (n_samples, n_features) -> (n_samples, n_members * n_hidden).
        """
        if self.net.module_.has_one_representation:
            return self.represent(X)
        place = self._place(task, "to read for")
        return _side_by_side(self._apply(X, self._task_reader(place)), X)

    def head_inputs(self, X: ReadInputs, place: int | None = None) -> Tensor:
        """Return what all heads read, or the one at a place, in double precision.

        Shapes: X (n_samples, n_features) -> (n_members, n_samples, n_hidden).
        """
        read = self.net.represent if place is None else self._task_reader(place)
        found = torch.cat(list(self._apply(X, read)), dim=1).double().cpu()
        places = _places(X)
        return found if places is None else found[:, places]

    def project(self, X: ReadInputs, task: int) -> np.ndarray:
        """Return what a task's head reads in the row space of that head.

        The part of z that the task's head can see: coordinates in an orthonormal basis
        of the rows of its linear maps, in each member.

        Shapes: X (n_samples, n_features) -> (n_samples, n_members * rank).
        """
        place = self._place(task, "to project on")
        module = self.net.module_
        columns = task_of_maps(module, self.encoder.layout) == place
        heads = module.heads.weight.detach()[..., columns]
        basis = torch.linalg.qr(heads.double())[0].to(self.dtype)  # (M, h, rank)
        chunks = self._apply(X, self._task_reader(place))
        return _side_by_side((z @ basis for z in chunks), X)

    def say(self, X: ReadInputs, task: int) -> np.ndarray:
        """Return the probabilities or the value of a task as float32 columns.

        Shapes: X (n_samples, n_features) -> (n_samples, n_columns).
        """
        output = self.outputs(X)[task].astype(np.float32)
        return output if output.ndim == 2 else output[:, None]

    def _place(self, task: int, purpose: str) -> int:
        """Return the place of a column of y among the tasks that have a head."""
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
        """Prepare and map some rows at a time, whose temporaries stay in the cache.

        Texts come by length, with little padding: `_places` says where.
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
    """Return where each sample is in what `_apply` yields; None for in its order."""
    return np.argsort(_by_length(X)) if isinstance(X, Texts) else None


def _side_by_side(chunks: Iterator[Tensor], X: ReadInputs) -> np.ndarray:
    """Return all members of each sample of X as one row."""
    flat = [z.transpose(0, 1).flatten(1) for z in chunks]  # (n, n_members * width)
    rows, places = torch.cat(flat).float().cpu().numpy(), _places(X)
    return rows if places is None else rows[places]
