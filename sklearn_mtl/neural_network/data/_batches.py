"""Training and held-out samples of a net, and their batches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.utils.data import Dataset

from sklearn_mtl.neural_network.data._memory import prefetch
from sklearn_mtl.neural_network.data._ranks import Ranks
from sklearn_mtl.neural_network.data._rows import Rows, gather

__all__ = ["Batch", "BatchIterator", "HeldOutRows", "LabelledRows", "first_samples"]

# x (n_members, n_batch, ...), then targets and weights (n_members, n_batch, n_trained)
Batch = tuple[Tensor, tuple[Tensor, Tensor]]

_EVALUATION_ROWS = 4096
# Texts are sorted by length within groups of so many batches, to reduce padding. On
# SNIPS 5 % of a batch is padding. Sorting all texts would reduce this to 0 %, but would
# put the same texts into one batch in every epoch.
_BATCHES_SORTED = 50


@dataclass
class LabelledRows(Dataset):
    """Samples with encoded labels and weights.

    Attributes
    ----------
    rows : Rows
        Prepared inputs.
    targets : Tensor of shape (n_rows, n_trained)
        Class indices and standardised values; 0 for missing labels.
    weights : Tensor of shape (n_rows, n_trained) or (1, n_trained)
        Label weights; 0 for missing labels. A single row if all rows are equal.
    shift, scale : Tensor of shape (n_members, 1, n_trained)
        The targets of a member are (targets - shift) * scale.
    factor : Tensor of shape (n_members, 1, n_trained)
        Factor of the weights, such that the mean weight over a member's training
        samples is 1.
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
        """Return the training batch of samples at indices (n_members, n_batch)."""
        targets, weights = self.labels(index)
        return self.rows.take(index), (targets, weights * self.factor)

    def labels(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Return the targets of each member, and weights without `factor`."""
        index = self.placed(index)
        targets, weights = gather(self.targets, index), self.weights
        if len(weights) > 1:
            weights = gather(weights, index)
        if len(self.shift) > 1:
            targets = (targets - self.shift) * self.scale
        return targets, weights

    def placed(self, values: Tensor) -> Tensor:
        """Copy indices or a mask to the device of the labels, without waiting."""
        return values.to(self.targets.device, non_blocking=True)

    def spread(self, values: Tensor, index: Tensor) -> Tensor:
        """Expand values of samples (n_members, n_batch) to the rows of the batch."""
        return values


class BatchIterator:
    """Iterate over shuffled batches of equal size of the training samples.

    The members hold out folds of different sizes, especially with groups, but all make
    the same number of steps. In each epoch, every member therefore visits as many
    samples as a member has on average. A member with more samples skips different ones
    in each epoch; a member with fewer samples repeats some. If all samples fit in one
    batch, the order is fixed, so that sums are reproducible to the bit.

    Parameters
    ----------
    data : LabelledRows
        Training set.
    members : sequence of Tensor
        Indices of the training samples of each member, on the CPU.
    batch_size : int
        Maximum number of samples in a batch.
    generators : sequence of torch.Generator
        One generator per member.
    ranks : Ranks or None, default=None
        Processes that compute parts of each batch.
    """

    def __init__(
        self,
        data: LabelledRows,
        members: Sequence[Tensor],
        batch_size: int,
        generators: Sequence[Generator],
        ranks: Ranks | None = None,
    ) -> None:
        self.data = data
        self.members = members
        self.generators = generators
        self.ranks = ranks
        # not the minimum over members: one large group would shorten all epochs
        self.n_rows = sum(len(rows) for rows in members) // len(members)
        self.n_batches = max(1, math.ceil(self.n_rows / batch_size))
        self.is_full_batch = self.n_batches == 1
        if self.is_full_batch:
            index = _stack(self.members).to(self.data.rows.index_device)
            self._only = self._padded(index)

    @property
    def least_rows(self) -> int:
        """Smallest number of samples of a member in a batch of one process."""
        n_rows = self.n_rows // self.n_batches
        if self.is_full_batch:
            n_rows = min(len(rows) for rows in self.members)
        return n_rows if self.ranks is None else n_rows // self.ranks.n_ranks

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
        order = order.to(self.data.rows.index_device, non_blocking=True)
        batches = order.tensor_split(self.n_batches, dim=1)
        if lengths is not None:  # otherwise short texts would come before long ones
            turn = torch.randperm(self.n_batches, generator=self.generators[0])
            batches = tuple(batches[number] for number in turn.tolist())
        make = self.data.batch if self.ranks is None else self._padded
        made = map(make, batches)
        if self.data.rows.index_device == self.data.targets.device:
            yield from made
        else:  # every batch is copied to a GPU
            yield from prefetch(made, self.data.targets.device)

    def _by_length(self, lengths: Tensor) -> Tensor:
        """Return an order in which texts of similar length are in the same batch.

        Shapes: lengths (n_members, n_rows) -> (n_members, n_rows).
        """
        n_groups = math.ceil(self.n_batches / _BATCHES_SORTED)
        rows = torch.arange(self.n_rows)
        group = rows * n_groups // self.n_rows
        return (group * (lengths.max() + 1) + lengths).argsort(dim=1, stable=True)

    def _shuffled(self, member: int) -> Tensor:
        rows, generator = self.members[member], self.generators[member]
        n_times = math.ceil(self.n_rows / len(rows))
        parts = [torch.randperm(len(rows), generator=generator) for _ in range(n_times)]
        return rows[torch.cat(parts)[: self.n_rows]]

    def _padded(self, index: Tensor) -> Batch:
        """Return samples, of which those with index -1 have weight 0."""
        if self.ranks is not None:
            index = self.ranks.padded(index)
        is_row = index >= 0
        # the loss divides by the number of samples including padding
        factor = is_row * (is_row.shape[1] / is_row.sum(dim=1, keepdim=True))
        if self.ranks is not None:
            index, factor = self.ranks.own(index), self.ranks.own(factor)
        at = index.clamp(min=0)
        x, (targets, weights) = self.data.batch(at)
        factor = self.data.spread(self.data.placed(factor), at)
        return x, (targets, weights * factor.unsqueeze(-1).to(weights.dtype))


class HeldOutRows(Dataset):
    """Held-out samples of each member, in chunks for evaluation.

    Parameters
    ----------
    data : LabelledRows
        Training or validation set.
    members : sequence of Tensor
        Indices of the samples that each member holds out, on the CPU.
    """

    def __init__(self, data: LabelledRows, members: Sequence[Tensor]) -> None:
        self.data = data
        self.members = members
        lengths = data.rows.lengths
        if lengths is not None:  # sorted to reduce padding
            members = [rows[lengths[rows].argsort(stable=True)] for rows in members]
        self.index = _stack(members).to(data.rows.index_device)
        # a member is not evaluated on a task for which it had no label
        is_trained = data.factor > 0
        self.is_trained = None if is_trained.all() else is_trained

    def __len__(self) -> int:
        """Return the number of held-out rows."""
        return sum(len(rows) for rows in self.members)

    def chunks(self, n_rows: int) -> Iterator[tuple[Tensor, Batch]]:
        """Yield sample indices (n_members, n), -1 for padding, and their batch."""
        size = min(n_rows, max(64, _EVALUATION_ROWS // len(self.members)))
        for index in torch.split(self.index, size, dim=1):
            at = index.clamp(min=0)
            targets, weights = self.data.labels(at)
            is_row = self.data.spread(self.data.placed(index >= 0), at)
            weights = weights * is_row.unsqueeze(-1)
            if self.is_trained is not None:
                weights = weights * self.is_trained
            yield index, (self.data.rows.take(at), (targets, weights))


def first_samples(batch: Batch, n_samples: int) -> Batch:
    """Return the first samples of a batch, with their tokens."""
    x, (targets, weights) = batch
    n_all = x.shape[1]
    if n_samples >= n_all:
        return batch
    n_tokens = targets.shape[1] // n_all - 1  # rows of tokens follow those of samples

    def some(labels: Tensor) -> Tensor:
        first = labels[:, :n_samples] if labels.shape[1] > 1 else labels
        tokens = labels[:, n_all : n_all + n_samples * n_tokens]
        return torch.cat([first, tokens], dim=1) if n_tokens else first

    return x[:, :n_samples], (some(targets), some(weights))


def _stack(members: Sequence[Tensor]) -> Tensor:
    """Return sample indices (n_members, n), padded with -1."""
    return torch.nn.utils.rnn.pad_sequence(
        list(members), batch_first=True, padding_value=-1
    )
