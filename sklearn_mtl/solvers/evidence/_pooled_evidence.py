"""Marginal likelihood with pooled intercepts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.datafits import Pooling
from sklearn_mtl.solvers.evidence._empirical_bayes import Evidence, Strengths

__all__ = ["PooledEvidence"]


@dataclass(kw_only=True)
class PooledEvidence(Evidence):
    """Marginal likelihood if the intercepts are normally distributed around a mean.

    The mean sample (x_t, y_t) of a task then carries information about its
    coefficients. It is an additional sample, whose variance is that of the mean noise
    plus that of the intercepts. It adds a term of rank one to the task's Gram matrix.

    Attributes
    ----------
    totals : ndarray of shape (n_tasks,)
        Sum of weights of each task.
    x : ndarray of shape (n_features, n_tasks)
        Mean sample of each task.
    y : ndarray of shape (n_tasks,)
        Mean target of each task.

    References
    ----------
    .. [1] N. M. Laird, J. H. Ware, "Random-effects models for longitudinal data",
       Biometrics 38, 1982.
    """

    totals: np.ndarray
    x: np.ndarray
    y: np.ndarray

    def _first_guess(self, signal: float) -> list[float]:
        # Equal intercepts have variance 0, which has no logarithm.
        spread = max(float(np.var(self.y)), 1e-12 * signal)
        return [*super()._first_guess(signal), spread]

    def _strengths(self, n: float, noise: float, *variances: float) -> Strengths:
        shared, own, level = variances
        pooling = Pooling(noise / level)
        return Strengths(noise / (n * shared), noise / (n * own), pooling, noise)

    def _update(self, *variances: float) -> np.ndarray:
        noise, shared, own, level = variances
        here = _Step(self, noise, own, level)
        covariance = here.covariance(shared)
        mean = covariance @ here.pull_of_mean()
        W = here.coefficients(self._own_coordinates(mean))
        deviations = W - self._own_coordinates(mean)
        levels = here.levels(W)
        # MacKay's gammas of the shared vector, the deviations and the intercepts.
        counts = (
            len(mean) - np.trace(covariance) / shared,
            W.size - here.deviation_variance(covariance) / own,
            np.sum(1.0 - here.level_variance(covariance) / level),
        )
        squares = mean @ mean, np.vdot(deviations, deviations), levels @ levels
        found = [s / max(c, 1e-12) for s, c in zip(squares, counts, strict=True)]
        # As in `Evidence`, a noise variance of 0 would be a fixed point.
        left = max(self.n_rows - sum(counts), 1e-3 * self.n_rows)
        return np.array([here.errors(W, levels) / left, *found])


class _Step:
    """Posterior given the variances of noise, deviations and intercepts."""

    # Given the shared vector, a deviation has the covariance M = diag(m) - c a a' with
    # a = own b.

    def __init__(
        self, evidence: PooledEvidence, noise: float, own: float, level: float
    ) -> None:
        self.evidence, self.own, self.level = evidence, own, level
        assert evidence.axes is not None  # always set with pooled intercepts
        self.flat = evidence.axes
        self.axes = self.flat.reshape(-1, *evidence.values.shape)
        # Precision of the mean of a task, and the best estimate of the common
        # intercept.
        self.trust: np.ndarray = evidence.totals / (noise + level * evidence.totals)
        part = self.trust / self.trust.sum()
        x = evidence.x - (evidence.x @ part)[:, None]
        self.y = evidence.y - evidence.y @ part
        self.v = np.einsum("itj,it->tj", self.axes, x)
        self.m = own / (1.0 + own / noise * evidence.values)
        # M = (diag(1/m) + trust v v')^-1 by Sherman and Morrison: diag(m) - c (m v) (m
        # v)' with m v = own b and c = trust / (1 + trust v' diag(m) v). b has no unit,
        # because squares of numbers with a unit may overflow or underflow.
        self.b = self.m / own * self.v
        self.q = own * np.einsum("tj,tj->t", self.v, self.b)
        self.c = self.trust / (1.0 + self.trust * self.q)
        self.pull = evidence.targets / noise + (self.trust * self.y)[:, None] * self.v
        self.A = np.einsum("itj,tj->it", self.axes, self.b)

    def _times(self, G: np.ndarray) -> np.ndarray:
        """Return M g for each task."""
        along = self.c * self.own**2 * np.einsum("tj,tj->t", self.b, G)
        return self.m * G - along[:, None] * self.b

    def covariance(self, shared: float) -> np.ndarray:
        """Return the posterior covariance of the shared vector."""
        # A task adds (I - M / own) / own to the precision: the information in its data,
        # reduced by the uncertainty of its deviation.
        own, axes = self.own, self.flat
        system = (axes * ((1.0 - self.m / own) / own).ravel()) @ axes.T
        system += (self.A * self.c) @ self.A.T
        return np.linalg.inv(system + np.eye(len(system)) / shared)

    def pull_of_mean(self) -> np.ndarray:
        """Return the information of all tasks about the shared vector."""
        return self.flat @ (self._times(self.pull) / self.own).ravel()

    def coefficients(self, mean: np.ndarray) -> np.ndarray:
        """Return the coefficients given the shared vector, in the axes of each task."""
        return self._times(self.pull + mean / self.own)

    def deviation_variance(self, covariance: np.ndarray) -> float:
        """Return the variance of all deviations, given the mean and due to the mean.

        The second one is tr(K C K) with K = I - M / own and C the covariance of the
        mean.
        """
        c, own, A = self.c, self.own, self.A
        k = 1.0 - self.m / own
        CA = covariance @ A
        bb, bCb = np.einsum("tj,tj->t", self.b, self.b), np.einsum("it,it->t", A, CA)
        Cb = np.einsum("itj,it->tj", self.axes, CA)
        kCb = np.einsum("tj,tj->t", Cb, k * self.b)
        given = self.m.sum() - own**2 * (c @ bb)
        share = np.vdot(k**2, self.evidence.spread(covariance))
        share += 2.0 * own * (c @ kCb) + (own * c) ** 2 @ (bb * bCb)
        return float(given + share)

    def levels(self, W: np.ndarray) -> np.ndarray:
        """Return the difference of each intercept from the common one."""
        return self.level * self.trust * (self.y - np.einsum("tj,tj->t", self.v, W))

    def level_variance(self, covariance: np.ndarray) -> np.ndarray:
        """Return the variances of the intercepts, with those of W and the mean."""
        # 1/level + totals/noise is the precision given W and the common intercept. Add
        # their variances, multiplied by the square of their weight in the intercept.
        part, factor = self.level * self.trust, 1.0 + self.trust * self.q
        bCb = np.einsum("it,it->t", self.A, covariance @ self.A)
        of_fit = self.q / factor + bCb / factor**2
        of_common = 1.0 / self.trust.sum()
        return self.level * (1.0 - part) + part**2 * (of_fit + of_common)

    def errors(self, W: np.ndarray, levels: np.ndarray) -> float:
        """Return the sum of squared errors of all samples."""
        here = self.evidence
        within = here.squares - 2.0 * np.vdot(W, here.targets)
        within += np.vdot(W * W, here.values)
        off = self.y - np.einsum("tj,tj->t", self.v, W) - levels
        return float(within + here.totals @ off**2)
