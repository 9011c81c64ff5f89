"""Which ridge strength each task gets."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from sklearn_mtl.ensemble._encoding import TargetEncoding
from sklearn_mtl.ensemble._ridge import weight_patterns
from sklearn_mtl.utils._ties import first_lowest

__all__ = ["STRENGTHS", "choose", "generalised_losses"]

#: Penalties relative to the sum of the weights, for columns of variance 1.
STRENGTHS = np.logspace(-4, 1.25, 8)
# A task with this many labels listens to itself and to all tasks in equal parts.
_COMMON = 100


def choose(
    losses: np.ndarray, weights: np.ndarray, encoding: TargetEncoding
) -> np.ndarray:
    """Return the strength of each column, the same for the columns of a task.

    Shapes: losses (n_strengths, n_columns), weights (n_samples, n_tasks) ->
    (n_columns,).
    """
    chosen = np.zeros(losses.shape[1], dtype=np.intp)
    own = [losses[:, place].sum(axis=1) for _, place in encoding.places]
    common = np.mean(own, axis=0) if own else 0.0
    for (t, place), loss in zip(encoding.places, own, strict=True):
        n_labels = weights[:, t].sum()  # a weight of 2 is two labels
        chosen[place] = first_lowest(n_labels * loss + _COMMON * common)
    return chosen


def generalised_losses(
    Z: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    r"""Return generalised cross-validation losses, for few rows.

    .. math:: \frac{\sum_i w_i (y_i - \hat y_i)^2 / n}{(1 - \mathrm{df} / n)^2}

    with :math:`n = \sum_i w_i`: a weight of 2 is the same as the row twice.

    Shapes: Z (n_samples, n_axes + 1), targets, weights (n_samples,
    n_columns) -> (n_strengths, n_columns).
    """
    losses = np.empty((len(STRENGTHS), targets.shape[1]))
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
    # What the axes do not span is an error at every strength.
    outside = np.sum(residual**2, axis=0) - np.sum(seen**2, axis=0)
    left = STRENGTHS[:, None] / (roots**2 + STRENGTHS[:, None])  # 1 - shrinkage
    errors = np.maximum(outside, 0.0) + left**2 @ seen**2
    # The intercept takes one degree of freedom.
    freedom = 1.0 + np.sum(1.0 - left, axis=1, keepdims=True)
    # more freedom than labels is no fit at all
    return errors / np.maximum(1.0 - freedom / total, 0.05) ** 2
