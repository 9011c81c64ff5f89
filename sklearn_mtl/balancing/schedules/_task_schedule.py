"""What a schedule of tasks is: which of them are trained in a step."""

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

State = TypeVar("State")  # a dataclass, or None for a schedule that remembers nothing

FREQUENCY = [StrOptions({"uniform", "size", "loss"}), "array-like", dict]


@dataclass(frozen=True)
class Turn:
    """What a schedule knows when it chooses, all in the order of y.

    Attributes
    ----------
    shares : Tensor of shape (n_tasks,)
        How often each task shall be trained, summing to one.
    is_there : Tensor of shape (n_members, n_tasks), bool
        Whether a task has a label in the batch.
    generators : sequence of torch.Generator
        One for each member.
    """

    shares: Tensor
    is_there: Tensor
    generators: Sequence[Generator] = ()


class TaskSchedule(BaseEstimator, ABC, Generic[State]):
    """Base of the schedules: searchable parameters, and choices without state.

    What a schedule remembers from step to step stands in a state of its own, best a
    small dataclass, which `init_state` makes and `choose` changes.

    Attributes
    ----------
    holds_heads : bool
        Whether the heads of the tasks that are not chosen stay as they are.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {}
    holds_heads: ClassVar[bool] = False
    frequency: Any = "uniform"

    def check(self) -> None:
        """Raise ValueError where a parameter is wrong."""
        self._validate_params()

    def init_state(self, n_members: int, n_tasks: int) -> State:
        """Return the state before the first step; None where nothing is kept."""
        return None  # type: ignore[return-value]

    @abstractmethod
    def choose(self, turn: Turn, state: State) -> Tensor:
        """Return by what the losses of a step are multiplied.

        Parameters
        ----------
        turn : Turn
            What is known of the step.
        state : dataclass or None
            What `init_state` returned; it is updated.

        Returns
        -------
        Tensor of shape (n_members, n_tasks)
            The factors; 0 for a task that is not trained in this step.
        """


class Synchronous(TaskSchedule[None]):
    """Train all tasks in every step, as the papers on balancing do.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import Synchronous, Turn
    >>> Synchronous().choose(Turn(torch.ones(3) / 3, torch.ones(1, 3) > 0))
    tensor([[1., 1., 1.]])
    """

    def choose(self, turn: Turn, state: None = None) -> Tensor:
        """Return ones."""
        return torch.ones_like(turn.is_there, dtype=turn.shares.dtype)
