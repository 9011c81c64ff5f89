"""The training set as the net sees it, and the order in which it is visited."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from sklearn_mtl.neural_network.data._rows import Rows, gather

__all__ = ["Batch", "BatchIterator", "HeldOutRows", "LabelledRows", "first_samples"]

# x (n_members, n_batch, ...), then targets and weights (n_members, n_batch, n_trained)
Batch = tuple[Tensor, tuple[Tensor, Tensor]]

_EVALUATION_ROWS = 4096
# Batches between which texts are moved, so that those of a batch are of similar length:
# 5 % of SNIPS' batches is padding; sorted all together they would be 0 %, but the same
# lengths would meet in every epoch.
_BATCHES_SORTED = 50


@dataclass
class LabelledRows(Dataset):
    """Rows with encoded labels and weights; members may standardise labels apart.

    Attributes
    ----------
    rows : Rows
        Prepared inputs.
    targets : Tensor of shape (n_rows, n_trained)
        Class indices and standardised values, 0 where missing.
    weights : Tensor of shape (n_rows, n_trained) or (1, n_trained)
        Weights of the cells, 0 where missing; one row where all are the same.
    shift, scale : Tensor of shape (n_members, 1, n_trained)
        A member is trained on (targets - shift) * scale.
    factor : Tensor of shape (n_members, 1, n_trained)
        Makes the weights of a member's training rows one on average.
    """

    rows: Rows
    targets: Tensor
    weights: Tensor
    shift: Tensor
    scale: Tensor
    factor: Tensor

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.rows.n_rows

    def batch(self, index: Tensor) -> Batch:
        """Return the training batch of rows (n_members, n_batch) given by number."""
        targets, weights = self.labels(index)
        return self.rows.take(index), (targets, weights * self.factor)

    def labels(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return targets as each member sees them, and weights before `factor`."""
        targets, weights = gather(self.targets, index), self.weights
        if len(weights) > 1:
            weights = gather(weights, index)
        if len(self.shift) > 1:
            targets = (targets - self.shift) * self.scale
        return targets, weights

    def spread(self, values: Tensor, index: Tensor) -> Tensor:
        """Return what holds for each sample (n_members, n_batch), for each row."""
        return values


class BatchIterator:
    """Visit the training rows of all members in shuffled batches of equal size.

    Members may hold out folds of unequal sizes, with groups very unequal ones. In an
    epoch each visits as many rows as a member has on average, so that all take the same
    steps: one with more leaves out others in every epoch, one with fewer visits some
    again. Where all rows fit in one batch the order is fixed, so that the sum is the
    same each time.

    Parameters
    ----------
    data : LabelledRows
        The training set.
    members : sequence of Tensor
        Row numbers that each member trains on.
    batch_size : int
        Largest number of rows in a batch; batches are made of equal size.
    generators : sequence of torch.Generator
        One for each member.
    """

    def __init__(
        self,
        data: LabelledRows,
        members: Sequence[Tensor],
        batch_size: int,
        generators: Sequence[Generator],
    ) -> None:
        self.data = data
        self.members = members
        self.generators = generators
        # Not those of the shortest: one large group would shorten all epochs.
        self.n_rows = sum(len(rows) for rows in members) // len(members)
        self.n_batches = max(1, math.ceil(self.n_rows / batch_size))
        self.is_full_batch = self.n_batches == 1
        if self.is_full_batch:
            self._only = self._whole()

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return self.n_batches

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches of one epoch."""
        if self.is_full_batch:
            yield self._only
            return
        order = torch.stack([self._shuffled(m) for m in range(len(self.members))])
        lengths = self.data.rows.lengths
        if lengths is not None:
            order = order.gather(1, self._by_length(lengths[order]))
        batches = order.tensor_split(self.n_batches, dim=1)
        if lengths is not None:  # a net would see short texts before long ones
            turn = torch.randperm(self.n_batches, generator=self.generators[0])
            batches = tuple(batches[number] for number in turn.tolist())
        for index in batches:
            yield self.data.batch(index)

    def _by_length(self, lengths: Tensor) -> Tensor:
        """Return the order that puts texts of similar length into one batch.

        Shapes: lengths (n_members, n_rows) -> (n_members, n_rows).
        """
        n_groups = math.ceil(self.n_batches / _BATCHES_SORTED)
        rows = torch.arange(self.n_rows, device=lengths.device)
        group = rows * n_groups // self.n_rows
        return (group * (lengths.max() + 1) + lengths).argsort(dim=1, stable=True)

    def _shuffled(self, member: int) -> Tensor:
        rows, generator = self.members[member], self.generators[member]
        n_times = math.ceil(self.n_rows / len(rows))
        parts = [torch.randperm(len(rows), generator=generator) for _ in range(n_times)]
        return rows[torch.cat(parts)[: self.n_rows].to(rows.device)]

    def _whole(self) -> Batch:
        """Return all rows of every member; what pads a shorter one weighs nothing."""
        index = _stack(self.members)
        at = index.clamp(min=0)
        x, (targets, weights) = self.data.batch(at)
        is_row = index >= 0
        # the loss divides by the length of the longest
        factor = is_row * (is_row.shape[1] / is_row.sum(dim=1, keepdim=True))
        factor = self.data.spread(factor, at)
        return x, (targets, weights * factor.unsqueeze(-1).to(weights.dtype))


class HeldOutRows(Dataset):
    """The rows that each member holds out, in chunks for evaluation.

    Parameters
    ----------
    data : LabelledRows
        The training set, or a validation set.
    members : sequence of Tensor
        Row numbers that each member holds out.
    """

    def __init__(self, data: LabelledRows, members: Sequence[Tensor]) -> None:
        self.data = data
        self.members = members
        lengths = data.rows.lengths
        if lengths is not None:  # with less padding
            members = [rows[lengths[rows].argsort(stable=True)] for rows in members]
        self.index = _stack(members)
        # what a member says of a task without any label for it is no evidence
        is_trained = data.factor > 0
        self.is_trained = None if is_trained.all() else is_trained

    def __len__(self) -> int:
        """Return the number of held-out rows."""
        return sum(len(rows) for rows in self.members)

    def chunks(self, n_rows: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield row numbers (n_members, n), -1 for padding, and their batch."""
        size = min(n_rows, max(64, _EVALUATION_ROWS // len(self.members)))
        for index in torch.split(self.index, size, dim=1):
            at = index.clamp(min=0)
            targets, weights = self.data.labels(at)
            weights = weights * self.data.spread(index >= 0, at).unsqueeze(-1)
            if self.is_trained is not None:
                weights = weights * self.is_trained
            yield index, (self.data.rows.take(at), (targets, weights))


def first_samples(batch: Batch, n_samples: int) -> Batch:
    """Return some samples of a batch, with the tokens of each."""
    x, (targets, weights) = batch
    n_all = x.shape[1]
    if n_samples >= n_all:
        return batch
    n_tokens = targets.shape[1] // n_all - 1  # their rows stand below the samples

    def some(labels: Tensor) -> Tensor:
        first = labels[:, :n_samples] if labels.shape[1] > 1 else labels
        tokens = labels[:, n_all : n_all + n_samples * n_tokens]
        return torch.cat([first, tokens], dim=1) if n_tokens else first

    return x[:, :n_samples], (some(targets), some(weights))


def _stack(members: Sequence[Tensor]) -> Tensor:
    """Return row numbers (n_members, n), padded with -1."""
    return torch.nn.utils.rnn.pad_sequence(
        list(members), batch_first=True, padding_value=-1
    )
