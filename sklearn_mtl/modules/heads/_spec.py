"""Base classes of head specs, and the linear head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sklearn.base import BaseEstimator
from torch import Tensor, nn

from sklearn_mtl.modules.heads._task_heads import HeadBlock, TaskHeads

__all__ = ["HeadSpec", "HeadTail", "LinearHead"]


class HeadTail(nn.Module, ABC):
    """Base class of the layers between the first linear layer and the logits.

    The heads of all tasks start with one linear layer, which has several columns per
    task and which every trunk can apply. The tail computes the logits from these linear
    maps, for all tasks and members at once. The first axis of its parameters is the
    member, and the last axis has columns that belong to tasks, such as outputs. A
    method ``draw(generators)`` initialises the parameters that are not constants.
    """

    def __init__(self) -> None:
        super().__init__()

    @property
    @abstractmethod
    def output_bias(self) -> nn.Parameter | None:
        """The bias of the logits, (n_members, 1, n_outputs); None if maps are logits.

        It is initialised with the logits of the class frequencies.
        """

    @property
    def last_layer(self) -> TaskHeads | None:
        """The linear layer that computes the logits; None if there is none.

        After a fit, `partial_fit` updates this layer, or only the bias of the logits if
        it is None.
        """
        return None

    @property
    @abstractmethod
    def task_of_maps(self) -> Tensor:
        """The task index of each linear map, (n_maps,)."""

    @abstractmethod
    def owners(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return all parameters with the task index of each of their columns."""

    def readers(self) -> list[nn.Parameter]:
        """Return the parameters whose rows are multiplied with soft outputs of tasks.

        Their shape is (n_members, n_outputs, n_columns). If a task is added or dropped,
        the rows of its outputs are added or dropped too.
        """
        return []

    def comparable_weights(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return the weights by which `task_relation` compares heads.

        They do not include biases and weights of other tasks' outputs.
        """
        return []

    @abstractmethod
    def forward(self, maps: Tensor) -> Tensor:
        """Map (n_members, n_rows, n_maps) to logits (n_members, n_rows, n_outputs)."""


class HeadSpec(BaseEstimator, ABC):
    """Base class of head specs, which build the heads of all tasks.

    A spec contains parameters, such as sizes, but no weights. Therefore clone,
    get_params and grid search work as usual (`head__dropout`). A subclass defines
    `maps` and `build`. Use `check_head` to check both, and the tail that `build`
    returns.
    """

    def check(self) -> None:
        """Raise ValueError if a parameter is invalid."""

    @abstractmethod
    def maps(self, blocks: Sequence[HeadBlock]) -> list[HeadBlock]:
        """Return the blocks of the first linear layer.

        Parameters
        ----------
        blocks : sequence of HeadBlock
            Outputs of the tasks.

        Returns
        -------
        list of HeadBlock
            Linear maps of the same tasks in the same order.
        """

    @abstractmethod
    def build(self, n_members: int, blocks: Sequence[HeadBlock]) -> HeadTail | None:
        """Return the layers that follow the first one, before their initialisation.

        Parameters
        ----------
        n_members : int
            Number of independent members.
        blocks : sequence of HeadBlock
            Outputs of the tasks, in blocks with the same activation.

        Returns
        -------
        HeadTail or None
            None if the maps are the logits.
        """


class LinearHead(HeadSpec):
    """One linear map of the representation per task, which gives the logits.

    With this head only, the Gramian of the task gradients at the representation has a
    closed form.

    Examples
    --------
    >>> from sklearn_mtl import MultiTaskClassifier
    >>> from sklearn_mtl.modules import LinearHead
    >>> MultiTaskClassifier(head=LinearHead()).get_params()["head"]
    LinearHead()
    """

    def maps(self, blocks: Sequence[HeadBlock]) -> list[HeadBlock]:
        """Return the blocks of the outputs: maps are logits."""
        return list(blocks)

    def build(self, n_members: int, blocks: Sequence[HeadBlock]) -> None:
        """Return None, because no layers follow."""
        return
