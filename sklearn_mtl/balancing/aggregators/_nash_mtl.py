"""Nash bargaining."""

from __future__ import annotations

from numbers import Real

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian
from sklearn_mtl.balancing.aggregators._fair import fair_weights
from sklearn_mtl.utils._private import Interval

__all__ = ["NashMTL"]


class NashMTL(GradientAggregator[None]):
    r"""Take the step of the Nash bargaining solution (Nash-MTL).

    .. math:: G w = 1 / w

    element by element. Of all steps with the same norm, it maximises the product of the
    improvements of the tasks. Its direction does not depend on the scale of a loss, and
    therefore not on `task_weight`.

    Parameters
    ----------
    max_norm : float, default=1.0
        Largest norm of the step, as in the published code; 0 for no limit.

    Notes
    -----
    The problem is solved by Newton's method; the paper uses a sequence of convex
    problems. As in the published code, G is first divided by its Frobenius norm.

    References
    ----------
    A. Navon et al., "Multi-Task Learning as a Bargaining Game", ICML 2022, claim 3.1
    and eq. 2.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import NashMTL
    >>> NashMTL().weigh(torch.diag(torch.tensor([1.0, 4.0])))
    tensor([0.7071, 0.3536])
    """

    of_mean = False
    role_of_task_weight = "ignored"
    _parameter_constraints = {"max_norm": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, max_norm: float = 1.0) -> None:
        self.max_norm = max_norm

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        gramian = step.gramian
        return np.stack([self._solve(G) for G in gramian.astype(np.float64)])

    def _solve(self, gramian: np.ndarray) -> np.ndarray:
        if not np.trace(gramian) > 0:
            return np.ones(len(gramian))
        # Claim 3.1, G w = 1 / w, describes alpha-fair weights with alpha = 1.
        w = fair_weights(gramian / np.linalg.norm(gramian), 1.0)
        norm = np.sqrt(max(w @ gramian @ w, 0.0))
        is_long = 0 < self.max_norm < norm
        return w * (self.max_norm / norm) if is_long else w
