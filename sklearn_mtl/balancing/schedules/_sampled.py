"""Schedule that trains randomly drawn tasks."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing.schedules._task_schedule import FREQUENCY, TaskSchedule, Turn
from sklearn_mtl.utils._private import Interval

__all__ = ["Sampled", "inclusion_probabilities"]


class Sampled(TaskSchedule[None]):
    r"""Train randomly drawn tasks in each step, drawn separately for each member.

    The loss of a task that is drawn with probability :math:`\pi_t` is multiplied by
    :math:`1 / \pi_t`. The gradient is then an unbiased estimate of that of all tasks.
    Use it if gradient noise helps. With ``unbiased=False`` the losses are not
    multiplied, so tasks that are drawn more often have more influence; equal
    frequencies then give balanced sampling of tasks.

    Parameters
    ----------
    n_tasks : int, default=1
        Number of tasks per step, at most the number of tasks.
    frequency : {"uniform", "size", "loss"}, array-like or dict, default="uniform"
        How often each task is drawn; see `Asynchronous`.
    unbiased : bool, default=True
        Whether to multiply the loss of a drawn task by :math:`1 / \pi_t`.

    Notes
    -----
    Tasks are drawn by systematic sampling in random order. :math:`\pi_t` is `n_tasks`
    times the frequency of the task, but at most 1.

    References
    ----------
    W. G. Madow, "On the Theory of Systematic Sampling, II", Annals of Mathematical
    Statistics 20, 1949; D. G. Horvitz, D. J. Thompson, "A Generalization of Sampling
    Without Replacement from a Finite Universe", JASA 47, 1952.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import Sampled, Turn
    >>> draw = [torch.Generator().manual_seed(0)]
    >>> turn = Turn(torch.tensor([0.5, 0.25, 0.25]), torch.ones(1, 3) > 0, draw)
    >>> factors = torch.cat([Sampled().choose(turn) for _ in range(4000)])
    >>> factors.unique(dim=0)
    tensor([[0., 0., 4.],
            [0., 4., 0.],
            [2., 0., 0.]])
    >>> factors.mean(dim=0)
    tensor([1.0, 1.0, 1.0])
    """

    needs_labels = False
    _parameter_constraints = {
        "n_tasks": [Interval(Integral, 1, None, closed="left")],
        "frequency": FREQUENCY,
        "unbiased": ["boolean"],
    }

    def __init__(
        self, n_tasks: int = 1, frequency: Any = "uniform", unbiased: bool = True
    ) -> None:
        self.n_tasks = n_tasks
        self.frequency = frequency
        self.unbiased = unbiased

    def choose(self, turn: Turn, state: None = None) -> Tensor:
        """Return the factors of the tasks that are drawn, with or without a label."""
        chances = inclusion_probabilities(turn.shares, self.n_tasks)
        drawn = torch.stack([_draw(chances, g) for g in turn.generators])
        factors = drawn.to(chances)
        # Horvitz and Thompson: the expected gradient is that of all tasks.
        return factors / chances if self.unbiased else factors


def inclusion_probabilities(shares: Tensor, n_drawn: int) -> Tensor:
    """Return probabilities of at most 1, proportional to shares, with sum n_drawn.

    Shapes: shares (n_tasks,) -> (n_tasks,).
    """
    n_drawn = min(n_drawn, len(shares))
    certain = torch.zeros_like(shares, dtype=torch.bool)
    while True:  # each iteration sets at least one more to 1
        rest = torch.where(certain, 0.0, shares)
        n_left = n_drawn - int(certain.sum())
        chances = torch.where(certain, 1.0, rest * (n_left / rest.sum().clamp(1e-30)))
        more = (chances >= 1.0) & ~certain
        if not bool(more.any()):
            return chances
        certain |= more


def _draw(chances: Tensor, generator: Generator) -> Tensor:
    """Return a systematic sample, (n_tasks,) bool."""
    device = chances.device
    # In a fixed order some pairs of tasks would never be drawn together.
    order = torch.randperm(len(chances), generator=generator, device=generator.device)
    start = torch.rand(
        1, generator=generator, device=generator.device, dtype=torch.float64
    )
    order, start = order.to(device), start.to(device)
    # A task is drawn if there is an integer between it and the previous task.
    ends = chances.double()[order].cumsum(dim=0) + start
    before = torch.cat([start, ends[:-1]])
    drawn = torch.zeros_like(chances, dtype=torch.bool)
    drawn[order] = ends.floor() > before.floor()
    return drawn
