"""Alpha-fair gradients."""

from __future__ import annotations

from numbers import Real

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian
from sklearn_mtl.balancing.aggregators._fair import fair_weights
from sklearn_mtl.utils._private import Interval

__all__ = ["FairGrad"]


class FairGrad(GradientAggregator[None]):
    r"""Share the progress of a step alpha-fairly among the tasks (FairGrad).

    .. math:: G w = w^{-1 / \alpha}

    element by element. A small :math:`\alpha` is close to the mean of the losses,
    :math:`\alpha = 1` is the Nash bargaining solution, and a large one favours the task
    that improves least.

    Parameters
    ----------
    alpha : float, default=1.0
        Fairness parameter :math:`\alpha`.

    Notes
    -----
    The norm of the step differs from that of a mean or a sum. SGD therefore needs
    another learning rate; AdamW does not. `task_weight` scales the losses.

    References
    ----------
    H. Ban, K. Ji, "Fair Resource Allocation in Multi-Task Learning", ICML 2024, eq. 4.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import FairGrad
    >>> FairGrad().weigh(torch.diag(torch.tensor([1.0, 4.0])))
    tensor([1.0000, 0.5000])
    """

    of_mean = False
    _parameter_constraints = {"alpha": [Interval(Real, 0, None, closed="neither")]}

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        gramian = step.gramian
        weights = [
            fair_weights(G, self.alpha) if np.trace(G) > 0 else np.ones(len(G))
            for G in gramian.astype(np.float64)
        ]
        return np.stack(weights)
