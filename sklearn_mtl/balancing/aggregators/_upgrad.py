"""Unconflicting projection of gradients."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian
from sklearn_mtl.balancing.aggregators._bounded import minimise_above

__all__ = ["UPGrad"]

_REGULARISATION = 1e-4  # of a Gramian of trace 1: makes the solution unique


class UPGrad(GradientAggregator[None]):
    r"""Project each gradient so that it harms no task, then add them (UPGrad).

    .. math:: w = \sum_t \arg\min_{v \ge p_t e_t} v^T G v

    which are the weights of the projections of :math:`p_t g_t` onto the dual cone of
    all gradients. No task gets worse in a small step, unlike with PCGrad from three
    tasks on, and a task counts by the size of its gradient, unlike with MGDA. Without a
    conflict it is the plain sum.

    Notes
    -----
    All n_tasks quadratic programmes of all members are solved at once, mostly in some
    ten products of n_tasks x n_tasks matrices. The solution of the step before would
    save none of them: another batch has other conflicts. p is `task_weight`.

    References
    ----------
    P. Quinton, V. Rey, "Jacobian Descent for Multi-Objective Optimization", 2024, eq. 5
    and proposition 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import UPGrad
    >>> UPGrad().weigh(torch.tensor([[1.0, -0.5], [-0.5, 1.0]]))
    tensor([0.7499, 0.7499])
    """

    role_of_task_weight = "preference"

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        gramian, share = step.gramian, step.share
        # Without conflicts each gradient lies in the dual cone: nothing to project.
        if gramian.min() >= 0.0:
            return np.tile(share, (len(gramian), 1))
        squares = gramian.diagonal(axis1=1, axis2=2)
        # row t of the solution is the one for task t
        ridge = _REGULARISATION * squares.sum(axis=1, keepdims=True)
        return minimise_above(gramian, ridge, share).sum(axis=1)
