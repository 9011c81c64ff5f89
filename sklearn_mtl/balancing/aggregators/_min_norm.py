"""Point of smallest norm in the convex hull of the task gradients."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

__all__ = ["min_norm_weights"]

_EXCHANGES = 10
_SLACK = 1e-10  # relative, of optimality; smaller values are rounding errors
_ITERATIONS = 30  # per task; scipy's limit of 3 is too small for equal gradients


def min_norm_weights(gramian: np.ndarray) -> np.ndarray:
    r"""Return the weights w >= 0 with sum 1 that minimise :math:`w^T G w`.

    w is proportional to the non-negative x that minimises :math:`x^T G x + (1^T x -
    1)^2`, because the second term depends only on the sum of x. This is one
    non-negative least-squares problem. Exchanging all tasks that violate optimality at
    once usually solves it in a few steps of O(n_tasks^3). If that fails, as with
    dependent gradients, an active-set method is used.

    Shapes: gramian (n_tasks, n_tasks) -> (n_tasks,).

    References
    ----------
    J. Kim, H. Park, "Fast Nonnegative Matrix Factorization: An Active-Set-Like Method
    and Comparisons", SIAM Journal on Scientific Computing 33, 2011, section 3.1.
    """
    n_tasks = len(gramian)
    size = np.trace(gramian) / n_tasks
    if not size > 0:
        return np.full(n_tasks, 1.0 / n_tasks)
    x = _exchange(gramian / size + 1.0)
    if x is None:
        x = _active_set(gramian / size)
    return x / x.sum()


def _exchange(matrix: np.ndarray) -> np.ndarray | None:
    """Minimise x^T M x / 2 - 1^T x over x >= 0; return None if that fails."""
    is_free = np.ones(len(matrix), dtype=bool)
    x = np.zeros(len(matrix))
    for _ in range(_EXCHANGES):
        x[:] = 0.0
        try:
            x[is_free] = np.linalg.solve(
                matrix[is_free][:, is_free], np.ones(is_free.sum())
            )
        except np.linalg.LinAlgError:
            return None
        is_wrong = np.where(is_free, x < 0.0, matrix @ x < 1.0 - _SLACK)
        if not is_wrong.any():
            # Check the residual, because the solution for almost dependent gradients is
            # inexact.
            is_exact = np.abs(matrix[is_free] @ x - 1.0).max() <= _SLACK
            return x if is_exact else None
        # Exchanging all at once may cycle; the limit ends that, and the active set
        # follows.
        is_free ^= is_wrong
    return None


def _active_set(gramian: np.ndarray) -> np.ndarray:
    """Minimise |R x|^2 + (1^T x - 1)^2 over x >= 0 for G = R^T R."""
    n_tasks = len(gramian)
    values, vectors = np.linalg.eigh(gramian)
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    target = np.zeros(n_tasks + 1)
    target[-1] = 1.0
    x, _ = nnls(
        np.vstack([root, np.ones(n_tasks)]), target, maxiter=_ITERATIONS * n_tasks
    )
    return x
