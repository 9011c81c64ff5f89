"""Factors of the task losses, given by the user or by the number of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.balancing import SumOfLosses, read_balancing
from sklearn_mtl.tasks import TaskSet, task_weights

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["weigh_tasks"]

# Selected by benchmarks/few_labels.py --select among 0, 1/4, 1/2, 3/4 and 1. For tasks
# with few labels the last three are equally good; of these, 1/2 changes the other tasks
# the least.
EXPONENT = 0.5


def weigh_tasks(
    model: BaseMultiTaskNet, task_set: TaskSet, label_mass: np.ndarray
) -> np.ndarray:
    """Return the factor of each task's loss.

    Shapes: label_mass (n_tasks,) -> (n_tasks,).
    """
    who = type(model).__name__
    if not isinstance(model.task_weight, str):
        return task_weights(task_set, model.task_weight, who)
    if not isinstance(read_balancing(model.balancing, who), SumOfLosses):
        return np.ones(task_set.n_tasks)  # the balancing method sets the weights
    return weights_of_sizes(label_mass)


def weights_of_sizes(label_mass: np.ndarray) -> np.ndarray:
    """Return weights with mean 1 that increase with the number of labels.

    Shapes: label_mass (n_tasks,) -> (n_tasks,).
    """
    seen = label_mass > 0
    weights = np.ones(len(label_mass))
    if seen.any():
        # relative to the maximum, so that equal counts give weights of exactly 1
        grown = (label_mass[seen] / label_mass.max()) ** EXPONENT
        weights[seen] = grown / grown.mean()
    return weights
