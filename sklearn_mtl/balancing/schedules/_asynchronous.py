"""Tasks that take turns."""

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
    """How many turns are owed to each task, (n_tasks,), summing to 0."""

    owed: Tensor


class Asynchronous(TaskSchedule[AsynchronousState]):
    """Let tasks take turns, one a step.

    The step goes down the gradient of one task: its head and the shared layers move.
    The heads of the others, and what the optimiser remembers of them, stay as they are
    to the bit. Use it where the gradients of tasks should not be mixed, or to see what
    mixing does; balancing of gradients has nothing to balance then. A task without a
    label in the batch passes its turn on.

    Parameters
    ----------
    frequency : {"uniform", "size", "loss"}, array-like or dict, default="uniform"
        How often each task has its turn: all alike, by its number of labels, by its
        loss in the epoch before relative to that of predicting the class frequencies
        or the mean, or as positive numbers in task order or by name.
    order : {"cyclic", "random"}, default="cyclic"
        "cyclic" spreads the turns of each task evenly, so with equal frequencies it is
        task after task; "random" draws them.

    References
    ----------
    R. Collobert, J. Weston, "A Unified Architecture for Natural Language Processing",
    ICML 2008, who train a random task in each step.

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
        """Return that nothing is owed."""
        return AsynchronousState(torch.zeros(n_tasks))

    def choose(self, turn: Turn, state: AsynchronousState) -> Tensor:
        """Return a one for the task whose turn it is, the same one in all members."""
        candidates = turn.is_there.any(dim=0)
        # Without a label in the batch any task is as good.
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
        """Return the task to which most is owed: a weighted round robin."""
        owed = state.owed + turn.shares
        of_candidates = owed.masked_fill(~candidates, -torch.inf)
        # the first of those to which as much is owed, but for rounding
        most = of_candidates >= of_candidates.max() - 1e-6
        chosen = int(most.int().argmax())
        owed[chosen] -= 1.0
        state.owed = owed
        return chosen
