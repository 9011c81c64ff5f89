"""Safe screening of features by bounds of their gradients."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.solvers.feature_groups._group_gap import group_norms

__all__ = ["Screen"]

#: Rounding error of an estimated norm, relative to the norm of the residual.
ROUNDING = 1e-7


class Screen:
    """The last two residuals with known gradients, and estimates for other residuals.

    Gradients are linear in the residual, so they are known for every combination of the
    two residuals. For another residual, the gradient of a feature differs by at most
    the norm of its column times the spectral norm of the part that the two do not span.

    Parameters
    ----------
    residual : ndarray of shape (n_samples, n_tasks)
        A residual.
    U : ndarray of shape (n_features, n_tasks)
        Minus the gradient at this residual.
    """

    def __init__(self, residual: np.ndarray, U: np.ndarray) -> None:
        self.residuals, self.U = [residual], U
        # Inner products of each feature's gradients.
        self.products = np.einsum("jt,jt->j", U, U)[None, None]

    def add(self, residual: np.ndarray, U: np.ndarray) -> np.ndarray:
        """Add the gradient at a new residual; return the norms of its groups."""
        here, across = group_norms(U) ** 2, np.einsum("jt,jt->j", self.U, U)
        before = self.products[-1, -1]
        self.residuals, self.U = [self.residuals[-1], residual], U
        self.products = np.array([[before, across], [across, here]])
        return np.sqrt(here)

    def estimate(self, residual: np.ndarray) -> tuple[np.ndarray, float]:
        """Return estimated norms of the gradients at a residual, and their error.

        Shapes: residual (n_samples, n_tasks) -> lengths (n_features,).
        """
        target = [np.vdot(R, residual) for R in self.residuals]
        matrix = [[np.vdot(R, S) for R in self.residuals] for S in self.residuals]
        weights = np.linalg.lstsq(np.array(matrix), np.array(target), rcond=1e-12)[0]
        rest = residual.copy()
        for weight, known in zip(weights, self.residuals, strict=True):
            rest -= weight * known
        # Gradients are linear in the residual: known inner products give their norms.
        squares = np.einsum("a,b,abj->j", weights, weights, self.products)
        # ||x' E|| <= ||x|| ||E||_2 bounds the part not spanned by the known residuals.
        error = _spectral_norm(rest)
        if error > 0.0:
            error += ROUNDING * float(np.linalg.norm(residual))
        return np.sqrt(np.maximum(squares, 0.0)), error


def _spectral_norm(A: np.ndarray) -> float:
    """Return the largest singular value of a tall matrix."""
    return float(np.sqrt(max(np.linalg.eigvalsh(A.T @ A)[-1], 0.0))) if A.size else 0.0
