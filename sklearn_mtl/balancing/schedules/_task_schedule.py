"""Base class of the task schedules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor

from sklearn_mtl.utils._private import StrOptions

__all__ = ["FREQUENCY", "Synchronous", "TaskSchedule", "Turn"]

State = TypeVar("State")  # a dataclass, or None for a schedule without state

FREQUENCY = [StrOptions({"uniform", "size", "loss"}), "array-like", dict]


@dataclass(frozen=True)
class Turn:
    """Inputs of a schedule in one step, in the order of y.

    Attributes
    ----------
    shares : Tensor of shape (n_tasks,)
        Relative frequency of each task, with sum one.
    is_there : Tensor of shape (n_members, n_tasks), bool
        Whether a task has a label in the batch.
    generators : sequence of torch.Generator
        One generator per member.
    """

    shares: Tensor
    is_there: Tensor
    generators: Sequence[Generator] = ()


class TaskSchedule(BaseEstimator, ABC, Generic[State]):
    """Base class of all task schedules.

    The attributes of a schedule are its parameters only. Everything that changes during
    training is stored in a separate state, preferably a small dataclass, which
    `init_state` creates and `choose` updates.

    Attributes
    ----------
    holds_heads : bool
        Whether the heads of the tasks that are not chosen are frozen.
    needs_labels : bool
        Whether `choose` uses `is_there`. If not, all its entries are True, which saves
        a copy from a GPU in every step.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    holds_heads: ClassVar[bool] = False
    needs_labels: ClassVar[bool] = True
    frequency: Any = "uniform"

    def check(self) -> None:
        """Raise ValueError if a parameter is invalid."""
        self._validate_params()

    def init_state(self, n_members: int, n_tasks: int) -> State:
        """Return the initial state, or None if the schedule has no state."""
        return None  # type: ignore[return-value]

    @abstractmethod
    def choose(self, turn: Turn, state: State) -> Tensor:
        """Return the factors by which the losses of a step are multiplied.

        Parameters
        ----------
        turn : Turn
            Inputs of this step.
        state : dataclass or None
            The object returned by `init_state`; it is updated.

        Returns
        -------
        Tensor of shape (n_members, n_tasks)
            The factors; 0 for a task that is not trained in this step.
        """


class Synchronous(TaskSchedule[None]):
    """Train all tasks in every step, as in the papers on balancing.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import Synchronous, Turn
    >>> Synchronous().choose(Turn(torch.ones(3) / 3, torch.ones(1, 3) > 0))
    tensor([[1., 1., 1.]])
    """

    needs_labels = False

    def choose(self, turn: Turn, state: None = None) -> Tensor:
        """Return ones."""
        return torch.ones_like(turn.is_there, dtype=turn.shares.dtype)
