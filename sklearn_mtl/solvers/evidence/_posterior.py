"""Posterior variances of coefficients and intercepts at given alphas.

All variances are divided by the noise variance. They do not depend on the unit of y
and cannot overflow because of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.solvers.evidence._axes import Axes

__all__ = [
    "Information",
    "Prior",
    "Variances",
    "levels",
    "variances_along_axes",
    "variances_along_own_axes",
    "variances_of_blocks",
    "variances_with_levels",
]

#: Number of features whose eigenvectors are held in memory at a time.
FEATURES_AT_ONCE = 1000


@dataclass(frozen=True)
class Prior:
    """Prior of the coefficients u_t = s + d_t.

    Attributes
    ----------
    shared : float
        Precision of a shared coefficient.
    own : float
        Variance of a deviation.
    level : float or None
        Variance of the intercepts around their mean; None if they are not penalised.
    """

    shared: float
    own: float
    level: float | None = None


@dataclass(frozen=True)
class Information:
    """Information in the data of each task about its K vectors of coefficients.

    Attributes
    ----------
    gram : ndarray of shape (n_tasks, K * n_features, K * n_features)
        Precision of the coefficients, class after class, minimised over the
        intercepts.
    lever : ndarray of shape (n_tasks, K, K * n_features)
        Minus the derivative of the best intercepts with respect to the coefficients.
    level : ndarray of shape (n_tasks, K, K)
        Covariance of the intercepts given the coefficients.
    """

    gram: np.ndarray
    lever: np.ndarray
    level: np.ndarray


@dataclass(frozen=True)
class Variances:
    """Posterior variances of coefficients and intercepts.

    Attributes
    ----------
    coefficients : ndarray of shape (n_tasks, K, n_features)
        Variance of each coefficient; with K > 1 classes, of its difference from the
        mean over classes.
    intercepts : ndarray of shape (n_tasks, K)
        Variance of each intercept.
    """

    coefficients: np.ndarray
    intercepts: np.ndarray


def covariances(
    information: np.ndarray, own: np.ndarray, shared: np.ndarray
) -> np.ndarray:
    """Return the posterior covariance of u_t = s + d_t for each task.

    Given s the tasks are independent, so no system is larger than that of one task.

    Shapes: information (n_tasks, ..., d, d), own (d,), shared (d,) ->
    (n_tasks, ..., d, d).
    """
    # The derivative of the mean of u_t with respect to s is R = (I + own H)^-1.
    R = np.linalg.inv(np.eye(len(own)) + own[:, None] * information)
    # With its deviation integrated out, a task has the information H R about s.
    precision = np.sum(information @ R, axis=0) + np.diag(shared)
    spread = np.linalg.inv(precision)
    covariance: np.ndarray = R * own + R @ spread @ np.swapaxes(R, -1, -2)
    return covariance


def variances_of_blocks(here: Information, prior: Prior) -> Variances:
    """Return the variances if each task has its own Gram matrix."""
    n_tasks, k, size = here.lever.shape
    whole = np.ones(size)
    covariance = covariances(here.gram, prior.own * whole, prior.shared * whole)
    intercept = here.lever @ covariance @ np.swapaxes(here.lever, 1, 2) + here.level
    blocks = covariance.reshape(n_tasks, k, size // k, k, size // k)
    by_feature = np.einsum("tkjlj->tjkl", blocks)
    return Variances(_contrasts(by_feature).swapaxes(1, 2), _contrasts(intercept))


def variances_along_own_axes(
    values: np.ndarray,
    axes: np.ndarray,
    x: np.ndarray,
    totals: np.ndarray,
    prior: Prior,
) -> Variances:
    """Return the variances of regressions whose eigenvectors are known.

    The result equals that of `variances_of_blocks`, without one inverse per task.

    Shapes: values (n_tasks, r) and axes (n_features, n_tasks * r) as in `Evidence`,
    x (n_features, n_tasks) the mean samples, totals (n_tasks,) the sums of weights.
    """
    damped = 1.0 / (1.0 + prior.own * values)
    system = (axes * (values * damped).ravel()) @ axes.T
    spread = np.linalg.inv(system + prior.shared * np.eye(len(axes)))
    coefficients = np.empty((len(values), 1, len(axes)))
    intercepts = 1.0 / totals[:, None]
    for t, vectors in enumerate(np.split(axes, len(values), axis=1)):
        R = (vectors * damped[t]) @ vectors.T
        along = prior.own * vectors**2 @ damped[t]
        coefficients[t, 0] = along + np.einsum("ij,ij->i", R @ spread, R)
        moved, own = R @ x[:, t], vectors.T @ x[:, t]
        intercepts[t] += moved @ spread @ moved + prior.own * damped[t] @ own**2
    return Variances(coefficients, intercepts)


def variances_with_levels(
    values: np.ndarray,
    axes: np.ndarray,
    x: np.ndarray,
    totals: np.ndarray,
    prior: Prior,
) -> Variances:
    """Return the variances if the intercepts are normal around a common one.

    The prediction of a task at the common mean of x is an additional coefficient, with
    a flat prior on its common value.

    Shapes: as for `variances_along_own_axes`.
    """
    assert prior.level is not None
    trust = totals / (1.0 + prior.level * totals)
    common = x @ trust / trust.sum()
    # The mean of a task is a sample with weight totals at x - common, and 1 for level.
    mean = np.vstack([x - common[:, None], np.ones(len(totals))]).T
    H = totals[:, None, None] * mean[:, :, None] * mean[:, None, :]
    for t, vectors in enumerate(np.split(axes, len(values), axis=1)):
        H[t, :-1, :-1] += (vectors * values[t]) @ vectors.T
    own = np.append(np.full(len(x), prior.own), prior.level)
    shared = np.append(np.full(len(x), prior.shared), 0.0)
    covariance = covariances(H, own, shared)
    back = np.append(-common, 1.0)
    intercept = np.einsum("i,tij,j->t", back, covariance, back)
    diagonals = np.diagonal(covariance, axis1=1, axis2=2)
    return Variances(diagonals[:, None, :-1], intercept[:, None])


def variances_along_axes(
    axes: Axes, curvature: np.ndarray, mean: np.ndarray | None, prior: Prior
) -> Variances:
    """Return the variances if all Gram matrices are multiples of a common one.

    Shapes: curvature (n_tasks, K, K), mean (n_features, n_tasks) or (n_features, 1).
    """
    k = curvature.shape[-1]
    own, shared = np.full(k, prior.own), np.full(k, prior.shared)
    H = curvature[:, None] * axes.values[:, None, None]
    # Orthogonal to all samples a coefficient keeps its prior variance.
    alone = (prior.own + 1.0 / prior.shared) * (1.0 - 1.0 / k if k > 1 else 1.0)
    along = _contrasts(covariances(H, own, shared)) - alone  # (n_tasks, r, K)
    blocks = []
    for start in range(0, axes.n_features, FEATURES_AT_ONCE):
        rows = axes.rows(slice(start, start + FEATURES_AT_ONCE))
        blocks.append(alone + np.matmul(rows**2, along))
    coefficients = np.concatenate(blocks, axis=1).swapaxes(1, 2)
    if mean is None:
        return Variances(coefficients, np.zeros(coefficients.shape[:2]))
    intercepts = _contrasts(levels(curvature, prior.level))
    squares = axes.project(mean).T ** 2  # (n_tasks or 1, r)
    intercepts = intercepts + alone * np.sum(mean**2, axis=0)[:, None]
    intercepts += np.einsum(
        "tr,trk->tk", np.broadcast_to(squares, along.shape[:2]), along
    )
    return Variances(coefficients, intercepts)


def levels(curvature: np.ndarray, level: float | None = None) -> np.ndarray:
    """Return the covariance of the intercepts given the coefficients.

    Shapes: curvature (n_tasks, K, K) -> (n_tasks, K, K).
    """
    if level is not None:
        return covariances(curvature, np.array([level]), np.zeros(1))
    k = curvature.shape[-1]
    if k > 1:
        # The same shift of all classes changes no probability and has no curvature. Add
        # some, because no contrast depends on it.
        traces = np.trace(curvature, axis1=1, axis2=2)
        curvature = curvature + traces[:, None, None] / k**2
    inverse: np.ndarray = np.linalg.inv(curvature)
    return inverse


def _contrasts(covariance: np.ndarray) -> np.ndarray:
    """Return variances; with K > 1 classes, of the differences from their mean.

    Only differences between classes change probabilities.

    Shapes: covariance (..., K, K) -> (..., K).
    """
    k = covariance.shape[-1]
    if k > 1:
        centre = np.eye(k) - 1.0 / k
        covariance = centre @ covariance @ centre
    return np.diagonal(covariance, axis1=-2, axis2=-1)
