"""Schedule that trains one task per step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sklearn_mtl.balancing.schedules._task_schedule import FREQUENCY, TaskSchedule, Turn
from sklearn_mtl.utils._private import StrOptions

__all__ = ["Asynchronous"]


@dataclass
class AsynchronousState:
    """Number of steps by which each task is behind, (n_tasks,), with sum 0."""

    owed: Tensor


class Asynchronous(TaskSchedule[AsynchronousState]):
    """Train one task per step.

    A step follows the gradient of one task and changes its head and the shared layers.
    The heads of the other tasks, and the optimiser's state for them, do not change at
    all. Use it if the gradients of tasks should not be mixed, or to see the effect of
    mixing them. Gradient balancing has no effect with this schedule. If the selected
    task has no label in the batch, the next one is trained instead.

    Parameters
    ----------
    frequency : {"uniform", "size", "loss"}, array-like or dict, default="uniform"
        How often each task is trained: equally often, in proportion to its number of
        labels, or in proportion to its loss in the previous epoch relative to that of
        predicting the class frequencies or the mean. Alternatively, positive numbers
        in task order or by task name.
    order : {"cyclic", "random"}, default="cyclic"
        "cyclic" spaces the steps of each task evenly; with equal frequencies the tasks
        are trained one after the other. "random" draws a task in each step.

    References
    ----------
    R. Collobert, J. Weston, "A Unified Architecture for Natural Language Processing",
    ICML 2008. They train a random task in each step.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import Asynchronous, Turn
    >>> turn = Turn(torch.tensor([0.5, 0.25, 0.25]), torch.ones(1, 3) > 0)
    >>> schedule = Asynchronous()
    >>> state = schedule.init_state(1, 3)
    >>> [int(schedule.choose(turn, state).argmax()) for _ in range(8)]
    [0, 1, 2, 0, 0, 1, 2, 0]
    """

    holds_heads = True
    _parameter_constraints = {
        "frequency": FREQUENCY,
        "order": [StrOptions({"cyclic", "random"})],
    }

    def __init__(self, frequency: Any = "uniform", order: str = "cyclic") -> None:
        self.frequency = frequency
        self.order = order

    def init_state(self, n_members: int, n_tasks: int) -> AsynchronousState:
        """Return a state in which no task is behind."""
        return AsynchronousState(torch.zeros(n_tasks))

    def choose(self, turn: Turn, state: AsynchronousState) -> Tensor:
        """Return 1 for the task to train and 0 for others, the same for all members."""
        candidates = turn.is_there.any(dim=0)
        # If no task has a label in the batch, the choice does not matter.
        if not bool(candidates.any()):
            candidates = torch.ones_like(candidates)
        if self.order == "random":
            weights = turn.shares * candidates
            chosen = int(weights.multinomial(1, generator=turn.generators[0]))
        else:
            chosen = self._next(turn, candidates, state)
        factors = torch.zeros_like(turn.is_there, dtype=turn.shares.dtype)
        factors[:, chosen] = 1.0
        return factors

    @staticmethod
    def _next(turn: Turn, candidates: Tensor, state: AsynchronousState) -> int:
        """Return the task that is furthest behind (weighted round robin)."""
        owed = state.owed + turn.shares
        of_candidates = owed.masked_fill(~candidates, -torch.inf)
        # The first of several tasks that are equally far behind, up to rounding errors.
        most = of_candidates >= of_candidates.max() - 1e-6
        chosen = int(most.int().argmax())
        owed[chosen] -= 1.0
        state.owed = owed
        return chosen
