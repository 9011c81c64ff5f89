"""Projecting conflicting gradients."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import GradientAggregator

__all__ = ["PCGrad"]


class PCGrad(GradientAggregator):
    r"""Take from each gradient what conflicts with another's, then add them (PCGrad).

    For each task i, and the other tasks j in random order,

    .. math:: g_i \leftarrow g_i - \min\left(0, \frac{\langle g_i, g_j^0 \rangle}
        {\|g_j^0\|^2}\right) g_j^0

    with the gradients :math:`g_j^0` before any projection. Without a conflict it is the
    plain sum.

    Notes
    -----
    One random order a step serves all tasks, where the paper draws one for each: every
    task still meets the others in uniformly random order, so the expected step is the
    same, and n_tasks vector operations do it. `task_weight` scales the losses.

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

    def _weigh(
        self,
        gramian: Tensor,
        share: Tensor,
        state: dict[str, Any],
        generators: Sequence[Generator],
    ) -> Tensor:
        if not bool((gramian < 0).any()):
            return torch.ones_like(gramian[..., 0])
        n_tasks = gramian.shape[-1]
        orders = [
            torch.randperm(n_tasks, generator=generator, device=generator.device)
            for generator in generators
        ]
        matrices = gramian.double().cpu().numpy()
        weights = [
            _project(G, order.tolist())
            for G, order in zip(matrices, orders, strict=True)
        ]
        return torch.as_tensor(np.stack(weights))


def _project(gramian: np.ndarray, order: list[int]) -> np.ndarray:
    """Return the weights of the sum of the projected gradients.

    Row j of `products` holds the inner products of all current gradients with the
    original gradient j.
    """
    products = gramian.copy()
    squares = gramian.diagonal().tolist()
    weights = np.ones(len(gramian))
    for j in order:
        if squares[j] <= 0.0:
            continue
        remove = np.minimum(products[j], 0.0)
        remove[j] = 0.0  # a gradient does not conflict with itself
        total = remove.sum()
        if total < 0.0:
            remove /= squares[j]
            weights[j] -= total / squares[j]
            products -= gramian[:, j, None] * remove
    return weights
