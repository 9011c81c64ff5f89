"""Unconflicting projection of gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import GradientAggregator

__all__ = ["UPGrad"]

_REGULARISATION = 1e-4  # of a Gramian of trace 1: makes the solution unique
_TOLERANCE = 1e-6  # of a projected gradient step, relative to the bounds
_MAX_ITERATIONS = 1000
_CHECK_EVERY = 4


class UPGrad(GradientAggregator):
    r"""Project each gradient so that it harms no task, then add them (UPGrad).

    .. math:: w = \sum_t \arg\min_{v \ge p_t e_t} v^T G v

    which are the weights of the projections of :math:`p_t g_t` onto the dual cone of
    all gradients. No task gets worse in a small step, unlike with PCGrad from three
    tasks on, and a task counts by the size of its gradient, unlike with MGDA. Without a
    conflict it is the plain sum.

    Notes
    -----
    All n_tasks quadratic programmes of all members are solved at once by accelerated
    projected gradient steps with restarts: each is one product of n_tasks x n_tasks
    matrices. p is `task_weight`.

    References
    ----------
    P. Quinton, V. Rey, "Jacobian Descent for Multi-Objective Optimization", 2024, eq. 5
    and proposition 1. B. O'Donoghue, E. Candes, "Adaptive Restart for Accelerated
    Gradient Schemes", Foundations of Computational Mathematics 15, 2015, section 3.2.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import UPGrad
    >>> UPGrad().weigh(torch.tensor([[1.0, -0.5], [-0.5, 1.0]]))
    tensor([0.7499, 0.7499])
    """

    role_of_task_weight = "preference"

    def _weigh(
        self,
        gramian: Tensor,
        share: Tensor,
        state: dict[str, Any],
        generators: Sequence[Generator],
    ) -> Tensor:
        if not bool((gramian < 0).any()):
            return share.expand(gramian.shape[:-1])
        matrices = gramian.double().cpu().numpy()
        trace = matrices.trace(axis1=1, axis2=2)[:, None, None]
        eye = np.eye(matrices.shape[-1])
        regular = matrices / np.maximum(trace, 1e-300) + _REGULARISATION * eye
        # row t of v is the solution for task t
        v = _solve(regular, eye * share.double().cpu().numpy())
        return torch.as_tensor(v.sum(axis=1))


def _solve(gramian: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Minimise v G v^T over v >= lower, (n_members, n_problems, n_tasks).

    In units that give G a diagonal of one, which is what makes few steps enough where
    gradients differ in size.
    """
    unit = np.sqrt(gramian.diagonal(axis1=1, axis2=2))[:, None]
    step = gramian / (unit * unit.transpose(0, 2, 1))
    step /= _largest_eigenvalue(step)
    lower = lower * unit
    tolerance = _TOLERANCE * lower.max()
    v = ahead = lower
    pace = np.ones((*lower.shape[:2], 1))
    for iteration in range(1, _MAX_ITERATIONS + 1):
        new = np.maximum(ahead - ahead @ step, lower)
        move = new - v
        is_uphill = np.einsum("mij,mij->mi", ahead - new, move)[..., None] > 0
        next_pace = 0.5 + np.sqrt(0.25 + pace * pace)
        momentum = np.where(is_uphill, 0.0, (pace - 1.0) / next_pace)
        pace = np.where(is_uphill, 1.0, next_pace)
        v, ahead = new, new + momentum * move
        if iteration % _CHECK_EVERY == 0:
            left = np.maximum(v - v @ step, lower) - v
            if np.abs(left).max() <= tolerance:
                break
    return v / unit


def _largest_eigenvalue(gramian: np.ndarray) -> np.ndarray:
    """Return a bound (n_members, 1, 1), at most n_tasks^(1/8) times too large."""
    power = gramian @ gramian
    power = power @ power
    return np.sqrt(np.sqrt(np.linalg.norm(power, axis=(1, 2), keepdims=True)))
