"""Strengths of the shared and the own part, from the data: no grid, no folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.datafits import CrossEntropy, GramQuadratic, RowQuadratic
from sklearn_mtl.penalties import Decomposition, Ridge, Shared
from sklearn_mtl.solvers._axes import Axes
from sklearn_mtl.solvers._closed_form import Spectrum, has_spectrum

__all__ = [
    "Evidence",
    "Strengths",
    "evidence_of_classes",
    "evidence_of_squares",
    "evidence_with_common_axes",
]

#: Variances stay within this factor of where they start.
RANGE = 1e4
#: Least sum of squares, far above where its products with variances would vanish.
TINY = 1e-100


@dataclass(frozen=True)
class Strengths:
    """Ridge strengths of the shared vector and of the deviations.

    Attributes
    ----------
    shared : float
        noise variance / (n variance of the shared coefficients).
    own : float
        noise variance / (n variance of the deviations).
    """

    shared: float
    own: float

    def penalty(self) -> Decomposition:
        """Return the penalty with these strengths."""
        return Decomposition(
            [("shared", Shared(alpha=self.shared)), ("own", Ridge(alpha=self.own))]
        )


@dataclass
class Evidence:
    """Data of all tasks, in coordinates in which each task's Gram matrix is diagonal.

    Attributes
    ----------
    values : ndarray of shape (n_tasks, r)
        Eigenvalues of n G_t.
    targets : ndarray of shape (n_tasks, r)
        n b_t in the same coordinates.
    bases : ndarray of shape (n_tasks, r, r) or None
        Eigenvectors of each task, None where all tasks have the same.
    squares : float
        Sum of weighted, centred squares of the targets.
    n_rows : float
        Sum of weights, less one for every intercept.
    noise : float or None
        The noise variance where it is known (1 in a Laplace step).
    """

    values: np.ndarray
    targets: np.ndarray
    bases: np.ndarray | None
    squares: float
    n_rows: float
    noise: float | None = None

    def strengths(
        self, n: float, *, tol: float = 1e-7, max_iter: int = 200
    ) -> Strengths:
        """Return the strengths at which the evidence is stationary.

        MacKay's fixed point: each variance is its squared length over the number of
        coefficients that the data determine.

        Parameters
        ----------
        n : float
            What the data term is divided by.
        tol : float, default=1e-7
            Stop where no logarithm of a variance moves by more.
        max_iter : int, default=200
            Most steps.

        Returns
        -------
        Strengths
            In units of the objective.

        References
        ----------
        .. [1] D. J. C. MacKay, "Bayesian interpolation", Neural Computation 4, 1992.
        """
        if not self.values.any():  # no feature varies: any strengths will do
            return Strengths(1.0, 1.0)
        noise = self.noise or max(self.squares, TINY) / self.n_rows
        signal = noise / float(self.values.mean()) * self.values.shape[1]
        bounds = signal / RANGE, signal * RANGE
        variances = np.array([noise, 0.1 * signal, 0.1 * signal])
        for _ in range(max_iter):
            new = self._update(*variances)
            new[1:] = np.clip(new[1:], *bounds)
            new[0] = noise if self.noise is not None else max(new[0], 1e-10 * noise)
            moved = np.abs(np.log(new / variances)).max()
            variances = new
            if moved <= tol:
                break
        noise, shared, own = variances
        return Strengths(float(noise / (n * shared)), float(noise / (n * own)))

    def _update(self, noise: float, shared: float, own: float) -> np.ndarray:
        """Return the next noise variance and variances of both parts."""
        precision, pull = self.values / noise, self.targets / noise
        damped = 1.0 / (1.0 + precision * own)
        mean, spread, mean_trace = self._mean(precision * damped, pull * damped, shared)
        own_mean = self._own_coordinates(mean)
        deviations = own * damped * (pull - precision * own_mean)
        # Posterior variance of a deviation: its own, and what the mean's adds.
        variance = own * damped + np.square(precision * own * damped) * spread
        own_count = np.sum(1.0 - variance / own)
        shared_count = len(mean) - mean_trace / shared
        W = own_mean + deviations
        errors = self.squares - 2.0 * np.vdot(W, self.targets)
        errors += np.vdot(W * W, self.values)
        left = max(self.n_rows - own_count - shared_count, 1e-3 * self.n_rows)
        return np.array(
            [
                errors / left,
                float(mean @ mean) / max(shared_count, 1e-12),
                float(np.vdot(deviations, deviations)) / max(own_count, 1e-12),
            ]
        )

    def _mean(
        self, information: np.ndarray, pull: np.ndarray, shared: float
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return the shared vector, its variance in each task's axes, and in total."""
        if self.bases is None:
            variance = 1.0 / (information.sum(axis=0) + 1.0 / shared)
            return variance * pull.sum(axis=0), variance, float(variance.sum())
        system = np.matmul(self.bases * information[:, None, :], _swap(self.bases))
        covariance = np.linalg.inv(system.sum(axis=0) + np.eye(pull.shape[1]) / shared)
        mean = covariance @ np.einsum("tij,tj->i", self.bases, pull)
        spread = np.einsum("tij,tij->tj", covariance @ self.bases, self.bases)
        return mean, spread, float(np.trace(covariance))

    def _own_coordinates(self, mean: np.ndarray) -> np.ndarray:
        """Return the shared vector in each task's axes."""
        if self.bases is None:
            return np.broadcast_to(mean, self.values.shape)
        return np.einsum("tij,i->tj", self.bases, mean)


def _swap(A: np.ndarray) -> np.ndarray:
    return A.transpose(0, 2, 1)


def evidence_of_squares(
    datafit: GramQuadratic | RowQuadratic, totals: np.ndarray, n_intercepts: int
) -> Evidence:
    """Return the evidence of a quadratic data term.

    Parameters
    ----------
    datafit : GramQuadratic or RowQuadratic
        The data term, divided by the mean of totals.
    totals : ndarray of shape (n_tasks,)
        Sum of weights of each task.
    n_intercepts : int
        Number of intercepts that were fitted.

    Returns
    -------
    Evidence
        The data in each task's own axes.
    """
    n = float(totals.mean())
    n_rows = max(float(totals.sum()) - n_intercepts, 1.0)
    zero = np.zeros((datafit.n_features, datafit.n_columns))
    squares = 2.0 * n * datafit.evaluate(zero).value
    if has_spectrum(datafit):
        spectrum = Spectrum(datafit)
        values = np.tile(n * spectrum.values, (datafit.n_columns, 1))
        return Evidence(values, n * spectrum.targets.T, None, squares, n_rows)
    gram = datafit if isinstance(datafit, GramQuadratic) else datafit.gram()
    eigenvalues, bases = np.linalg.eigh(gram.G)
    targets = np.einsum("tij,it->tj", bases, gram.B)
    values = n * np.maximum(eigenvalues, 0.0)
    return Evidence(values, n * targets, bases, squares, n_rows)


def evidence_with_common_axes(
    datafit: GramQuadratic | RowQuadratic,
    totals: np.ndarray,
    n_intercepts: int,
    axes: Axes,
) -> Evidence:
    """Return the evidence as if each task's rows were a fair sample of all rows.

    Parameters
    ----------
    datafit : GramQuadratic or RowQuadratic
        The data term, divided by the mean of totals.
    totals : ndarray of shape (n_tasks,)
        Sum of weights of each task.
    n_intercepts : int
        Number of intercepts that were fitted.
    axes : Axes
        Those of the covariance of all rows.

    Returns
    -------
    Evidence
        The data, with the same axes for all tasks.
    """
    n = float(totals.mean())
    zero = datafit.evaluate(np.zeros((datafit.n_features, datafit.n_columns)))
    targets = -n * axes.project(zero.gradient).T
    n_rows = max(float(totals.sum()) - n_intercepts, 1.0)
    values = np.outer(totals, axes.values)
    return Evidence(values, targets, None, 2.0 * n * zero.value, n_rows)


def evidence_of_classes(datafit: CrossEntropy, W: np.ndarray, axes: Axes) -> Evidence:
    """Return the evidence of a Laplace step: the log-loss as a quadratic at W.

    The curvature of a column is its mean p (1 - p) times the Gram matrix of all rows,
    so that all tasks have the same axes.

    Parameters
    ----------
    datafit : CrossEntropy
        The data term.
    W : ndarray of shape (n_features, n_columns)
        Where the quadratic touches.
    axes : Axes
        Those of the covariance of all rows.

    Returns
    -------
    Evidence
        The data, with noise variance 1.
    """
    n = datafit.n
    probabilities = datafit.probabilities(datafit.logits(W))
    curvature = n * datafit.mean_curvature(probabilities)
    precision = curvature[:, None] * axes.values
    gradient = n * axes.project(datafit.pull_back(probabilities))
    targets = precision * axes.project(W).T - gradient.T
    return Evidence(precision, targets, None, 0.0, float(datafit.n_columns * n), 1.0)
