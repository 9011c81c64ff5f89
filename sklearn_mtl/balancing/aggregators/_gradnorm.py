"""Gradient normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import torch

from sklearn_mtl.balancing._adam import AdamNumbers
from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian
from sklearn_mtl.utils._private import Interval

__all__ = ["GradNorm"]

_SMALLEST = 1e-3  # weight, if their mean is 1; Adam could make weights negative


@dataclass
class GradNormState:
    """Weights, and the first losses (NaN before them), (n_members, n_tasks)."""

    weights: AdamNumbers
    first_losses: np.ndarray


class GradNorm(GradientAggregator[GradNormState]):
    r"""Learn weights with which all tasks train at the same rate (GradNorm).

    The norms :math:`n_t = \|g_t\|` are the roots of the diagonal of the Gramian. The
    relative training rate :math:`r_t` is the remaining fraction of the first loss,
    :math:`L_t / L_t^{(0)}`, divided by its mean over the tasks. The weights move
    against the gradient of

    .. math:: \sum_t \left| w_t n_t - \overline{w n}\, r_t^\alpha \right|

    where the second term is treated as constant. Then they are scaled to mean one. As a
    result, gradients get similar norms, and tasks that learn slowly get larger ones.

    Parameters
    ----------
    alpha : float, default=1.5
        Exponent of the training rate. Larger values favour tasks that learn slowly; 0
        makes all norms equal.
    lr : float, default=0.025
        Learning rate of the weights, which are trained by Adam.

    Notes
    -----
    The paper uses the gradient of the last shared layer. Here it is that of all shared
    parameters, or of the representation, depending on `gramian`. The paper weighs the
    losses. Here the heads get the unweighted gradient, whose scale has no effect with
    Adam. The first loss of a task is that of the first batch with labels of the task.
    Except for their initial values, the weights do not depend on the scale of a loss,
    and therefore not on `task_weight`.

    References
    ----------
    Z. Chen, V. Badrinarayanan, C.-Y. Lee, A. Rabinovich, "GradNorm: Gradient
    Normalization for Adaptive Loss Balancing in Deep Multitask Networks", ICML 2018,
    eq. 2 and algorithm 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import GradNorm
    >>> method = GradNorm(alpha=0.0)
    >>> state = method.init_state(1, 2)
    >>> for _ in range(200):
    ...     weights = method.weigh(torch.diag(torch.tensor([1.0, 9.0])), state=state)
    >>> print([f"{weight:.2f}" for weight in weights.tolist()])  # 3 to 1
    ['0.75', '0.25']
    """

    role_of_task_weight = "ignored"
    uses_losses = True
    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(self, alpha: float = 1.5, lr: float = 0.025) -> None:
        self.alpha = alpha
        self.lr = lr

    def init_state(self, n_members: int, n_tasks: int) -> GradNormState:
        """Return equal weights, and NaN for the first losses."""
        ones = torch.ones(n_members, n_tasks, dtype=torch.double)
        return GradNormState(
            AdamNumbers.of(ones), np.full((n_members, n_tasks), np.nan)
        )

    def _weigh(self, step: StepGramian, state: GradNormState) -> np.ndarray:
        weights = state.weights.values.numpy()[step.cells]
        squares = step.gramian.diagonal(axis1=1, axis2=2)
        norms = np.sqrt(squares.astype(np.float64))
        weighted = weights * norms
        wanted = weighted.mean(axis=1, keepdims=True) * self._pace(step, state)
        # Derivative of eq. 2 with respect to w_t, with the second term held constant.
        self._move(step, state, np.sign(weighted - wanted) * norms)
        return weights / weights.sum(axis=1, keepdims=True)

    def _pace(self, step: StepGramian, state: GradNormState) -> np.ndarray | float:
        """Return r_t^alpha, and store the first losses."""
        if step.losses is None:
            return 1.0
        first = state.first_losses[step.cells]
        first = np.where(np.isnan(first), step.losses, first)
        state.first_losses[step.cells] = first
        # A first loss of zero means that the task is already learned.
        left = step.losses / np.maximum(first, np.finfo(np.float64).tiny)
        mean = left.mean(axis=1, keepdims=True)
        return (
            np.divide(left, mean, out=np.ones_like(left), where=mean > 0) ** self.alpha
        )

    def _move(
        self, step: StepGramian, state: GradNormState, gradient: np.ndarray
    ) -> None:
        """Take a step of Adam, and restore the sum of the weights that moved."""
        cells, weights = step.cells, state.weights
        before = weights.values.numpy()[cells]
        every = torch.zeros_like(weights.values)
        moves = torch.zeros_like(every, dtype=torch.bool)
        every.numpy()[cells] = gradient
        moves.numpy()[cells] = True
        weights.step(every, moves, self.lr)
        after = weights.values.numpy()
        moved = np.maximum(after[cells], _SMALLEST)
        # Only the ratios of the weights are learned. If their sum could change, all
        # norms could be made equal by shrinking the weights.
        scale = before.sum(axis=1, keepdims=True) / moved.sum(axis=1, keepdims=True)
        after[cells] = moved * scale
