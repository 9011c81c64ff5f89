"""What a trunk is that gives each task a representation of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_mtl.modules.heads._task_heads import TaskHeads

__all__ = ["Parts", "TaskTrunk"]

Parts = tuple[Tensor, ...]


class TaskTrunk(nn.Module, ABC):
    """Base of the modules whose heads do not all read the same representation.

    Any other module that a spec builds maps (n_members, n_rows, n_features) to one
    representation (n_members, n_rows, n_hidden), from which all heads read. A task
    trunk maps rows to parts, such as experts and gates, and says how to put them
    together; all that is asked of it is a function of these parts, computed once.

    Attributes
    ----------
    n_shared, n_hidden : int
        Widths of what `share` and `gather` give.
    """

    n_shared: int
    n_hidden: int

    def __init__(self) -> None:
        super().__init__()

    @abstractmethod
    def forward(self, x: Tensor) -> Parts:
        """Map (n_members, n_rows, n_features) to the parts."""

    @abstractmethod
    def gather(self, parts: Parts) -> Tensor:
        """Return what each head reads, (n_members, n_tasks, n_rows, n_hidden)."""

    @abstractmethod
    def share(self, parts: Parts) -> Tensor:
        """Return what is common to the tasks, (n_members, n_rows, n_shared)."""

    def apply_heads(self, parts: Parts, heads: TaskHeads) -> Tensor:
        """Return the logits, ``heads(gather(parts))``, perhaps by a shorter way."""
        return heads(self.gather(parts))

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the parameters that the losses of more than one task move."""
        return list(self.parameters())

    def take_tasks(self, places: Sequence[int]) -> None:
        """Keep what belongs to some tasks, in this order; one may come twice.

        Where it is not defined, no task can be added to a fitted net or dropped.

        Parameters
        ----------
        places : sequence of int
            For each task from now on, the place of one before: a task that is added
            begins with the parts of another.

        Raises
        ------
        NotImplementedError
            If the trunk cannot.
        """
        raise NotImplementedError

    def penalty(self, parts: Parts, weights: Tensor) -> Tensor | None:
        """Return what the trunk adds to each member's objective, None for nothing.

        Parameters
        ----------
        parts : tuple of Tensor
            Of a batch.
        weights : Tensor of shape (n_members, n_rows, n_tasks)
            Weights of the cells, 0 where a label is missing.

        Returns
        -------
        Tensor of shape (n_members,), or None
            The penalty, strength included.
        """
        return None
