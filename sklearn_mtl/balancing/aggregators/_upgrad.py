"""Projection of gradients onto the dual cone."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian
from sklearn_mtl.balancing.aggregators._bounded import minimise_above

__all__ = ["UPGrad"]

_REGULARISATION = 1e-4  # of a Gramian of trace 1; makes the solution unique


class UPGrad(GradientAggregator[None]):
    r"""Project each gradient onto the dual cone and add the results (UPGrad).

    .. math:: w = \sum_t \arg\min_{v \ge p_t e_t} v^T G v

    These are the weights of the projections of :math:`p_t g_t` onto the dual cone of
    all gradients. A small step makes no task worse; PCGrad does not guarantee that with
    three or more tasks. Tasks with larger gradients have more influence, unlike with
    MGDA. Without conflicts this is the sum of the gradients.

    Notes
    -----
    The n_tasks quadratic programmes of all members are solved at once, usually with
    about ten products of n_tasks x n_tasks matrices. There is no warm start from the
    previous step, because another batch has other conflicts. p is `task_weight`.

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
        # Without conflicts each gradient already lies in the dual cone.
        if gramian.min() >= 0.0:
            return np.tile(share, (len(gramian), 1))
        squares = gramian.diagonal(axis1=1, axis2=2)
        # Row t of the solution belongs to task t.
        ridge = _REGULARISATION * squares.sum(axis=1, keepdims=True)
        return minimise_above(gramian, ridge, share).sum(axis=1)
