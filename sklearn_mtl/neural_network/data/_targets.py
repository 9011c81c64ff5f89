"""Encoding of targets for the losses, and decoding of logits to predictions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.losses import OutputLayout, TaskLoss, split_classes
from sklearn_mtl.preprocessing import ReadInputs, Texts, column_moments
from sklearn_mtl.tasks import Task, TaskSet, from_vectors, unit_vectors

__all__ = ["TargetEncoder"]

_RAREST = 1e-6  # minimum prior of a class, and minimum prior loss


class TargetEncoder:
    """Standardise regression targets, sort tasks in layout order, and invert both.

    The statistics are computed for n_sets training sets: one per member, or one for all
    members. The first set defines the scale of the encoded targets.

    Attributes
    ----------
    layout : OutputLayout
        Assignment of logits to tasks.
    mean_, scale_ : ndarray of shape (n_sets, n_trained)
        Mean and scale of each task for each member: 0 and 1 for classification; 0 and
        the conversion factor to radians for periodic targets.
    range_ : ndarray of shape (2, n_trained)
        Minimum and maximum label of regression tasks in all calls, not standardised.
    mass_ : ndarray of shape (n_sets, n_trained)
        Sum of the weights of each member's training labels, divided by its number of
        samples; computed by `weigh`.
    known_ : ndarray of shape (n_sets, n_trained), bool
        Whether a member has seen a label of the task with a positive weight, in any
        call of `weigh`.
    bias_ : ndarray of shape (n_sets, n_outputs)
        Logits of the class frequencies; for periodic targets, the mean point on the
        circle.
    prior_losses_ : ndarray of shape (n_trained,)
        Loss of predicting the class frequencies or the mean for every sample.
    """

    def __init__(
        self, task_set: TaskSet, clip: bool, losses: Sequence[TaskLoss] | None = None
    ) -> None:
        self.task_set = task_set
        self.clip = clip
        self.layout = OutputLayout(task_set.tasks, losses)

    def fit(
        self,
        codes: np.ndarray,
        weights: np.ndarray,
        members: np.ndarray,
        X: ReadInputs | None = None,
    ) -> None:
        """Compute the statistics of the training labels of each member.

        Only the tags of tokens are read from X.

        Shapes: codes, weights (n_samples, n_tasks), members (n_sets, n_samples).
        """
        order = self.layout.order
        codes, weights = codes.T[order], weights.T[order]  # (n_trained, n_samples)
        shape = (len(members), len(order))
        self.mean_, self.scale_ = np.zeros(shape), np.ones(shape)
        self.range_ = np.full((2, len(order)), np.nan)
        self.bias_ = np.zeros((len(members), self.layout.n_outputs))
        self.prior_losses_ = np.ones(len(order))
        block = range(*self.layout.regression.indices(len(order)))
        sets = np.vstack([members, np.ones_like(members[:1])])  # last: all samples
        for j, values in enumerate(codes):
            seen = np.flatnonzero(~np.isnan(values) & (weights[j] > 0))
            labels, rows = values[seen], seen
            if j in self.layout.tokens and isinstance(X, Texts):
                labels, rows = _tags(X, self.layout.tokens[j], weights[j])
            cells = sets[:, rows] * weights[j, rows]
            period = self.layout.loss(j).period
            if period is not None:
                self._fit_circular(j, labels, cells, period)
            elif j in block:
                self._fit_regression(j, labels, cells)
            else:
                self._fit_classes(j, labels.astype(np.intp), cells)

    def _fit_regression(self, j: int, labels: np.ndarray, weights: np.ndarray) -> None:
        mean, scale = column_moments(labels[:, None], weights)
        # members without a label of the task get the scale of all labels; it matters
        # only for the first member, whose scale is that of the encoded targets
        without = weights.sum(axis=1) == 0
        mean[without], scale[without] = mean[-1], scale[-1]
        self.mean_[:, j], self.scale_[:, j] = mean[:-1, 0], scale[:-1, 0]
        scaled = (labels - mean[-1]) / scale[-1]
        prior = _constant_loss(self.layout.loss(j), np.zeros(1), scaled, weights[-1])
        self.prior_losses_[j] = prior if prior > 0 else 1.0

    def _fit_circular(
        self, j: int, labels: np.ndarray, weights: np.ndarray, period: float
    ) -> None:
        """Compute bias and prior loss from the mean point on the circle of each set."""
        total = weights.sum(axis=1, keepdims=True)
        share = weights / np.where(total > 0, total, 1.0)
        points = share @ unit_vectors(labels, period)
        self.scale_[:, j] = period / (2.0 * np.pi)
        radians = labels / self.scale_[0, j]
        loss = self.layout.loss(j)
        prior = _constant_loss(loss, points[-1], radians, weights[-1])
        self.prior_losses_[j] = prior if prior > 0 else 1.0
        self.bias_[:, self.layout.columns(j)] = points[:-1]

    def _fit_classes(self, j: int, labels: np.ndarray, weights: np.ndarray) -> None:
        """Compute bias and prior loss from the class frequencies of each set."""
        n_sets, n_classes = len(weights), self._n_classes(j)
        place = labels + n_classes * np.arange(n_sets)[:, None]
        counts = np.bincount(place.ravel(), weights.ravel(), n_sets * n_classes)
        counts = counts.reshape(n_sets, n_classes)
        total = counts.sum(axis=1, keepdims=True)
        share = np.where(total > 0, counts / np.where(total > 0, total, 1.0), 1.0)
        # an unseen class gets the frequency of half a label
        rare = 0.5 / ((weights > 0).sum(axis=1, keepdims=True) + 1)
        logit = np.log(np.where(share > 0, np.maximum(share, _RAREST), rare))
        if n_classes == 2:
            logit = logit[:, 1:] - logit[:, :1]
        loss, classes = self.layout.loss(j), np.arange(n_classes)
        prior = _constant_loss(loss, logit[-1], classes, share[-1])
        self.prior_losses_[j] = max(prior, _RAREST)
        self.bias_[:, self.layout.columns(j)] = logit[:-1]

    def _n_classes(self, j: int) -> int:
        return self.task_set.tasks[self.layout.order[j]].n_classes

    def weigh(
        self,
        codes: np.ndarray,
        weights: np.ndarray,
        members: np.ndarray,
        X: ReadInputs | None = None,
    ) -> None:
        """Compute the mean weights of the samples, and update ranges and known tasks.

        For a token task, the weight of a sample is the sum over its tags.
        """
        codes, weights = codes[:, self.layout.order], weights[:, self.layout.order]
        for j, column in self.layout.tokens.items():
            if isinstance(X, Texts):
                _, rows = _tags(X, column, weights[:, j])
                weights[:, j] *= np.bincount(rows, minlength=len(weights))
        labels = np.where(weights > 0, codes, np.nan)
        seen = np.vstack([self.range_, labels])
        self.range_ = np.stack([np.fmin.reduce(seen), np.fmax.reduce(seen)])
        total = members @ weights
        self.mass_ = total / members.sum(axis=1, keepdims=True)
        self.known_ = (self.mass_ > 0) | getattr(self, "known_", False)

    def places(self, tasks: np.ndarray) -> list[int]:
        """Return the layout indices of the regression tasks among columns of y."""
        block = range(*self.layout.regression.indices(len(self.layout.order)))
        return [j for j in block if self.layout.order[j] in tasks]

    def set_scale(self, place: int, mean: float, scale: float) -> tuple[float, float]:
        """Change the scale of a regression task; return ratio and shift of outputs."""
        old_mean, old_scale = self.mean_[0, place], self.scale_[0, place]
        self.mean_[:, place], self.scale_[:, place] = mean, scale
        return old_scale / scale, (old_mean - mean) / scale

    def waiting_tasks(self) -> list[int]:
        """Return the columns of y that are regression tasks without labels so far."""
        waiting = self.layout.order[~self.known_.any(axis=0)].tolist()
        return [t for t in waiting if self.task_set.tasks[t].classes is None]

    def known_outputs(self) -> np.ndarray | None:
        """Return the mask of outputs with labels in each member; None if all True.

        Shapes: -> (n_sets, 1, n_outputs).
        """
        known = self.known_ | ~self.known_.any(axis=0)
        return None if known.all() else known[:, None, self.layout.task_places]

    def encode(self, codes: np.ndarray) -> np.ndarray:
        """Return targets (n, n_trained) on the scale of the first set; 0 if missing."""
        targets = codes[:, self.layout.order]
        block = self.layout.regression
        targets[:, block] = (targets[:, block] - self.mean_[0, block]) / self.scale_[
            0, block
        ]
        for group in self.layout.groups:  # the scale of classes is 1
            targets[:, group.tasks] /= self.scale_[0, group.tasks]
        targets[np.isnan(targets)] = 0.0
        return targets

    def member_tensors(self, dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
        """Return shift, scale and factor (n_sets, 1, n_trained) of LabelledRows."""
        shift = (self.mean_ - self.mean_[0]) / self.scale_[0]
        scale = self.scale_[0] / self.scale_
        # converts means over samples to means over labels, in expectation over batches
        factor = 1.0 / np.where(self.mass_ > 0, self.mass_, np.inf)
        made = [
            torch.as_tensor(v, dtype=dtype)[:, None] for v in (shift, scale, factor)
        ]
        return made[0], made[1], made[2]

    def decode(self, chunks: Iterable[Tensor], n_rows: int) -> list[np.ndarray]:
        """Return the mean over members of probabilities or values, by task.

        Shapes: chunks (n_members, n, n_outputs).
        """
        fused = np.empty((n_rows, self.layout.n_outputs))
        start, known = 0, self.known_outputs()
        share = None if known is None else torch.as_tensor(known / known.sum(axis=0))
        for logits in chunks:
            stop = start + logits.shape[1]
            activated = self.activate(logits)
            if share is not None:
                mean = (activated * share.to(activated)).sum(dim=0)
            else:
                mean = activated.mean(dim=0) if len(activated) > 1 else activated[0]
            fused[start:stop] = mean.double().cpu().numpy()
            start = stop
        return self.split(fused)

    def activate(self, logits: Tensor) -> Tensor:
        """Return probabilities, and values on the scale of the first set."""
        layout = self.layout
        out = torch.empty_like(logits)
        binary, regression = slice(0, layout.n_binary), layout.regression
        torch.sigmoid(logits[..., binary], out=out[..., binary])
        if layout.n_regression:
            # on the scale of the first set; `split` converts to the unit of y
            shift, scale, _ = self.member_tensors(logits.dtype)
            shift = shift[..., regression].to(logits.device)
            scale = scale[..., regression].to(logits.device)
            torch.addcdiv(
                shift, logits[..., regression], scale, out=out[..., regression]
            )
        for group in layout.groups:
            if group.kind == "regression":
                out[..., group.columns] = logits[..., group.columns]
                continue
            z = split_classes(logits, group)
            proba = z.softmax(dim=-2 if group.class_major else -1)
            out[..., group.columns] = proba.flatten(-2)
        return out

    def split(self, fused: np.ndarray) -> list[np.ndarray]:
        """Return one array per task, with regression outputs in the unit of y.

        Shapes: fused (n_rows, n_outputs).
        """
        n_rows = len(fused)
        outputs = [_untrained(task, n_rows) for task in self.task_set.tasks]
        pairs = _pairs(fused[:, : self.layout.n_binary])
        for place, t in enumerate(self.layout.order):
            if not self.known_[:, place].any() and outputs[t].ndim == 1:
                continue  # a regression task without labels so far
            columns = fused[:, self.layout.columns(place)]
            task = self.task_set.tasks[t]
            kind, period = task.learned_as, task.period
            if kind == "binary":
                outputs[t] = pairs[place]
            elif period is not None:
                outputs[t] = from_vectors(columns, period)
            elif kind == "regression":
                values = columns[:, 0] * self.scale_[0, place] + self.mean_[0, place]
                bounds = self.range_[:, place]
                outputs[t] = np.clip(values, *bounds) if self.clip else values
            else:
                # the sum of a float32 softmax differs from 1 by up to 1e-7
                outputs[t] = columns / columns.sum(axis=1, keepdims=True)
        return outputs


def _tags(
    texts: Texts, column: int, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the tags of a task with a positive weight, and their sample indices."""
    tags, samples = texts.tags[column], texts.samples
    seen = ~np.isnan(tags) & (weights[samples] > 0)
    return tags[seen], samples[seen]


def _constant_loss(
    loss: TaskLoss, logits: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> float:
    """Return the mean loss of constant logits (n_outputs,) for all labels (n,)."""
    total = weights.sum()
    if not total > 0:
        return 0.0
    z = torch.as_tensor(logits).expand(len(labels), 1, len(logits))
    y = torch.as_tensor(labels, dtype=z.dtype).unsqueeze(1)
    is_single = len(logits) == 1
    values, _ = loss.cells(
        z.squeeze(-1) if is_single else z, y, None if is_single else -1
    )
    return float(values[:, 0].numpy() @ weights / total)


def _untrained(task: Task, n_rows: int) -> np.ndarray:
    """Return the output of a task without logits: probability 1, empty, or NaN."""
    if task.kind == "constant":
        return np.ones((n_rows, 1))
    has_classes = task.classes is not None
    return np.empty((n_rows, 0)) if has_classes else np.full(n_rows, np.nan)


def _pairs(proba: np.ndarray) -> np.ndarray:
    """Return the probabilities (n_tasks, n_rows, 2) of both classes of binary tasks."""
    pairs = np.empty((proba.shape[1], len(proba), 2))
    pairs[..., 1] = proba.T
    np.subtract(1.0, pairs[..., 1], out=pairs[..., 0])
    return pairs
