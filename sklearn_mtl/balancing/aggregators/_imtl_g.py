"""Impartial gradient balancing."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian

__all__ = ["IMTLG"]


# Pivots of Cholesky's are no eigenvalues: the smallest must be this far above noise.
_MARGIN = 1e4


class IMTLG(GradientAggregator[None]):
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

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        gramian = step.gramian
        norms = np.sqrt(np.maximum(gramian.diagonal(axis1=1, axis2=2), 0.0))
        weights = _solve(gramian, norms)
        # Equal projections fix the direction only; in the paper the weights sum to one.
        total = weights.sum(axis=1, keepdims=True)
        # what guards the division is compared in units of the weights
        is_zero = np.abs(total) <= 1e-12 * np.abs(weights).sum(axis=1, keepdims=True)
        return np.where(is_zero, 0.0, weights / np.where(is_zero, 1.0, total))


def _solve(gramian: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Return the least solutions of G w = norms, (n_sets, n_tasks)."""
    noise = gramian.shape[-1] * np.finfo(gramian.dtype).eps
    try:
        pivots = np.linalg.cholesky(gramian).diagonal(axis1=1, axis2=2) ** 2
        is_regular = pivots.min() > _MARGIN * noise * pivots.max()
    except np.linalg.LinAlgError:
        is_regular = False
    if is_regular:  # a tenth of the time of the decomposition below
        return np.linalg.solve(gramian, norms[..., None])[..., 0]
    values, vectors = np.linalg.eigh(gramian)
    is_kept = values > noise * np.maximum(values[:, -1:], 0.0)
    values = np.where(is_kept, values, np.inf)
    inner = norms[:, None] @ vectors / values[:, None]
    return (inner @ vectors.transpose(0, 2, 1))[:, 0]
