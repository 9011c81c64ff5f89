"""Penalties on singular values: low rank and task covariance."""

from __future__ import annotations

from numbers import Real

import numpy as np
from scipy.linalg import svd

from sklearn_mtl.penalties._base import Penalty, frobenius
from sklearn_mtl.penalties._columns import TaskColumns
from sklearn_mtl.utils._private import Interval

__all__ = ["TaskCovariance", "TraceNorm"]


def _svd(W: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the thin SVD of W."""
    U, values, Vt = svd(W, full_matrices=False, check_finite=False)
    return U, values, Vt


class TraceNorm(Penalty):
    """Sum of the singular values of W, alpha ||W||_*.

    It shrinks the coefficients of the tasks to combinations of few common directions,
    which are learned. Use it if the tasks depend on a few latent factors. It does not
    select features.

    Parameters
    ----------
    alpha : float, default=1.0
        Constant that multiplies the penalty.

    Notes
    -----
    A proximal step costs one SVD, O(n_features n_tasks min(n_features, n_tasks)).

    References
    ----------
    .. [1] A. Argyriou, T. Evgeniou, M. Pontil, "Convex multi-task feature learning",
       Machine Learning 73, 2008.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import TraceNorm
    >>> TraceNorm(alpha=2.0).value(np.diag([3.0, 1.0]))
    8.0
    """

    name = "trace"
    is_norm = True
    _alphas = ("alpha",)
    _parameter_constraints = {"alpha": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        return self.alpha * float(_svd(W)[1].sum())

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return W with its singular values soft-thresholded by step alpha."""
        U, values, Vt = _svd(W)
        return (U * np.maximum(values - step * self.alpha, 0.0)) @ Vt

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to the subdifferential."""
        return _trace_optimality(W, gradient, self.alpha)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest singular value, divided by alpha."""
        largest = float(_svd(U)[1].max(initial=0.0))
        return largest / self.alpha if self.alpha else (np.inf if largest else 0.0)


class TaskCovariance(Penalty):
    """Learned task covariance, alpha / 2 tr(W Omega^-1 W') with tr Omega = 1.

    The minimum over Omega is attained at Omega = (W'W)^(1/2) / tr (W'W)^(1/2). The
    penalty at this Omega is alpha / 2 ||W||_*^2, so the joint problem is convex and has
    a duality gap. Omega is the attribute `task_covariance_` of the estimator. Use it if
    some tasks are positively and others negatively related, and the relations are
    unknown.

    Parameters
    ----------
    alpha : float, default=1.0
        Constant that multiplies the penalty.

    Notes
    -----
    The paper alternates between W and Omega; here both are minimised at once. The
    second term of the paper, a ridge on W, is `Sum([("relation", TaskCovariance()),
    ("ridge", Ridge())])`.

    References
    ----------
    .. [1] Y. Zhang, D.-Y. Yeung, "A convex formulation for learning task relationships
       in multi-task learning", UAI 2010, eq. 7.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import TaskCovariance
    >>> TaskCovariance().covariance(np.diag([3.0, 1.0]))
    array([[0.75, 0.  ],
           [0.  , 0.25]])
    """

    name = "task_covariance"
    _alphas = ("alpha",)
    _parameter_constraints = {"alpha": [Interval(Real, 0, None, closed="left")]}

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def covariance(self, W: np.ndarray) -> np.ndarray:
        """Return Omega for these coefficients.

        Parameters
        ----------
        W : ndarray of shape (n_features, n_tasks)
            Coefficients.

        Returns
        -------
        ndarray of shape (n_tasks, n_tasks)
            Symmetric, positive semi-definite, with trace 1; a multiple of the identity
            if W is zero.
        """
        _, values, Vt = _svd(W)
        # At W = 0 every Omega is a minimiser. This one treats all tasks alike.
        if not values.any():
            return np.eye(W.shape[1]) / W.shape[1]
        return (Vt.T * (values / values.sum())) @ Vt

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        return 0.5 * self.alpha * float(_svd(W)[1].sum()) ** 2

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return W with its singular values reduced by the same amount."""
        # The penalty depends only on the singular values, so prox keeps the singular
        # vectors and is the prox of 1/2 (sum of x)^2 for x >= 0.
        U, values, Vt = _svd(W)
        weight = step * self.alpha
        # x_i = (v_i - weight sum(x))_+. If k values are kept, the sum has a closed
        # form.
        sums = np.cumsum(values) / (1.0 + weight * np.arange(1, len(values) + 1))
        kept = np.flatnonzero(values > weight * sums)
        by = weight * sums[kept[-1]] if len(kept) else 0.0
        return (U * np.maximum(values - by, 0.0)) @ Vt

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to the subdifferential."""
        # alpha/2 ||W||_*^2 has the subdifferential of a trace norm with constant
        # alpha ||W||_*.
        weight = self.alpha * float(_svd(W)[1].sum())
        return _trace_optimality(W, gradient, weight)

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 1 (the conjugate is finite everywhere), or 0 if alpha is 0."""
        return 1.0 if self.alpha or not U.any() else 0.0

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the squared largest singular value divided by 2 alpha."""
        largest = float(_svd(U)[1].max(initial=0.0))
        # The conjugate of half a squared norm is half the squared dual norm.
        return largest**2 / (2.0 * self.alpha) if self.alpha else 0.0


def _trace_optimality(W: np.ndarray, gradient: np.ndarray, alpha: float) -> float:
    """Return the distance of -gradient to the subdifferential of alpha ||W||_*."""
    # The subdifferential is alpha (U V' + E), with E orthogonal to U and V on both
    # sides and singular values of at most 1. The component of -gradient in the tangent
    # space must equal alpha U V'; the other one may have any singular values up to
    # alpha.
    U, values, Vt = _svd(W)
    # The SVD of a low-rank W has rounding errors where singular values are zero.
    rank = int((values > 1e-10 * values.max(initial=0.0)).sum())
    U, V = U[:, :rank], Vt[:rank].T
    off = gradient - U @ (U.T @ gradient)
    off -= (off @ V) @ V.T
    tangent = gradient - off + alpha * U @ V.T
    outside = np.maximum(_svd(off)[1] - alpha, 0.0)
    return float(np.sqrt(frobenius(tangent) ** 2 + outside @ outside))
