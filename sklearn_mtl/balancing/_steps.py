"""Inputs of a balancing method in one step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import EllipsisType

import numpy as np
import torch
from torch import Generator, Tensor

__all__ = ["Cells", "StepGramian", "StepLosses"]

#: Index of members and tasks in an array of all members and tasks.
Cells = EllipsisType | tuple[np.ndarray, ...]


@dataclass(frozen=True)
class StepLosses:
    """Losses of a step, and further inputs of a weighting.

    Attributes
    ----------
    losses : Tensor of shape (n_members, n_tasks)
        Mean loss of each task over its labels in the batch.
    present : Tensor of shape (n_members, n_tasks), bool
        Whether the task has a label in the batch.
    preference : Tensor of shape (n_tasks,)
        Importance of each task, not normalised.
    lr : float
        Learning rate of the network in this step.
    generators : sequence of torch.Generator
        One generator per member, for random methods.
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
        """Return a step in which all tasks are present and have equal preference."""
        present = torch.ones_like(losses, dtype=torch.bool)
        return cls(losses, present, losses.new_ones(losses.shape[-1]), lr, generators)

    @property
    def share(self) -> Tensor:
        """Preference (n_members, n_tasks), with sum one over the tasks present."""
        wanted = self.preference * self.present
        return wanted / wanted.sum(dim=-1, keepdim=True).clamp(min=1e-30)


@dataclass(frozen=True)
class StepGramian:
    """Gramian of a step, and further inputs of an aggregator.

    All its members have the same tasks in their batches, and it contains only these.

    Attributes
    ----------
    gramian : ndarray of shape (n_members, n_tasks, n_tasks)
        Inner products of the gradients of the tasks, in single or double precision.
    preference : ndarray of shape (n_tasks,)
        Importance of each task, not normalised.
    generators : sequence of torch.Generator
        One generator per member, for random methods.
    losses : ndarray of shape (n_members, n_tasks) or None
        Mean losses of the batch without task_weight, for methods with `uses_losses`.
    members : ndarray of int or None
        Indices of the members in the state; all members if None.
    tasks : ndarray of int or None
        Indices of the tasks in the state; all tasks if None.
    """

    gramian: np.ndarray
    preference: np.ndarray
    generators: Sequence[Generator] = ()
    losses: np.ndarray | None = None
    members: np.ndarray | None = None
    tasks: np.ndarray | None = None

    @property
    def share(self) -> np.ndarray:
        """Preference (n_tasks,), with sum one."""
        return self.preference / self.preference.sum()

    @property
    def cells(self) -> Cells:
        """Index of these members and tasks in an array of the state."""
        if self.members is None or self.tasks is None:
            return ...
        return np.ix_(self.members, self.tasks)
