"""Impartial gradient balancing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Generator, Tensor

from sklearn_mtl.balancing._base import GradientAggregator

__all__ = ["IMTLG"]


class IMTLG(GradientAggregator):
    r"""Step along the direction whose projection on every gradient is equal (IMTL-G).

    .. math:: w \propto G^+ n, \quad n_t = \|g_t\|, \quad \sum_t w_t = 1

    All tasks then improve alike, whatever the size of their gradients. Weights may be
    negative, and are large where gradients are nearly dependent.

    Notes
    -----
    The direction does not depend on the scale of a loss, and so not on `task_weight`.
    With dependent gradients there is no such direction; the pseudo-inverse then gives
    one that comes nearest. Where the weights sum to zero they are all zero.

    References
    ----------
    L. Liu et al., "Towards Impartial Multi-Task Learning", ICLR 2021, eq. 5.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.balancing import IMTLG
    >>> IMTLG().weigh(torch.diag(torch.tensor([1.0, 4.0])))
    tensor([0.6667, 0.3333])
    """

    role_of_task_weight = "ignored"

    def _weigh(
        self,
        gramian: Tensor,
        share: Tensor,
        state: dict[str, Any],
        generators: Sequence[Generator],
    ) -> Tensor:
        values, vectors = torch.linalg.eigh(gramian)
        noise = gramian.shape[-1] * torch.finfo(gramian.dtype).eps
        is_kept = values > noise * values[:, -1:].clamp(min=0.0)
        inverse = torch.where(is_kept, 1.0 / values, torch.zeros_like(values))
        norms = gramian.diagonal(dim1=-2, dim2=-1).clamp(min=0.0).sqrt()
        inner = vectors.mT @ norms.unsqueeze(-1)
        weights = (vectors @ (inverse.unsqueeze(-1) * inner)).squeeze(-1)
        total = weights.sum(dim=-1, keepdim=True)
        # what guards the division is compared in units of the weights
        is_zero = total.abs() <= 1e-12 * weights.abs().sum(dim=-1, keepdim=True)
        return torch.where(is_zero, torch.zeros_like(weights), weights / total)
