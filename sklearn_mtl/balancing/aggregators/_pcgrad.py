"""Projecting conflicting gradients."""

from __future__ import annotations

import numpy as np
import torch

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian

__all__ = ["PCGrad"]


class PCGrad(GradientAggregator[None]):
    r"""Remove from each gradient the parts that conflict with others (PCGrad).

    For each task i, and the other tasks j in random order,

    .. math:: g_i \leftarrow g_i - \min\left(0, \frac{\langle g_i, g_j^0 \rangle}
        {\|g_j^0\|^2}\right) g_j^0

    with the gradients :math:`g_j^0` before any projection. The results are added.
    Without conflicts this is the sum of the gradients.

    Notes
    -----
    One random order per step is used for all tasks; the paper draws one per task. In
    both cases the other tasks come in uniformly random order, so the expected step is
    the same. With one order, n_tasks vector operations compute all projections.
    `task_weight` scales the losses.

    References
    ----------
    T. Yu, S. Kumar, A. Gupta, S. Levine, K. Hausman, C. Finn, "Gradient Surgery for
    Multi-Task Learning", NeurIPS 2020, algorithm 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import PCGrad
    >>> generator = torch.Generator().manual_seed(0)
    >>> conflict = torch.tensor([[1.0, -0.5], [-0.5, 1.0]])
    >>> PCGrad().weigh(conflict, generators=[generator])
    tensor([1.5000, 1.5000])
    """

    of_mean = False

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        weights = np.ones(step.gramian.shape[:-1])
        n_tasks = step.gramian.shape[-1]
        for member, G in enumerate(step.gramian.astype(np.float64)):
            # A member without conflicts draws no numbers, so it does not depend on
            # others.
            if G.min() < 0.0:
                drawn = step.generators[member]
                order = torch.randperm(n_tasks, generator=drawn, device=drawn.device)
                weights[member] = _project(G, order.cpu().numpy())
        return weights


def _project(gramian: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return the weights of the sum of the projected gradients."""
    # Row k of `removed` is the fraction of the k-th original gradient that is removed
    # from each gradient. Inner products with it are computed only in step k.
    gramian = gramian[order[:, None], order]
    squares = gramian.diagonal()
    scale = np.divide(1.0, squares, out=np.zeros_like(squares), where=squares > 0.0)
    removed = np.zeros_like(gramian)
    for k, row in enumerate(gramian):
        lost = removed[k]
        # <g_k, g_i> minus the effect of earlier projections of g_i.
        np.matmul(row[:k], removed[:k], out=lost)
        np.subtract(row, lost, out=lost)
        np.minimum(lost, 0.0, out=lost)
        lost *= scale[k]
        lost[k] = 0.0  # a gradient does not conflict with itself
    weights = np.empty(len(order))
    weights[order] = 1.0 - removed.sum(axis=1)
    return weights
