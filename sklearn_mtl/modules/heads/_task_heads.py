"""Linear heads on one representation per task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sklearn_mtl.modules._linear import MemberLinear

__all__ = ["HeadBlock", "TaskHeads", "soft_outputs", "tasks_of_columns"]

_ALL = slice(None)


@dataclass(frozen=True)
class HeadBlock:
    """Consecutive tasks whose heads have the same number of outputs.

    Attributes
    ----------
    n_tasks : int
        Number of tasks.
    n_outputs : int
        Number of outputs of each task.
    class_major : bool
        Whether outputs are ordered by class first, then by task.
    activation : {"identity", "sigmoid", "softmax"}
        Function that maps logits to probabilities; "identity" for regression.
    """

    n_tasks: int
    n_outputs: int
    class_major: bool = False
    activation: str = "identity"

    @property
    def width(self) -> int:
        """Number of outputs of all tasks."""
        return self.n_tasks * self.n_outputs


class TaskHeads(MemberLinear):
    """Linear heads of all tasks, each on the representation of its task.

    Parameters and outputs have the shapes of a MemberLinear on a shared representation.
    Each block of tasks is computed in one batched product.

    Parameters
    ----------
    n_members, n_in : int
        Number of members, and width of each task's representation.
    blocks : sequence of HeadBlock
        Outputs of the tasks in their order.
    """

    def __init__(self, n_members: int, n_in: int, blocks: Sequence[HeadBlock]) -> None:
        super().__init__(n_members, n_in, sum(block.width for block in blocks))
        self.blocks = list(blocks)

    @property
    def n_tasks(self) -> int:
        """Number of tasks."""
        return sum(block.n_tasks for block in self.blocks)

    def forward(self, z: Tensor) -> Tensor:
        """Map (n_members, n_tasks, n_rows, n_in) to (n_members, n_rows, n_outputs)."""
        return self.read_tasks(z) + self.bias

    def read_tasks(self, z: Tensor, columns: slice = _ALL) -> Tensor:
        """Apply the weights for some columns of each task's z, without the bias.

        Shapes: z (n_members, n_tasks, n_rows, n_columns) -> (n_members, n_rows,
        n_outputs).
        """
        parts = torch.split(z, [block.n_tasks for block in self.blocks], dim=1)
        weight = self.weight[:, columns]
        weights = torch.split(weight, [block.width for block in self.blocks], dim=-1)
        logits = map(_read_block, self.blocks, parts, weights)
        return _join(list(logits))

    def read_shared(self, z: Tensor, columns: slice = _ALL) -> Tensor:
        """Apply the weights for some columns of a z that all tasks share.

        Shapes: z (n_members, n_rows, n_columns) -> (n_members, n_rows,
        n_outputs).
        """
        return torch.bmm(z, self.weight[:, columns])

    def spread(self, values: Tensor) -> Tensor:
        """Repeat the value of a task for each of its outputs.

        Shapes: values (..., n_tasks) -> (..., n_outputs).
        """
        return _spread(self.blocks, values)


def tasks_of_columns(blocks: Sequence[HeadBlock]) -> Tensor:
    """Return the task index of each output of consecutive blocks.

    Parameters
    ----------
    blocks : sequence of HeadBlock
        Blocks of tasks in the form of `HeadSpec.build`.

    Returns
    -------
    Tensor of shape (n_outputs,), int64
        Index of the task in the order of the blocks.
    """
    return _spread(blocks, torch.arange(sum(block.n_tasks for block in blocks)))


def soft_outputs(logits: Tensor, blocks: Sequence[HeadBlock]) -> Tensor:
    """Return probabilities or values for logits, in the same order.

    Shapes: logits (n_members, n_rows, n_outputs) -> (n_members, n_rows,
    n_outputs).
    """
    parts = torch.split(logits, [block.width for block in blocks], dim=-1)
    return _join(list(map(_soften, blocks, parts)))


def _soften(block: HeadBlock, logits: Tensor) -> Tensor:
    if block.activation == "sigmoid":
        return logits.sigmoid()
    if block.activation == "identity":
        return logits
    shape, axis = (block.n_tasks, block.n_outputs), -1
    if block.class_major:
        shape, axis = shape[::-1], -2
    return torch.unflatten(logits, -1, shape).softmax(dim=axis).flatten(-2)


def _spread(blocks: Sequence[HeadBlock], values: Tensor) -> Tensor:
    parts = torch.split(values, [block.n_tasks for block in blocks], dim=-1)
    return _join(list(map(_spread_block, blocks, parts)))


def _join(parts: list[Tensor]) -> Tensor:
    """Concatenate outputs, without copying a single block."""
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=-1)


def _read_block(block: HeadBlock, z: Tensor, weight: Tensor) -> Tensor:
    if block.class_major:
        weight = torch.unflatten(weight, -1, (block.n_outputs, block.n_tasks))
        return torch.einsum("mtnh,mhkt->mnkt", z, weight).flatten(-2)
    weight = torch.unflatten(weight, -1, (block.n_tasks, block.n_outputs))
    return torch.einsum("mtnh,mhtk->mntk", z, weight).flatten(-2)


def _spread_block(block: HeadBlock, values: Tensor) -> Tensor:
    if block.n_outputs == 1:
        return values
    if block.class_major:
        return values.repeat(*[1] * (values.ndim - 1), block.n_outputs)
    return values.repeat_interleave(block.n_outputs, dim=-1)
