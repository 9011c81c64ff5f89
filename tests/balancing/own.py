"""Methods of balancing as a user writes them."""

from dataclasses import dataclass

import numpy as np
import torch

from sklearn_mtl.balancing import GradientAggregator, LossWeighting


class Inverse(LossWeighting):
    """Weights 1 / L^power, of mean one over the tasks in the batch."""

    def __init__(self, power=1.0):
        self.power = power

    def _weigh(self, step, state):
        weights = step.present * step.losses.clamp(min=1e-6) ** -self.power
        n_present = step.present.sum(dim=-1, keepdim=True)
        return weights * n_present / weights.sum(dim=-1, keepdim=True)


@dataclass
class MeanState:
    """The running mean (n_members, n_tasks)."""

    mean: torch.Tensor


class RunningMean(LossWeighting):
    """Weights 1 / m, m the running mean of a task's losses."""

    def init_state(self, n_members, n_tasks):
        return MeanState(torch.ones(n_members, n_tasks))

    def _weigh(self, step, state):
        mean = state.mean.to(step.losses)
        mean = torch.where(step.present, 0.9 * mean + 0.1 * step.losses, mean)
        state.mean = mean
        return 1.0 / mean.clamp(min=1e-6)


class UnitGradients(GradientAggregator):
    """Weights 1 / ||g||, summing to one."""

    def _weigh(self, step, state):
        squares = step.gramian.diagonal(axis1=1, axis2=2)
        weights = 1.0 / np.sqrt(np.maximum(squares, 1e-30))
        return weights / weights.sum(axis=1, keepdims=True)


@dataclass
class SquaresState:
    """The running mean of the squared lengths (n_members, n_tasks)."""

    squares: np.ndarray


class RunningUnits(GradientAggregator):
    """The same with running means of the squares."""

    def init_state(self, n_members, n_tasks):
        return SquaresState(np.ones((n_members, n_tasks)))

    def _weigh(self, step, state):
        here = step.cells  # of the tasks in the batch
        squares = 0.9 * state.squares[here]
        squares += 0.1 * step.gramian.diagonal(axis1=1, axis2=2)
        state.squares[here] = squares
        weights = squares**-0.5
        return weights / weights.sum(axis=1, keepdims=True)
