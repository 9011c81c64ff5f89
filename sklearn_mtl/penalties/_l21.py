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
from sklearn_mtl.utils._private import Interval

__all__ = ["L21"]


class L21(Penalty):
    """Sum over features of the length of the feature's coefficients in all tasks.

    R(W) = alpha (l1_ratio sum_j f_j ||W_j|| + (1 - l1_ratio) / 2 ||W||^2): a feature
    enters for all tasks or for none. Use it when the tasks need the same few features
    with different coefficients; not when each task needs its own (`L1`).

    Parameters
    ----------
    alpha : float, default=1.0
        Strength.
    l1_ratio : float, default=1.0
        Part of the group lasso; the rest is ridge, as in MultiTaskElasticNet.
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
        """Raise where a parameter does not fit the problem."""
        self._validate_params()
        self.feature_group_form(n_features)

    def feature_group_form(self, n_features: int) -> tuple[np.ndarray, float]:
        """Return the group weight of each feature, and the ridge strength."""
        ridge = self.alpha * (1.0 - self.l1_ratio)
        if self.feature_weights is None:
            return np.full(n_features, self.alpha * self.l1_ratio), ridge
        weights = np.asarray(self.feature_weights, dtype=float)
        if weights.shape != (n_features,) or not (
            np.isfinite(weights).all() and (weights > 0).all()
        ):
            raise ValueError(
                f"L21: feature_weights must be {n_features} positive numbers, one a "
                f"feature; found shape {weights.shape} with minimum "
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
        """Return the groups shortened by step alpha, and shrunk by the ridge."""
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
        """Return that of the ridge where there is no group lasso."""
        if self.l1_ratio == 0.0:
            return Ridge(self.alpha).task_covariance_form(columns)
        return super().task_covariance_form(columns)

    def gauge(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return the largest norm of a group relative to its weight."""
        groups, _ = self.feature_group_form(len(U))
        # 0 / 0: a group without weight and without gradient is feasible for every f.
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = group_norms(U) / groups
        return float(np.nan_to_num(ratios, nan=0.0, posinf=np.inf).max(initial=0.0))

    def dual_scale(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return 1 with a ridge term, else what brings all groups below alpha."""
        # The ridge makes the conjugate finite everywhere.
        if self.alpha * (1.0 - self.l1_ratio) > 0:
            return 1.0
        return scale_into_ball(self.gauge(U, columns))

    def conjugate(self, U: np.ndarray, columns: TaskColumns | None = None) -> float:
        """Return what the groups' norms exceed alpha by, squared, over the ridge."""
        groups, ridge = self.feature_group_form(len(U))
        # Without a ridge it is the indicator of the balls ||U_j|| <= a_j, into which
        # `dual_scale` has brought U. With one it is their squared distance (the inf-
        # convolution of both conjugates) over 2 ridge.
        if not ridge:
            return 0.0
        excess = np.maximum(group_norms(U) - groups, 0.0)
        return float(excess @ excess) / (2.0 * ridge)


def group_norms(W: np.ndarray) -> np.ndarray:
    """Return the norm of each feature group (row of W)."""
    return np.sqrt(np.einsum("jc,jc->j", W, W))


def shorten_groups(W: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Return the groups shortened by so much, 0 where they are not longer."""
    norms = group_norms(W)
    keep = np.maximum(norms - by, 0.0)
    factors = np.divide(keep, norms, out=np.zeros_like(norms), where=norms > 0)
    return W * factors[:, None]


def group_optimality(W: np.ndarray, gradient: np.ndarray, groups: np.ndarray) -> float:
    """Return the distance of -gradient to the subdifferential of sum_j a_j ||W_j||."""
    # At W_j = 0 the subdifferential is the ball of radius a_j, elsewhere the one point
    # a_j W_j / ||W_j||.
    norms = group_norms(W)
    is_zero = norms == 0
    outside = np.maximum(group_norms(gradient[is_zero]) - groups[is_zero], 0.0)
    direction = W[~is_zero] / norms[~is_zero, None]
    inside = gradient[~is_zero] + groups[~is_zero, None] * direction
    return float(np.sqrt(outside @ outside + np.vdot(inside, inside)))
