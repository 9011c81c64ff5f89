"""Maximisation of the marginal likelihood over the alphas of both parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sklearn_mtl.datafits import Pooling
from sklearn_mtl.penalties import Decomposition, Ridge, Shared
from sklearn_mtl.solvers.evidence._axes import Axes
from sklearn_mtl.solvers.evidence._fixed_point import fixed_point

__all__ = ["Evidence", "Strengths"]

#: Variances stay within this factor of their starting values.
RANGE = 1e4
#: Smallest sum of squares, chosen so that products with variances do not underflow.
TINY = 1e-100


@dataclass(frozen=True)
class Strengths:
    """Alphas of the shared vector and of the deviations.

    Attributes
    ----------
    shared : float
        Noise variance / (n times the variance of the shared coefficients).
    own : float
        Noise variance / (n times the variance of the deviations).
    pooling : Pooling or None
        Shrinkage of the intercepts, if they are pooled.
    noise : float
        Noise variance, in the units of the targets.
    """

    shared: float
    own: float
    pooling: Pooling | None = None
    noise: float = 1.0

    def penalty(self) -> Decomposition:
        """Return the penalty with these alphas."""
        return Decomposition(
            [("shared", Shared(alpha=self.shared)), ("own", Ridge(alpha=self.own))]
        )


@dataclass
class Evidence:
    """Marginal likelihood in coordinates in which each Gram matrix is diagonal.

    Attributes
    ----------
    values : ndarray of shape (n_tasks, r)
        Eigenvalues of n G_t.
    targets : ndarray of shape (n_tasks, r)
        n b_t in the same coordinates.
    axes : ndarray of shape (n_features, n_tasks * r) or None
        Eigenvectors of each task in turn, or None if all tasks have the same.
    squares : float
        Sum of weighted, centred squares of the targets.
    n_rows : float
        Sum of weights, less one for every intercept.
    noise : float or None
        The noise variance if it is known (1 in a Laplace step).
    common : Axes or None
        Axes shared by all tasks.
    slot : ndarray of shape (n_tasks,) or None
        Number of the shared vector of each column, None if there is only one. Each
        class has its own. Only with common axes.
    share : ndarray of shape (n_tasks,) or float
        Fraction of a column that the data determine. With K classes only the
        differences are determined, so it is (K - 1) / K.
    """

    values: np.ndarray
    targets: np.ndarray
    axes: np.ndarray | None
    squares: float
    n_rows: float
    noise: float | None = None
    common: Axes | None = None
    slot: np.ndarray | None = None
    share: np.ndarray | float = 1.0

    def strengths(
        self, n: float, *, tol: float = 1e-7, max_iter: int = 200
    ) -> Strengths:
        """Return the alphas at a stationary point of the marginal likelihood.

        This is MacKay's fixed-point iteration: each variance becomes its sum of squares
        divided by the effective number of coefficients.

        References
        ----------
        .. [1] D. J. C. MacKay, "Bayesian interpolation", Neural Computation 4, 1992.
        """
        noise = self.noise or max(self.squares, TINY) / self.n_rows
        if not self.values.any():  # no feature varies: any alphas will do
            ones = np.ones(1 + len(self._first_guess(1.0)))
            return replace(self._strengths(n, *ones), noise=noise)
        signal = noise / float(self.values.mean()) * self.values.shape[1]
        here = np.log([noise, *self._first_guess(signal)])
        low, high = here - np.log(RANGE / 10.0), here + np.log(RANGE * 10.0)
        # If the fit is almost exact, the noise may decrease more than other variances.
        low[0] = here[0] - np.log(1e10)
        # In a Laplace step the noise variance is known to be 1, so keep it fixed.
        if self.noise is not None:
            low[0] = high[0] = here[0]

        # Extrapolating logarithms keeps the variances positive.
        def step(logs: np.ndarray) -> np.ndarray:
            new = self._update(*np.exp(np.clip(logs, low, high)).tolist())
            return np.log(np.clip(new, np.exp(low), np.exp(high)))

        return self._strengths(n, *np.exp(fixed_point(step, here, tol, max_iter)))

    def _first_guess(self, signal: float) -> list[float]:
        """Return initial variances, except that of the noise."""
        return [0.1 * signal, 0.1 * signal]

    def _strengths(
        self, n: float, noise: float, shared: float, own: float
    ) -> Strengths:
        """Return the alphas in units of the objective."""
        # alpha for squared errors divided by n is a prior of variance noise / (n
        # alpha).
        return Strengths(noise / (n * shared), noise / (n * own), noise=noise)

    def _update(self, *variances: float) -> np.ndarray:
        """Return the next noise variance and the variances of both parts."""
        noise, shared, own = variances
        # The coefficients of a task are mean + deviation. With the deviations
        # integrated out, its data determine the mean with precision n G_t / noise,
        # damped by the factor 1 / (1 + own precision).
        precision, pull = self.values / noise, self.targets / noise
        damped = 1.0 / (1.0 + precision * own)
        known = self._mean(precision * damped, pull * damped, shared)
        mean, spread, shared_count = known
        own_mean = self._own_coordinates(mean)
        deviations = own * damped * (pull - precision * own_mean)
        # Posterior variance of a deviation: given the mean, plus that due to the mean.
        variance = own * damped + np.square(precision * own * damped) * spread
        # MacKay's gamma: count a coefficient by the reduction of its prior variance.
        own_count = np.sum(self.share * np.sum(1.0 - variance / own, axis=1))
        W = own_mean + deviations
        errors = self.squares - 2.0 * np.vdot(W, self.targets)
        errors += np.vdot(W * W, self.values)
        # A noise variance of 0 would be a fixed point with an exact fit.
        left = max(self.n_rows - own_count - shared_count, 1e-3 * self.n_rows)
        # MacKay's fixed point: each variance is a sum of squares over its gamma.
        return np.array(
            [
                errors / left,
                float(np.vdot(mean, mean)) / max(shared_count, 1e-12),
                float(np.vdot(deviations, deviations)) / max(own_count, 1e-12),
            ]
        )

    def _mean(
        self, information: np.ndarray, pull: np.ndarray, shared: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the shared vector, its variance in each task's axes, and its gamma.

        If there are several slots, the results have one row per slot.
        """
        if self.slot is not None:
            member = np.eye(self.slot.max() + 1)[self.slot].T
            variance = 1.0 / (member @ information + 1.0 / shared)
            mean = variance * (member @ pull)
            share = member @ (self.share * np.ones(len(self.slot))) / member.sum(axis=1)
            count = share @ np.sum(1.0 - variance / shared, axis=1)
            return mean, variance[self.slot], float(count)
        if self.axes is None:
            # In common axes all systems are diagonal.
            variance = 1.0 / (information.sum(axis=0) + 1.0 / shared)
            count = len(variance) - float(variance.sum()) / shared
            return variance * pull.sum(axis=0), variance, count
        system = (self.axes * information.ravel()) @ self.axes.T
        covariance = np.linalg.inv(system + np.eye(len(system)) / shared)
        mean = covariance @ (self.axes @ pull.ravel())
        count = len(mean) - float(np.trace(covariance)) / shared
        return mean, self.spread(covariance), count

    def spread(self, covariance: np.ndarray) -> np.ndarray:
        """Return the variances of a vector along the axes of each task."""
        assert self.axes is not None  # only called if tasks have their own axes
        squares = np.einsum("ik,ik->k", covariance @ self.axes, self.axes)
        return squares.reshape(self.values.shape)

    def _own_coordinates(self, mean: np.ndarray) -> np.ndarray:
        """Return a vector in the coordinates of each task."""
        if self.slot is not None:
            return mean[self.slot]
        if self.axes is None:
            return np.broadcast_to(mean, self.values.shape)
        return (mean @ self.axes).reshape(self.values.shape)
