"""Base class of trunks with one representation per task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_mtl.modules.heads._task_heads import TaskHeads

__all__ = ["Parts", "TaskTrunk"]

Parts = tuple[Tensor, ...]


class TaskTrunk(nn.Module, ABC):
    """Base class of trunks with one representation per task.

    Other trunks map (n_members, n_rows, n_features) to one representation (n_members,
    n_rows, n_hidden), which all heads share. A task trunk maps rows to parts, such as
    the outputs of experts and gates. Its other methods combine the parts, which are
    computed only once.

    Attributes
    ----------
    n_shared, n_hidden : int
        Widths of the outputs of `share` and `gather`.
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
        """Return the input of each head, (n_members, n_tasks, n_rows, n_hidden)."""

    @abstractmethod
    def share(self, parts: Parts) -> Tensor:
        """Return the shared representation, (n_members, n_rows, n_shared)."""

    def apply_heads(self, parts: Parts, heads: TaskHeads) -> Tensor:
        """Return the logits, ``heads(gather(parts))``; override it for speed."""
        return heads(self.gather(parts))

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the parameters on which the losses of several tasks depend."""
        return list(self.parameters())

    def take_tasks(self, places: Sequence[int]) -> None:
        """Select the parts of some tasks, in this order, possibly with repetitions.

        If this method is not defined, tasks cannot be added to a fitted net or dropped.

        Parameters
        ----------
        places : sequence of int
            Former index of each task. For an added task, the index of another task
            whose parts are copied.

        Raises
        ------
        NotImplementedError
            If the trunk does not support it.
        """
        raise NotImplementedError

    def penalty(self, parts: Parts, weights: Tensor) -> Tensor | None:
        """Return a penalty that is added to the objective of each member, or None.

        Parameters
        ----------
        parts : tuple of Tensor
            Parts of a batch.
        weights : Tensor of shape (n_members, n_rows, n_tasks)
            Label weights; 0 for missing labels.

        Returns
        -------
        Tensor of shape (n_members,), or None
            The penalty, including its factor.
        """
        return None
