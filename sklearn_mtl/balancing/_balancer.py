"""A method at work: its state, absent tasks and the weights of the tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import (
    Balancing,
    GradientAggregator,
    LossWeighting,
)
from sklearn_mtl.balancing._steps import StepGramian, StepLosses

__all__ = ["GradientBalancer", "LossBalancer"]

Numbers = Any  # arrays or tensors: the same arithmetic


class _Balancer:
    """What both kinds share: factors of the gradient of the weighted sum of losses."""

    def __init__(self, method: Balancing[Any], n_members: int, n_tasks: int) -> None:
        self.role = method.role_of_task_weight
        self.of_mean = method.of_mean
        self.state = method.init_state(n_members, n_tasks)

    def state_dict(self) -> dict[str, Any]:
        """Return what later steps depend on."""
        return {"state": self.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        vars(self).update(state)

    def _factors(self, weights: Numbers, present: Numbers, task_weight: Numbers) -> Any:
        """Return by what the gradients of task_weight_t L_t are multiplied."""
        # Where the method knows of task_weight, or ignores it, it has weighed the bare
        # L_t. Weights of a mean become those of a sum.
        # Weights of a mean sum to one. Scaled up, they keep the learning rate of a sum.
        if self.of_mean:
            wanted = present * task_weight if self.role == "preference" else present
            weights = weights * wanted.sum(-1)[..., None]
        if self.role == "scale":
            return weights
        # a task of weight 0 counts as absent
        return weights * present / (task_weight + (task_weight == 0))


class LossBalancer(_Balancer):
    """A loss weighting and what it has learnt in a fit.

    Parameters
    ----------
    method : LossWeighting
        The method.
    n_members, n_tasks : int
        Numbers of independent nets and of tasks.
    """

    def __init__(
        self, method: LossWeighting[Any], n_members: int, n_tasks: int
    ) -> None:
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

        Shapes: losses (n_members, n_tasks), present (n_members, n_tasks),
        task_weight (n_tasks,) -> (n_members, n_tasks).
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
        method: GradientAggregator[Any],
        n_members: int,
        n_tasks: int,
        update_every: int,
    ) -> None:
        super().__init__(method, n_members, n_tasks)
        self.method = method
        self.update_every = update_every
        self.n_steps = 0
        self.held: np.ndarray | None = None

    def state_dict(self) -> dict[str, Any]:
        """Return what later steps depend on."""
        own = {"n_steps": self.n_steps, "held": self.held}
        return {**super().state_dict(), **own}

    @property
    def is_due(self) -> bool:
        """Whether this step wants a Gramian."""
        return self.n_steps % self.update_every == 0

    def update(
        self,
        gramian: np.ndarray,
        present: np.ndarray,
        task_weight: np.ndarray,
        generators: Sequence[Generator] = (),
        losses: np.ndarray | None = None,
    ) -> None:
        """Compute the factors anew.

        Only tasks that are there enter the method: a zero row would be a task that is
        already learnt. The others keep their factor, which begins at 1.

        Shapes: gramian (n_members, n_tasks, n_tasks), present (n_members,
        n_tasks), task_weight (n_tasks,), losses (n_members, n_tasks).
        """
        is_whole = present.all()
        is_plain = is_whole and (task_weight == 1).all()
        if self.role != "scale" and not is_plain:
            # The gradients carry task_weight, which these methods take as a preference,
            # or not at all.
            bare = task_weight + (task_weight == 0)
            gramian = gramian / (bare * bare[:, None])
        if is_whole:
            step = StepGramian(gramian, task_weight, generators, losses)
            weights = self.method.weigh_arrays(step, self.state)
            if is_plain:  # the rest, without what does nothing
                self.held = weights * len(task_weight) if self.of_mean else weights
            else:
                self.held = self._factors(weights, present, task_weight)
            return
        # An absent task has a gradient of zero, which min-norm methods would give all
        # weight to: methods only see the tasks that are there.
        weights = np.zeros_like(gramian[..., 0])
        for members, tasks in _alike(present):
            step = StepGramian(
                gramian[np.ix_(members, tasks, tasks)],
                task_weight[tasks],
                [generators[m] for m in members] if generators else (),
                None if losses is None else losses[np.ix_(members, tasks)],
                members,
                tasks,
            )
            weights[step.cells] = self.method.weigh_arrays(step, self.state)
        factors = self._factors(weights, present, task_weight)
        # Factors are kept for `update_every` steps, in which absent tasks may return.
        held = np.ones_like(factors) if self.held is None else self.held
        self.held = np.where(present, factors, held)

    def factors(self) -> np.ndarray:
        """Return the factors (n_members, n_tasks) of this step, and count it."""
        assert self.held is not None  # for the type checker: the first step is due
        self.n_steps += 1
        return self.held


def _alike(present: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield members whose batches have the same tasks, and these; mostly all have."""
    patterns, pattern_of = np.unique(present, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.any():
            # NumPy 2.0 gave the inverse another axis, 2.1 took it back
            yield np.flatnonzero(pattern_of.ravel() == number), np.flatnonzero(pattern)
