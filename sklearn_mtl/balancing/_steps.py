"""What a method of balancing gets to see in a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import EllipsisType

import numpy as np
import torch
from torch import Generator, Tensor

__all__ = ["Cells", "StepGramian", "StepLosses"]

#: Index of some members and tasks in an array of all of them.
Cells = EllipsisType | tuple[np.ndarray, ...]


@dataclass(frozen=True)
class StepLosses:
    """The losses of a step and what else a weighting may ask for.

    Attributes
    ----------
    losses : Tensor of shape (n_members, n_tasks)
        Mean loss of each task over its labels in the batch.
    present : Tensor of shape (n_members, n_tasks), bool
        Whether the task has a label in the batch.
    preference : Tensor of shape (n_tasks,)
        How much each task is wanted, not normalised.
    lr : float
        Learning rate of the net in this step.
    generators : sequence of torch.Generator
        One for each member, for random methods.
    """

    losses: Tensor
    present: Tensor
    preference: Tensor
    lr: float = 0.0
    generators: Sequence[Generator] = ()

    @classmethod
    def of(
        cls, losses: Tensor, lr: float = 0.0, generators: Sequence[Generator] = ()
    ) -> StepLosses:
        """Return a step in which every task is there and wanted alike."""
        present = torch.ones_like(losses, dtype=torch.bool)
        return cls(losses, present, losses.new_ones(losses.shape[-1]), lr, generators)

    @property
    def share(self) -> Tensor:
        """The preference (n_members, n_tasks), summing to one over the tasks there."""
        wanted = self.preference * self.present
        return wanted / wanted.sum(dim=-1, keepdim=True).clamp(min=1e-30)


@dataclass(frozen=True)
class StepGramian:
    """The Gramian of a step and what else an aggregator may ask for.

    All members in it have the same tasks in their batches, and no others are in it.

    Attributes
    ----------
    gramian : ndarray of shape (n_members, n_tasks, n_tasks)
        Inner products of the gradients of the tasks, in single or double precision.
    preference : ndarray of shape (n_tasks,)
        How much each task is wanted, not normalised.
    generators : sequence of torch.Generator
        One for each member, for random methods.
    losses : ndarray of shape (n_members, n_tasks) or None
        Mean losses of the batch, without task_weight; given to a method that says
        `uses_losses`.
    members : ndarray of int or None
        Which of the members of the state these are; None is all.
    tasks : ndarray of int or None
        Which of the tasks of the state these are; None is all.
    """

    gramian: np.ndarray
    preference: np.ndarray
    generators: Sequence[Generator] = ()
    losses: np.ndarray | None = None
    members: np.ndarray | None = None
    tasks: np.ndarray | None = None

    @property
    def share(self) -> np.ndarray:
        """The preference (n_tasks,), summing to one."""
        return self.preference / self.preference.sum()

    @property
    def cells(self) -> Cells:
        """The index of these members and tasks in an array of the state."""
        if self.members is None or self.tasks is None:
            return ...
        return np.ix_(self.members, self.tasks)
