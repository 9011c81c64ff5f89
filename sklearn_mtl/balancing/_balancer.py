"""State of a balancing method during training, and the weights of the tasks."""

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

Numbers = Any  # arrays or tensors, with the same arithmetic


class _Balancer:
    """Base class: convert the weights of a method to factors of the task gradients."""

    def __init__(self, method: Balancing[Any], n_members: int, n_tasks: int) -> None:
        self.role = method.role_of_task_weight
        self.of_mean = method.of_mean
        self.state = method.init_state(n_members, n_tasks)

    def state_dict(self) -> dict[str, Any]:
        """Return the state on which later steps depend."""
        return {"state": self.state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` returned."""
        vars(self).update(state)

    def _factors(self, weights: Numbers, present: Numbers, task_weight: Numbers) -> Any:
        """Return the factors of the gradients of task_weight_t L_t."""
        # A method that uses or ignores task_weight gets the losses L_t without it, so
        # divide by it below. Weights of a mean sum to one. Multiply them by the number
        # of tasks, because the learning rate is chosen for a sum.
        if self.of_mean:
            wanted = present * task_weight if self.role == "preference" else present
            weights = weights * wanted.sum(-1)[..., None]
        if self.role == "scale":
            return weights
        # A task of weight 0 counts as absent.
        return weights * present / (task_weight + (task_weight == 0))


class LossBalancer(_Balancer):
    """Loss weighting and its state during training.

    Parameters
    ----------
    method : LossWeighting
        The weighting.
    n_members, n_tasks : int
        Numbers of independent networks and of tasks.
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
        """Return the factors of the gradients of task_weight_t L_t.

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
        if self.method.needs_post_step_loss:
            self._before = step
        weights = self.method.weigh(step, self.state)
        return self._factors(weights, present, task_weight)

    @torch.no_grad()
    def use_post_step_loss(self, losses: Tensor, task_weight: Tensor) -> None:
        """Pass on the losses of the same batch after the step."""
        losses = losses * task_weight if self.role == "scale" else losses
        self.method.use_post_step_loss(self._before, losses, self.state)
        del self._before  # it holds generators, which are not part of the state

    @torch.no_grad()
    def end_epoch(self, losses: Tensor) -> None:
        """Pass on the mean losses (n_members, n_tasks) of the epoch."""
        self.method.end_epoch(losses, self.state)


class GradientBalancer(_Balancer):
    """Gradient aggregator, its state during training, and its latest weights.

    Parameters
    ----------
    method : GradientAggregator
        The aggregator.
    n_members, n_tasks : int
        Numbers of independent networks and of tasks.
    update_every : int
        Number of steps for which weights are kept.
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
        """Return the state on which later steps depend."""
        own = {"n_steps": self.n_steps, "held": self.held}
        return {**super().state_dict(), **own}

    @property
    def is_due(self) -> bool:
        """Return whether this step needs a Gramian."""
        return self.n_steps % self.update_every == 0

    def update(
        self,
        gramian: np.ndarray,
        present: np.ndarray,
        task_weight: np.ndarray,
        generators: Sequence[Generator] = (),
        losses: np.ndarray | None = None,
    ) -> None:
        """Recompute the factors.

        The method gets only the tasks that have labels in the batch. A zero row in the
        Gramian would look like a learned task. The other tasks keep their factors,
        which are 1 at the start.

        Shapes: gramian (n_members, n_tasks, n_tasks), present (n_members,
        n_tasks), task_weight (n_tasks,), losses (n_members, n_tasks).
        """
        is_whole = present.all()
        is_plain = is_whole and (task_weight == 1).all()
        if self.role != "scale" and not is_plain:
            # The gradients contain task_weight. These methods use it as a preference or
            # ignore it, so remove it.
            bare = task_weight + (task_weight == 0)
            gramian = gramian / (bare * bare[:, None])
        if is_whole:
            step = StepGramian(gramian, task_weight, generators, losses)
            weights = self.method.weigh_arrays(step, self.state)
            if is_plain:  # the same as below, but faster
                self.held = weights * len(task_weight) if self.of_mean else weights
            else:
                self.held = self._factors(weights, present, task_weight)
            return
        # Min-norm methods would give all weight to an absent task, whose gradient is
        # zero. Therefore each method gets only the tasks that are present.
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
        """Return the factors (n_members, n_tasks) of this step, and count the step."""
        assert self.held is not None  # for mypy: the first step calls `update`
        self.n_steps += 1
        return self.held


def _alike(present: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield groups of members with the same tasks in their batches, and the tasks."""
    patterns, pattern_of = np.unique(present, axis=0, return_inverse=True)
    for number, pattern in enumerate(patterns):
        if pattern.any():
            # NumPy 2.0 returns the inverse with another axis; 2.1 reverted that.
            yield np.flatnonzero(pattern_of.ravel() == number), np.flatnonzero(pattern)
