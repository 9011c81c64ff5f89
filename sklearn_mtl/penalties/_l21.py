"""Feature selection shared by all tasks (l2,1 norm)."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from sklearn_mtl.penalties._base import (
    Penalty,
    TaskCovarianceForm,
    scale_into_ball,
)
from sklearn_mtl.penalties._columns import TaskColumns
from sklearn_mtl.penalties._ridge import Ridge
from sklearn_mtl.utils._numbers import as_numbers
from sklearn_mtl.utils._private import Interval

__all__ = ["L21"]


class L21(Penalty):
    """Sum over features of the norm of the feature's coefficients in all tasks.

    R(W) = alpha (l1_ratio sum_j f_j ||W_j|| + (1 - l1_ratio) / 2 ||W||^2). A feature is
    used by all tasks or by none. Use it if the tasks depend on the same few features
    with different coefficients. If each task depends on other features, use `L1`.

    Parameters
    ----------
    alpha : float, default=1.0
        Constant that multiplies the penalty.
    l1_ratio : float, default=1.0
        Fraction of the group lasso; the rest is ridge, as in MultiTaskElasticNet.
    feature_weights : array-like of shape (n_features,), default=None
        Positive weights f of the features; ones if None.

    References
    ----------
    .. [1] G. Obozinski, B. Taskar, M. I. Jordan, "Joint covariate selection and joint
       subspace selection for multiple classification problems", Statistics and
       Computing 20, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.penalties import L21
    >>> L21().prox(np.array([[3.0, 4.0], [0.1, 0.2]]))
    array([[2.4, 3.2],
           [0. , 0. ]])
    """

    name = "l21"
    _alphas = ("alpha",)
    _parameter_constraints = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "feature_weights": ["array-like", None],
    }

    def __init__(
        self,
        alpha: float = 1.0,
        l1_ratio: float = 1.0,
        feature_weights: Any = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.feature_weights = feature_weights

    def check(self, columns: TaskColumns, n_features: int) -> None:
        """Raise if a parameter does not fit the problem."""
        self._validate_params()
        self.feature_group_form(n_features)

    def feature_group_form(self, n_features: int) -> tuple[np.ndarray, float]:
        """Return the group weight of each feature, and the alpha of the ridge term."""
        ridge = self.alpha * (1.0 - self.l1_ratio)
        if self.feature_weights is None:
            return np.full(n_features, self.alpha * self.l1_ratio), ridge
        weights = as_numbers(self.feature_weights, "feature_weights", "L21")
        if weights.shape != (n_features,) or not (
            np.isfinite(weights).all() and (weights > 0).all()
        ):
            raise ValueError(
                f"L21: feature_weights must be {n_features} positive numbers, one per "
                f"feature; got shape {weights.shape} with minimum "
                f"{weights.min(initial=np.inf):g}."
            )
        return self.alpha * self.l1_ratio * weights, ridge

    def value(self, W: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return R(W)."""
        groups, ridge = self.feature_group_form(len(W))
        return float(groups @ group_norms(W)) + 0.5 * ridge * float(np.vdot(W, W))

    def prox(
        self, W: np.ndarray, step: float = 1.0, columns: TaskColumns | None = None
    ) -> np.ndarray:
        """Return the soft-thresholded groups, shrunk by the ridge."""
        # prox of a norm plus a ridge: that of the norm, divided by 1 + step ridge
        groups, ridge = self.feature_group_form(len(W))
        return shorten_groups(W, step * groups) / (1.0 + step * ridge)

    def optimality(
        self, W: np.ndarray, gradient: np.ndarray, columns: TaskColumns | None = None
    ) -> float:
        """Return the distance of -gradient to the subdifferential."""
        groups, ridge = self.feature_group_form(len(W))
        return group_optimality(W, gradient + ridge * W, groups)

    def task_covariance_form(self, columns: TaskColumns) -> TaskCovarianceForm | None:
        """Return the form of the ridge if there is no group lasso, else None."""
        if self.l1_ratio == 0.0:
            return Ridge(self.alpha).task_covariance_form(columns)
        return super().task_covariance_form(columns)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest ratio of the norm of a group to its weight."""
        groups, _ = self.feature_group_form(len(U))
        # 0 / 0: a group with zero weight and zero gradient is feasible for every f.
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = group_norms(U) / groups
        return float(np.nan_to_num(ratios, nan=0.0, posinf=np.inf).max(initial=0.0))

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 1 with a ridge term, else the scale that makes all groups feasible."""
        # With a ridge term the conjugate is finite everywhere.
        if self.alpha * (1.0 - self.l1_ratio) > 0:
            return 1.0
        return scale_into_ball(self.gauge(U, columns))

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the squared excess of the group norms / (2 ridge), 0 if ridge is 0."""
        groups, ridge = self.feature_group_form(len(U))
        # Without a ridge the conjugate is the indicator of the balls ||U_j|| <= a_j,
        # and `dual_scale` has scaled U into them. With a ridge it is the squared
        # distance to the balls over 2 ridge (the inf-convolution of both conjugates).
        if not ridge:
            return 0.0
        excess = np.maximum(group_norms(U) - groups, 0.0)
        return float(excess @ excess) / (2.0 * ridge)


def group_norms(W: np.ndarray) -> np.ndarray:
    """Return the norm of each feature group (row of W)."""
    return np.sqrt(np.einsum("jc,jc->j", W, W))


def shorten_groups(W: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return the groups with their norms reduced by `by`, 0 if they are not larger."""
    norms = group_norms(W)
    keep = np.maximum(norms - by, 0.0)
    factors = np.divide(keep, norms, out=np.zeros_like(norms), where=norms > 0)
    return W * factors[:, None]


def group_optimality(W: np.ndarray, gradient: np.ndarray, groups: np.ndarray) -> float:
    """Return the distance of -gradient to the subdifferential of sum_j a_j ||W_j||."""
    # At W_j = 0 the subdifferential is the ball of radius a_j. Elsewhere it is the
    # point a_j W_j / ||W_j||.
    norms = group_norms(W)
    is_zero = norms == 0
    outside = np.maximum(group_norms(gradient[is_zero]) - groups[is_zero], 0.0)
    direction = W[~is_zero] / norms[~is_zero, None]
    inside = gradient[~is_zero] + groups[~is_zero, None] * direction
    return float(np.sqrt(outside @ outside + np.vdot(inside, inside)))
