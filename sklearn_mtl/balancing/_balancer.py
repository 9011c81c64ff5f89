"""A method at work: its state, absent tasks and the weights of the tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import (
    Balancing,
    GradientAggregator,
    LossWeighting,
    StepLosses,
)

__all__ = ["GradientBalancer", "LossBalancer"]


class _Balancer:
    """What both kinds share: factors of the gradient of the weighted sum of losses."""

    def __init__(self, method: Balancing, n_members: int, n_tasks: int) -> None:
        self.role = method.role_of_task_weight
        self.of_mean = method.of_mean
        self.state = method.start(n_members, n_tasks)

    def _factors(self, weights: Tensor, present: Tensor, task_weight: Tensor) -> Tensor:
        """Return by what the gradients of task_weight_t L_t are multiplied.

        Where the method knows of task_weight, or ignores it, it has weighed the bare
        L_t. Weights of a mean become those of a sum.
        """
        if self.of_mean:
            wanted = present * task_weight if self.role == "preference" else present
            weights = weights * wanted.sum(dim=-1, keepdim=True)
        if self.role == "scale":
            return weights
        return torch.where(present, weights / task_weight, torch.zeros_like(weights))


class LossBalancer(_Balancer):
    """A loss weighting and what it has learnt in a fit.

    Parameters
    ----------
    method : LossWeighting
        The method.
    n_members, n_tasks : int
        Numbers of independent nets and of tasks.
    """

    def __init__(self, method: LossWeighting, n_members: int, n_tasks: int) -> None:
        super().__init__(method, n_members, n_tasks)
        self.method = method

    def factors(
        self,
        losses: Tensor,
        present: Tensor,
        task_weight: Tensor,
        lr: float,
        generators: Sequence[Generator] = (),
    ) -> Tensor:
        """Return by what the gradient of task_weight_t L_t is multiplied.

        Parameters
        ----------
        losses : Tensor of shape (n_members, n_tasks)
            Mean losses over the labels in the batch, without task_weight.
        present : Tensor of shape (n_members, n_tasks), bool
            Whether a task has a label in the batch and a positive task_weight.
        task_weight : Tensor of shape (n_tasks,)
            Factors of the objective.
        lr : float
            Learning rate of the net.
        generators : sequence of torch.Generator
            One for each member.

        Returns
        -------
        Tensor of shape (n_members, n_tasks)
            The factors, 0 where a task is absent.
        """
        is_scale = self.role == "scale"
        step = StepLosses(
            losses * task_weight if is_scale else losses,
            present,
            torch.ones_like(task_weight) if is_scale else task_weight,
            lr,
            generators,
        )
        if self.method.looks_again:
            self._before = step
        weights = self.method.weigh(step, self.state)
        return self._factors(weights, present, task_weight)

    @torch.no_grad()
    def look_again(self, losses: Tensor, task_weight: Tensor) -> None:
        """Hand over the losses of the same batch after the step."""
        losses = losses * task_weight if self.role == "scale" else losses
        self.method.look_again(self._before, losses, self.state)
        del self._before  # it holds generators, which are not the state

    @torch.no_grad()
    def end_epoch(self, losses: Tensor) -> None:
        """Hand over the mean losses (n_members, n_tasks) of the epoch."""
        self.method.end_epoch(losses, self.state)


class GradientBalancer(_Balancer):
    """A gradient aggregator, what it has learnt, and the weights that it gave last.

    Parameters
    ----------
    method : GradientAggregator
        The method.
    n_members, n_tasks : int
        Numbers of independent nets and of tasks.
    update_every : int
        Weights are kept for so many steps.
    """

    def __init__(
        self,
        method: GradientAggregator,
        n_members: int,
        n_tasks: int,
        update_every: int,
    ) -> None:
        super().__init__(method, n_members, n_tasks)
        self.method = method
        self.update_every = update_every
        self.n_steps = 0
        self.held: Tensor | None = None

    @property
    def is_due(self) -> bool:
        """Whether this step wants a Gramian."""
        return self.n_steps % self.update_every == 0

    def update(
        self,
        gramian: Tensor,
        present: Tensor,
        task_weight: Tensor,
        generators: Sequence[Generator] = (),
    ) -> None:
        """Compute the factors anew.

        Only tasks that are there enter the method: a zero row would be a task that is
        already learnt. The others keep their factor, which begins at 1.

        Parameters
        ----------
        gramian : Tensor of shape (n_members, n_tasks, n_tasks)
            Inner products of the gradients of task_weight_t L_t.
        present : Tensor of shape (n_members, n_tasks), bool
            Whether a task has a label in the batch and a positive task_weight.
        task_weight : Tensor of shape (n_tasks,)
            Factors of the objective.
        generators : sequence of torch.Generator
            One for each member.
        """
        if self.role != "scale":
            bare = torch.where(task_weight > 0, 1.0 / task_weight, 0.0)
            gramian = gramian * bare * bare[:, None]
        if bool(present.all()):
            self.state["tasks"] = None
            weights = self.method.weigh(gramian, task_weight, self.state, generators)
            self.held = self._factors(weights, present, task_weight)
            return
        weights = torch.zeros_like(gramian[..., 0])
        for members, tasks in _alike(present):
            part = gramian[members][:, tasks][:, :, tasks]
            chosen = [generators[m] for m in members] if generators else ()
            self.state["tasks"] = tasks
            found = self.method.weigh(part, task_weight[tasks], self.state, chosen)
            weights[members[:, None], tasks] = found
        factors = self._factors(weights, present, task_weight)
        held = torch.ones_like(factors) if self.held is None else self.held.to(factors)
        self.held = torch.where(present, factors, held)

    def factors(self) -> Tensor:
        """Return the factors (n_members, n_tasks) of this step, and count it."""
        assert self.held is not None  # for the type checker: the first step is due
        self.n_steps += 1
        return self.held


def _alike(present: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield members whose batches have the same tasks, and these; mostly all have."""
    patterns, pattern_of = torch.unique(present, dim=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if bool(pattern.any()):
            members = (pattern_of == number).nonzero().squeeze(1)
            yield members, pattern.nonzero().squeeze(1)
