"""What a head spec is: a linear map for each task, and what follows it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sklearn.base import BaseEstimator
from torch import Tensor, nn

from sklearn_mtl.modules.heads._task_heads import HeadBlock, TaskHeads

__all__ = ["HeadSpec", "HeadTail", "LinearHead"]


class HeadTail(nn.Module, ABC):
    """Base of what turns the linear maps of the representations into logits.

    The heads of all tasks begin with one linear layer, a few columns a task, which any
    trunk knows how to apply; a tail does the rest, for all tasks and members at once.
    Its parameters have the members first and outputs, or other columns of tasks, last;
    a method ``draw(generators)`` fills those that do not begin as constants.
    """

    def __init__(self) -> None:
        super().__init__()

    @property
    @abstractmethod
    def output_bias(self) -> nn.Parameter | None:
        """The bias of the logits, (n_members, 1, n_outputs); None where maps have it.

        It begins at the logits of the class frequencies.
        """

    @property
    def last_layer(self) -> TaskHeads | None:
        """The linear layer that gives the logits, where `forward` ends in one.

        `partial_fit` after a fit teaches it, and else only the bias of the logits.
        """
        return None

    @property
    @abstractmethod
    def task_of_maps(self) -> Tensor:
        """The place of the task of each linear map, (n_maps,)."""

    @abstractmethod
    def owners(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return parameters with the place of the task of each of their columns."""

    def readers(self) -> list[nn.Parameter]:
        """Return those of the owners whose rows are soft outputs of all tasks.

        Each is (n_members, n_outputs, n_columns). Where a task comes or goes, such rows
        come and go with its outputs.
        """
        return []

    def comparable_weights(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return those of the owners that are weights which heads can be compared by.

        Without biases, and without what a head reads of other tasks.
        """
        return []

    @abstractmethod
    def forward(self, maps: Tensor) -> Tensor:
        """Map (n_members, n_rows, n_maps) to logits (n_members, n_rows, n_outputs)."""


class HeadSpec(BaseEstimator, ABC):
    """Base of the head specs: searchable parameters that build the heads of all tasks.

    A spec holds sizes and choices, never weights, so that clone, get_params and grid
    search see ordinary parameters (`head__dropout`). A subclass defines `maps` and
    `build`; `check_head` checks them, and the tail that `build` returns.
    """

    def check(self) -> None:
        """Raise ValueError where a parameter is wrong."""

    @abstractmethod
    def maps(self, blocks: Sequence[HeadBlock]) -> list[HeadBlock]:
        """Return the blocks of linear maps of what each task reads.

        Parameters
        ----------
        blocks : sequence of HeadBlock
            The outputs of the tasks.

        Returns
        -------
        list of HeadBlock
            Of the same tasks in the same order.
        """

    @abstractmethod
    def build(self, n_members: int, blocks: Sequence[HeadBlock]) -> HeadTail | None:
        """Return what follows the maps, with parameters that are drawn later.

        Parameters
        ----------
        n_members : int
            Number of independent members.
        blocks : sequence of HeadBlock
            The outputs of the tasks, each block of one activation.

        Returns
        -------
        HeadTail or None
            None where the maps are the logits.
        """


class LinearHead(HeadSpec):
    """One linear map of the representation a task: the logits.

    It is the only head under which the gradients of the tasks at the representation
    have a Gramian in closed form.

    Examples
    --------
    >>> from sklearn_mtl import MultiTaskClassifier
    >>> from sklearn_mtl.modules import LinearHead
    >>> MultiTaskClassifier(head=LinearHead()).get_params()["head"]
    LinearHead()
    """

    def maps(self, blocks: Sequence[HeadBlock]) -> list[HeadBlock]:
        """Return the blocks: a map is a logit."""
        return list(blocks)

    def build(self, n_members: int, blocks: Sequence[HeadBlock]) -> None:
        """Return None."""
        return
