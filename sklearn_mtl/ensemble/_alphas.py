"""Choice of the ridge alpha of each task."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from sklearn_mtl.ensemble._encoding import TargetEncoding
from sklearn_mtl.ensemble._ridge import weight_patterns
from sklearn_mtl.utils._ties import first_lowest

__all__ = ["ALPHAS", "choose_alphas", "generalised_losses"]

#: Alphas relative to the sum of the weights, for columns of variance 1.
ALPHAS = np.logspace(-4, 1.25, 8)
# Number of labels for which the loss of a task and the mean over tasks count equally.
_COMMON = 100


def choose_alphas(
    losses: np.ndarray, weights: np.ndarray, encoding: TargetEncoding
) -> np.ndarray:
    """Return the index of the alpha of each column, equal for the columns of a task.

    Shapes: losses (n_alphas, n_columns), weights (n_samples, n_tasks) ->
    (n_columns,).
    """
    chosen = np.zeros(losses.shape[1], dtype=np.intp)
    own = [losses[:, place].sum(axis=1) for _, place in encoding.places]
    common = np.mean(own, axis=0) if own else 0.0
    for (t, place), loss in zip(encoding.places, own, strict=True):
        n_labels = weights[:, t].sum()  # a weight of 2 counts as two labels
        chosen[place] = first_lowest(n_labels * loss + _COMMON * common)
    return chosen


def generalised_losses(
    Z: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    r"""Return the generalised cross-validation loss of each alpha and column.

    .. math:: \frac{\sum_i w_i (y_i - \hat y_i)^2 / n}{(1 - \mathrm{df} / n)^2}

    Because :math:`n = \sum_i w_i`, a weight of 2 is equivalent to repeating the sample.

    Shapes: Z (n_samples, n_axes + 1), targets, weights (n_samples,
    n_columns) -> (n_alphas, n_columns).
    """
    losses = np.empty((len(ALPHAS), targets.shape[1]))
    patterns = weight_patterns(weights)
    for number in range(patterns.max(initial=-1) + 1):
        at = np.flatnonzero(patterns == number)
        losses[:, at] = _losses_of_pattern(Z[:, :-1], targets[:, at], weights[:, at[0]])
    return losses


def _losses_of_pattern(
    Z: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    total = weights.sum()
    share = weights / total
    centred = np.sqrt(share)[:, None] * (Z - share @ Z)
    residual = np.sqrt(share)[:, None] * (targets - share @ targets)
    axes, roots, _ = linalg.svd(centred, full_matrices=False)
    seen = axes.T @ residual  # (n_axes, n_columns)
    # The part of the targets outside of the span of the axes is always an error.
    outside = np.sum(residual**2, axis=0) - np.sum(seen**2, axis=0)
    left = ALPHAS[:, None] / (roots**2 + ALPHAS[:, None])  # 1 - shrinkage
    errors = np.maximum(outside, 0.0) + left**2 @ seen**2
    # The intercept takes one degree of freedom.
    freedom = 1.0 + np.sum(1.0 - left, axis=1, keepdims=True)
    # limited, because the degrees of freedom may exceed the number of labels
    return errors / np.maximum(1.0 - freedom / total, 0.05) ** 2
