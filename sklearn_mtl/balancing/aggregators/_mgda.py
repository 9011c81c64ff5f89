"""Multiple-gradient descent."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian
from sklearn_mtl.balancing.aggregators._min_norm import min_norm_weights

__all__ = ["MGDA"]


class MGDA(GradientAggregator[None]):
    r"""Take the shortest vector in the convex hull of the task gradients (MGDA).

    .. math:: \min_w \Big\| \sum_t w_t g_t \Big\|^2
        \quad \text{s.t.} \quad w \ge 0, \; \sum_t w_t = 1

    A small step along it makes no task worse. The shortest vector depends mostly on the
    tasks with small gradients. A task that is already learned, or that cannot be
    learned, therefore slows down all other tasks.

    Notes
    -----
    The problem is solved exactly; the paper uses a few Frank-Wolfe steps. With feature
    gradients it is the MGDA-UB of the paper. `task_weight` scales the losses.

    References
    ----------
    O. Sener, V. Koltun, "Multi-Task Learning as Multi-Objective Optimization", NeurIPS
    2018, eq. 3.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import MGDA
    >>> MGDA().weigh(torch.diag(torch.tensor([1.0, 3.0])))
    tensor([0.7500, 0.2500])
    """

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        gramian = step.gramian
        return np.stack([min_norm_weights(G) for G in gramian.astype(np.float64)])
