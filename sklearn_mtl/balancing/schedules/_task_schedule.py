"""What a schedule of tasks is: which of them are trained in a step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from sklearn.base import BaseEstimator
from torch import Generator, Tensor

from sklearn_mtl.utils._private import StrOptions

__all__ = ["FREQUENCY", "Synchronous", "TaskSchedule", "Turn"]

FREQUENCY = [StrOptions({"uniform", "size", "loss"}), "array-like", dict]


@dataclass
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
    state : dict
        What the schedule remembers from step to step.
    """

    shares: Tensor
    is_there: Tensor
    generators: Sequence[Generator] = ()
    state: dict[str, Tensor] = field(default_factory=dict)


class TaskSchedule(BaseEstimator, ABC):
    """Base of the schedules: searchable parameters, and choices without state.

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

    @abstractmethod
    def choose(self, turn: Turn) -> Tensor:
        """Return by what the losses of a step are multiplied.

        Parameters
        ----------
        turn : Turn
            What is known; its state is updated.

        Returns
        -------
        Tensor of shape (n_members, n_tasks)
            The factors; 0 for a task that is not trained in this step.
        """


class Synchronous(TaskSchedule):
    """Train all tasks in every step, as the papers on balancing do.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import Synchronous, Turn
    >>> Synchronous().choose(Turn(torch.ones(3) / 3, torch.ones(1, 3) > 0))
    tensor([[1., 1., 1.]])
    """

    def choose(self, turn: Turn) -> Tensor:
        """Return ones."""
        return torch.ones_like(turn.is_there, dtype=turn.shares.dtype)
