"""The point of smallest norm in the convex hull of the task gradients."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

__all__ = ["min_norm_weights"]

_ITERATIONS = 30  # a task; the solver's own limit of 3 is too few for equal gradients


def min_norm_weights(gramian: np.ndarray) -> np.ndarray:
    r"""Return the weights w >= 0 with sum 1 that minimise :math:`w^T G w`.

    With :math:`G = R^T R` the non-negative x that minimises
    :math:`\|R x\|^2 + (1^T x - 1)^2` is w but for its scale, whatever that is: the
    second term only sees the scale. So it is one non-negative least-squares problem,
    which an active-set method solves exactly in O(n_tasks^3).

    Parameters
    ----------
    gramian : ndarray of shape (n_tasks, n_tasks)
        Positive semi-definite but for rounding.

    Returns
    -------
    ndarray of shape (n_tasks,)
        The weights.
    """
    n_tasks = len(gramian)
    size = np.trace(gramian) / n_tasks
    if not size > 0:
        return np.full(n_tasks, 1.0 / n_tasks)
    values, vectors = np.linalg.eigh(gramian / size)
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    target = np.zeros(n_tasks + 1)
    target[-1] = 1.0
    x, _ = nnls(
        np.vstack([root, np.ones(n_tasks)]), target, maxiter=_ITERATIONS * n_tasks
    )
    return x / x.sum()
