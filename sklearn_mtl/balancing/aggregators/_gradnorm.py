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

_SMALLEST = 1e-3  # of a weight, of which the mean is 1: Adam would step below 0


@dataclass
class GradNormState:
    """The weights w and the first losses, NaN before them, (n_members, n_tasks)."""

    weights: AdamNumbers
    first_losses: np.ndarray


class GradNorm(GradientAggregator[GradNormState]):
    r"""Learn weights that let all tasks train at one rate (GradNorm).

    With the norms :math:`n_t = \|g_t\|`, which are the roots of the diagonal of the
    Gramian, and the share of the first loss that is left, :math:`L_t / L_t^{(0)}`,
    relative to its mean over the tasks, :math:`r_t`, the weights move against the
    gradient of

    .. math:: \sum_t \left| w_t n_t - \overline{w n}\, r_t^\alpha \right|

    with the second term held fixed, and are then scaled to a mean of one. So gradients
    become alike in size, and larger for a task that learns slowly.

    Parameters
    ----------
    alpha : float, default=1.5
        How much a task that learns slowly is pushed; 0 makes the norms equal.
    lr : float, default=0.025
        Learning rate of the weights, by Adam.

    Notes
    -----
    The paper takes the gradient of the last shared layer; here it is that of all that
    is shared, or of the representation (`gramian`). The paper weighs the losses; here
    heads get the plain gradient, of which an Adam optimiser sees no scale. A task's
    first loss is that of the first batch with labels of it. Beyond their start the
    weights do not depend on the scale of a loss, and so not on `task_weight`.

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
        """Return equal weights, and no first loss yet."""
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
        # the derivative of eq. 2 for w_t, where the second term is held fixed
        self._move(step, state, np.sign(weighted - wanted) * norms)
        return weights / weights.sum(axis=1, keepdims=True)

    def _pace(self, step: StepGramian, state: GradNormState) -> np.ndarray | float:
        """Return r_t^alpha, and keep the first losses."""
        if step.losses is None:
            return 1.0
        first = state.first_losses[step.cells]
        first = np.where(np.isnan(first), step.losses, first)
        state.first_losses[step.cells] = first
        # a loss that is zero from the start is learnt
        left = step.losses / np.maximum(first, np.finfo(np.float64).tiny)
        mean = left.mean(axis=1, keepdims=True)
        return (
            np.divide(left, mean, out=np.ones_like(left), where=mean > 0) ** self.alpha
        )

    def _move(
        self, step: StepGramian, state: GradNormState, gradient: np.ndarray
    ) -> None:
        """Take a step of Adam, and keep the sum of the weights that moved."""
        cells, weights = step.cells, state.weights
        before = weights.values.numpy()[cells]
        every = torch.zeros_like(weights.values)
        moves = torch.zeros_like(every, dtype=torch.bool)
        every.numpy()[cells] = gradient
        moves.numpy()[cells] = True
        weights.step(every, moves, self.lr)
        after = weights.values.numpy()
        moved = np.maximum(after[cells], _SMALLEST)
        # only the ratios of the weights are learnt: a sum that could shrink would be
        # the shortest way to make all norms equal
        scale = before.sum(axis=1, keepdims=True) / moved.sum(axis=1, keepdims=True)
        after[cells] = moved * scale
