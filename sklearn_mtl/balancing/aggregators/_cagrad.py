"""Conflict-averse gradient descent."""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy.optimize import brentq

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian
from sklearn_mtl.balancing.aggregators._min_norm import min_norm_weights
from sklearn_mtl.utils._private import Interval

__all__ = ["CAGrad"]

_PARETO = 1e-4  # relative norm below which no direction improves all tasks
_PRECISION = 1e-6  # relative, of the root


class CAGrad(GradientAggregator[None]):
    r"""Improve the worst task within a ball around the mean gradient (CAGrad).

    .. math:: \max_d \min_t \langle g_t, d \rangle
        \quad \text{s.t.} \quad \|d - \bar g\| \le c \|\bar g\|

    with the mean gradient :math:`\bar g`. c = 0 is the mean of the losses.

    Parameters
    ----------
    c : float, default=0.5
        Radius of the ball around the mean gradient, relative to its norm.

    Notes
    -----
    The dual has weights v of a simplex and :math:`d = \bar g + c \|\bar g\| g_v /
    \|g_v\|`. At its solution v is the min-norm point of the gradients shifted by
    :math:`\lambda \bar g` with :math:`\lambda = \|g_v\| / (c \|\bar g\|)`. This is one
    equation in one unknown, with a non-negative least-squares problem per evaluation.
    `task_weight` scales the losses.

    References
    ----------
    B. Liu, X. Liu, X. Jin, P. Stone, Q. Liu, "Conflict-Averse Gradient Descent for
    Multi-task Learning", NeurIPS 2021, eq. 3 and 4.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import CAGrad
    >>> CAGrad(c=0.5).weigh(torch.eye(2))
    tensor([0.7500, 0.7500])
    """

    _parameter_constraints = {"c": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, c: float = 0.5) -> None:
        self.c = c

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        gramian = step.gramian
        # In single precision, inner products that should be zero have this rounding
        # error.
        rounding = np.sqrt(16 * np.finfo(gramian.dtype).eps)
        least = max(_PARETO, float(rounding))
        return np.stack([self._solve(G, least) for G in gramian.astype(np.float64)])

    def _solve(self, gramian: np.ndarray, least: float) -> np.ndarray:
        n_tasks = len(gramian)
        size = np.trace(gramian) / n_tasks
        mean = np.full(n_tasks, 1.0 / n_tasks)
        if not size > 0:
            return np.zeros(n_tasks)
        # The weights do not depend on the scale of the gradients, but the tolerances
        # do.
        gramian = gramian / size
        to_mean = gramian @ mean
        radius = self.c * np.sqrt(max(mean @ to_mean, 0.0))
        if radius <= least * self.c:
            return mean if self.c == 0 else np.zeros(n_tasks)
        v = _dual_weights(gramian, to_mean, radius, least)
        norm = np.sqrt(max(v @ gramian @ v, 0.0))
        # There is no direction at a Pareto-stationary point. The published code also
        # returns 0.
        return mean + radius / norm * v if norm >= least else np.zeros(n_tasks)


def _dual_weights(
    gramian: np.ndarray, to_mean: np.ndarray, radius: float, least: float
) -> np.ndarray:
    """Return the v that minimises <g_v, mean gradient> + radius |g_v|."""
    # An |g_v| of at most `least` counts as zero.
    mean_square = to_mean.mean()

    def weights(shift: float) -> np.ndarray:
        cross = shift * to_mean
        moved = gramian + cross[:, None] + cross + shift**2 * mean_square
        return min_norm_weights(moved)

    def excess(shift: float) -> float:
        # v minimises |g_v + shift g_0|, which is stationary if |g_v| = radius shift.
        v = weights(shift)
        return float(np.sqrt(max(v @ gramian @ v, 0.0)) - radius * shift)

    # |g_v| is at most the largest gradient norm.
    longest = float(np.sqrt(gramian.diagonal().max())) / radius
    if excess(0.0) <= least:
        return weights(0.0)
    root = brentq(excess, 0.0, 1.01 * longest, xtol=_PRECISION * longest, rtol=1e-6)
    return weights(root)
