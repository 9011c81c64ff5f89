"""Squared error of observed labels, computed from samples or Gram matrices."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from sklearn_mtl.datafits._base import Datafit, Evaluation, largest_eigenvalue
from sklearn_mtl.datafits._operators import FitOperator, SharedSamples
from sklearn_mtl.datafits._systems import (
    solve_gram,
    solve_samples,
    spectrum_of_samples,
)

__all__ = ["Centre", "GramQuadratic", "SampleQuadratic"]


@dataclass(frozen=True)
class Centre:
    """Weighted means from which the intercepts are computed.

    Attributes
    ----------
    x : ndarray of shape (n_features, n_tasks) or (n_features, 1)
        Means of the features.
    y : ndarray of shape (n_tasks,)
        Means of the targets.
    """

    x: np.ndarray
    y: np.ndarray

    def intercept(self, W: np.ndarray) -> np.ndarray:
        """Return y - x . W for each task."""
        return self.y - (self.x * W).sum(axis=0)

    def restrict(self, features: np.ndarray) -> Centre:
        """Return the centre restricted to these features."""
        return Centre(self.x[features], self.y)


#: Targets with a standard deviation below this fraction of their mean are constant.
LEAST_SPREAD = 1e-12


class Quadratic(Datafit):
    """Squared error, whose gradient is affine in W."""

    is_quadratic = True
    can_restrict = True
    centre: Centre

    @property
    @abstractmethod
    def moments(self) -> np.ndarray:
        """Minus the gradient at zero, (n_features, n_tasks)."""

    @abstractmethod
    def gram(self) -> GramQuadratic:
        """Return the same data term in Gram form."""

    @abstractmethod
    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Return eigenvalues and eigenvectors of the Gram matrix, if it is shared."""

    @abstractmethod
    def solve_in_units(self, Q: np.ndarray, m: float) -> np.ndarray:
        """Return (G + m I)^+ B Q, computed with columns of X scaled to norm 1."""

    @property
    def least_loss(self) -> float:
        """Smallest loss at zero that is not rounding error."""
        rounding = LEAST_SPREAD**2 * float(self.centre.y @ self.centre.y)
        return super().least_loss + rounding

    def intercept(self, W: np.ndarray) -> np.ndarray:
        """Return the best intercepts."""
        return self.centre.intercept(W)


class GramQuadratic(Quadratic):
    """f(W) = sum_t w_t' G_t w_t / 2 - b_t' w_t + c, used if there are many samples.

    Parameters
    ----------
    G : ndarray of shape (n_features, n_features) or (n_tasks, n_features, n_features)
        Gram matrices, one for all tasks or one per task.
    B : ndarray of shape (n_features, n_tasks)
        Products of features and targets.
    constant : float
        f(0).
    centre : Centre
        Means from which the intercepts are computed.
    """

    has_gram = True

    def __init__(
        self, G: np.ndarray, B: np.ndarray, constant: float, centre: Centre
    ) -> None:
        self.G, self.B, self.constant, self.centre = G, B, constant, centre
        self.n_features, self.n_columns = B.shape

    @property
    def moments(self) -> np.ndarray:
        """Minus the gradient at zero."""
        return self.B

    def gram(self) -> GramQuadratic:
        """Return itself."""
        return self

    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Return eigenvalues and eigenvectors of the Gram matrix of all tasks."""
        return np.linalg.eigh(self.G)

    def solve_in_units(self, Q: np.ndarray, m: float) -> np.ndarray:
        """Return (G + m I)^+ B Q."""
        return solve_gram(self.G, self.B @ Q, m)

    @property
    def is_shared(self) -> bool:
        """Return whether all tasks have the same Gram matrix."""
        return self.G.ndim == 2

    @property
    def has_shared_samples(self) -> bool:
        """Return whether all tasks share one Gram matrix."""
        return self.is_shared

    def apply(self, W: np.ndarray) -> np.ndarray:
        """Return G_t w_t for each task."""
        if self.is_shared:
            return self.G @ W
        return np.matmul(self.G, W.T[:, :, None])[:, :, 0].T

    def evaluate(self, W: np.ndarray) -> Evaluation:
        """Return value, gradient and dual at W."""
        # The dual needs only inner products of the weighted residual R, not R itself:
        # <R, z> = 2 c - b'w and <R, R> = w'Gw - 2 b'w + 2 c.
        GW = self.apply(W)
        quadratic, linear = float(np.vdot(W, GW)), float(np.vdot(W, self.B))
        target = 2.0 * self.constant - linear  # <residual, y>
        residual = quadratic - linear + target  # <residual, residual>
        return Evaluation(
            0.5 * quadratic - linear + self.constant,
            GW - self.B,
            lambda s: s * target - 0.5 * s**2 * residual,
        )

    def lipschitz(self) -> float:
        """Return the largest eigenvalue of the Gram matrices."""
        # Power iteration takes O(n_features^2) per step, eigenvalues O(n_features^3).
        if self.n_features > 300:
            return largest_eigenvalue(self.apply, (self.n_features, self.n_columns))
        return float(np.linalg.eigvalsh(self.G)[..., -1].max())

    def restrict(self, features: np.ndarray) -> GramQuadratic:
        """Return the data term restricted to these features."""
        G = self.G[..., features[:, None], features]
        return GramQuadratic(
            G, self.B[features], self.constant, self.centre.restrict(features)
        )

    def feature_lengths(self) -> np.ndarray:
        """Return the norm of each feature's column, the largest over tasks."""
        diagonals = np.diagonal(self.G, axis1=-2, axis2=-1)
        return np.sqrt(np.atleast_2d(diagonals).max(axis=0))


class SampleQuadratic(Quadratic):
    """f(W) = 1/2 ||A W - z||^2 with A applied as a map, used if p is large.

    Parameters
    ----------
    operator : FitOperator
        The map A, which includes weights and centring.
    z : ndarray
        Weighted, centred targets, of the shape of A W.
    centre : Centre
        Means from which the intercepts are computed.
    """

    def __init__(self, operator: FitOperator, z: np.ndarray, centre: Centre) -> None:
        self.operator, self.z, self.centre = operator, z, centre
        self.n_features, self.n_columns = operator.n_features, len(centre.y)

    def apply(self, W: np.ndarray) -> np.ndarray:
        """Return A'A W."""
        return self.operator.adjoint(self.operator.fit(W))

    @property
    def has_shared_samples(self) -> bool:
        """Return whether all tasks share one set of dense samples."""
        return isinstance(self.operator, SharedSamples)

    @property
    def moments(self) -> np.ndarray:
        """Minus the gradient at zero."""
        return self.operator.adjoint(self.z)

    @property
    def _matrix(self) -> np.ndarray:
        """The weighted and centred samples, if all tasks share them."""
        if not isinstance(self.operator, SharedSamples):
            raise NotImplementedError("Tasks with separate samples have no matrix.")
        return self.operator.matrix()

    def spectrum(self) -> tuple[np.ndarray, np.ndarray]:
        """Return nonzero eigenvalues and eigenvectors, if all tasks share the samples.

        The result is thin and is computed from X X', because p > n here.
        """
        return spectrum_of_samples(self._matrix)

    def solve_in_units(self, Q: np.ndarray, m: float) -> np.ndarray:
        """Return (X'X + m I)^+ X'z Q."""
        return solve_samples(self._matrix, self.z @ Q, m)

    def residual(self, W: np.ndarray) -> np.ndarray:
        """Return z - A W."""
        return self.z - self.operator.fit(W)

    def evaluate(self, W: np.ndarray) -> Evaluation:
        """Return value, gradient and dual at W."""
        # For the dual point theta = r, f*(-s theta) is s^2/2 ||r||^2 - s <r, z>.
        residual = self.residual(W)
        squared = float(np.vdot(residual, residual))
        target = float(np.vdot(residual, self.z))
        return Evaluation(
            0.5 * squared,
            -self.operator.adjoint(residual),
            lambda s: s * target - 0.5 * s**2 * squared,
        )

    def lipschitz(self) -> float:
        """Return the largest eigenvalue of A'A by power iteration."""
        return largest_eigenvalue(self.apply, (self.n_features, self.n_columns))

    def restrict(self, features: np.ndarray) -> SampleQuadratic:
        """Return the data term restricted to these features."""
        operator = self.operator.restrict(features)
        return SampleQuadratic(operator, self.z, self.centre.restrict(features))

    def gram(self) -> GramQuadratic:
        """Return the same data term in Gram form."""
        constant = 0.5 * float(np.vdot(self.z, self.z))
        G = self.operator.gram()
        return GramQuadratic(G, self.moments, constant, self.centre)

    def feature_lengths(self) -> np.ndarray:
        """Return the norm of each feature's column, the largest over tasks."""
        return self.operator.feature_lengths()
