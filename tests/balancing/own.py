"""Methods of balancing as a user writes them."""

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


class RunningMean(LossWeighting):
    """Weights 1 / m, m the running mean of a task's losses."""

    def start(self, n_members, n_tasks):
        return {"mean": torch.ones(n_members, n_tasks)}

    def _weigh(self, step, state):
        mean = state["mean"].to(step.losses)
        mean = torch.where(step.present, 0.9 * mean + 0.1 * step.losses, mean)
        state["mean"] = mean
        return 1.0 / mean.clamp(min=1e-6)


class UnitGradients(GradientAggregator):
    """Weights 1 / ||g||, summing to one."""

    def _weigh(self, gramian, share, state, generators):
        squares = gramian.diagonal(axis1=1, axis2=2)
        weights = 1.0 / np.sqrt(np.maximum(squares, 1e-30))
        return weights / weights.sum(axis=1, keepdims=True)


class RunningUnits(GradientAggregator):
    """The same with running means of the squares."""

    def start(self, n_members, n_tasks):
        return {"squares": np.ones((n_members, n_tasks))}

    def _weigh(self, gramian, share, state, generators):
        here = state["cells"]  # of the tasks in the batch
        squares = 0.9 * state["squares"][here]
        squares += 0.1 * gramian.diagonal(axis1=1, axis2=2)
        state["squares"][here] = squares
        weights = squares**-0.5
        return weights / weights.sum(axis=1, keepdims=True)
