"""Impartial gradient balancing."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian

__all__ = ["IMTLG"]


# Cholesky pivots are not eigenvalues, so the smallest must be far above the noise.
_MARGIN = 1e4


class IMTLG(GradientAggregator[None]):
    r"""Take the direction with equal projections on all gradients (IMTL-G).

    .. math:: w \propto G^+ n, \quad n_t = \|g_t\|, \quad \sum_t w_t = 1

    All tasks then improve equally, whatever the norms of their gradients. Weights may
    be negative, and they are large if gradients are almost dependent.

    Notes
    -----
    The direction does not depend on the scale of a loss, and therefore not on
    `task_weight`. If the gradients are dependent, there may be no such direction, and
    the pseudo-inverse gives the closest one. If the weights sum to zero, zeros are
    returned.

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
        # Equal projections determine only the direction; in the paper the weights sum
        # to 1.
        total = weights.sum(axis=1, keepdims=True)
        # The threshold is relative to the size of the weights.
        is_zero = np.abs(total) <= 1e-12 * np.abs(weights).sum(axis=1, keepdims=True)
        return np.where(is_zero, 0.0, weights / np.where(is_zero, 1.0, total))


def _solve(gramian: np.ndarray, norms: np.ndarray) -> np.ndarray:
    """Return the minimum-norm solutions of G w = norms, (n_sets, n_tasks)."""
    noise = gramian.shape[-1] * np.finfo(gramian.dtype).eps
    try:
        pivots = np.linalg.cholesky(gramian).diagonal(axis1=1, axis2=2) ** 2
        is_regular = pivots.min() > _MARGIN * noise * pivots.max()
    except np.linalg.LinAlgError:
        is_regular = False
    if is_regular:  # takes a tenth of the time of the decomposition below
        return np.linalg.solve(gramian, norms[..., None])[..., 0]
    values, vectors = np.linalg.eigh(gramian)
    is_kept = values > noise * np.maximum(values[:, -1:], 0.0)
    values = np.where(is_kept, values, np.inf)
    inner = norms[:, None] @ vectors / values[:, None]
    return (inner @ vectors.transpose(0, 2, 1))[:, 0]
