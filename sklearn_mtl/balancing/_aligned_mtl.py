"""Independent component alignment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import GradientAggregator

__all__ = ["AlignedMTL"]


class AlignedMTL(GradientAggregator):
    r"""Give the principal components of the gradients the same size (Aligned-MTL).

    .. math:: w = \sqrt{\lambda_{min}}\, V \Lambda^{-1/2} V^T p

    for :math:`G = V \Lambda V^T` without its null space: the gradients are replaced by
    the nearest ones that are orthogonal and of equal size, of which the sum with the
    preference p is taken. A direction that several tasks share then counts once.

    Notes
    -----
    p is `task_weight`, brought to a sum of one. Since the smallest component sets the
    size, nearly parallel gradients make the step short for an optimiser that sees it,
    such as SGD.

    References
    ----------
    D. Senushkin, N. Patakin, A. Kuznetsov, A. Konushin, "Independent Component
    Alignment for Multi-Task Learning", CVPR 2023, algorithm 1.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import AlignedMTL
    >>> AlignedMTL().weigh(torch.diag(torch.tensor([1.0, 4.0])))
    tensor([0.5000, 0.2500])
    """

    role_of_task_weight = "preference"

    def _weigh(
        self,
        gramian: Tensor,
        share: Tensor,
        state: dict[str, Any],
        generators: Sequence[Generator],
    ) -> Tensor:
        values, vectors = torch.linalg.eigh(gramian)
        noise = gramian.shape[-1] * torch.finfo(gramian.dtype).eps
        is_kept = values > noise * values[:, -1:]
        smallest = values.masked_fill(~is_kept, torch.inf).amin(dim=-1, keepdim=True)
        scale = (smallest / values).sqrt().masked_fill(~is_kept, 0.0)
        weights = vectors @ (scale * (share @ vectors)).unsqueeze(-1)
        is_zero = ~is_kept.any(dim=-1, keepdim=True)
        return torch.where(is_zero, share, weights.squeeze(-1))
