"""Independent component alignment."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.balancing._base import GradientAggregator
from sklearn_mtl.balancing._steps import StepGramian

__all__ = ["AlignedMTL"]


class AlignedMTL(GradientAggregator[None]):
    r"""Give the principal components of the gradients the same size (Aligned-MTL).

    .. math:: w = \sqrt{\lambda_{min}}\, V \Lambda^{-1/2} V^T p

    for :math:`G = V \Lambda V^T` without its null space. The gradients are replaced by
    the nearest ones that are orthogonal and of equal norm, and then added with the
    preference p. A direction that several tasks share therefore counts once.

    Notes
    -----
    p is `task_weight`, normalised to sum one. The smallest component determines the
    norm of the step. If gradients are almost parallel, steps are short with optimisers
    that depend on the norm, such as SGD.

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

    def _weigh(self, step: StepGramian, state: None) -> np.ndarray:
        gramian, share = step.gramian, step.share
        values, vectors = np.linalg.eigh(gramian)
        # Dependent gradients have eigenvalues that are only rounding errors. Their
        # inverses would be huge.
        noise = gramian.shape[-1] * np.finfo(gramian.dtype).eps
        is_kept = values > noise * values[:, -1:]
        values = np.where(is_kept, values, np.inf)
        smallest = values.min(axis=1, keepdims=True)
        is_zero = np.isinf(smallest)
        # B = sqrt(lambda_R) V Lambda^-1/2 V' of algorithm 1, applied to the preference.
        scale = np.sqrt(np.where(is_zero, 1.0, smallest) / values)
        weights = vectors @ (scale * (share @ vectors))[..., None]
        return np.where(is_zero, share, weights[..., 0])
