"""Screen features safely."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.solvers.feature_groups._group_gap import group_norms

__all__ = ["Screen"]

#: What rounding may hide, over the length of the residual: lengths are roots.
ROUNDING = 1e-7


class Screen:
    """The last two residuals whose gradients are known, for all that they span.

    Gradients are linear in the residual. Of a mixture of both they are known, and what
    the mixture leaves of a residual moves a feature's gradient by no more than its
    column's length times the spectral norm of that.

    Parameters
    ----------
    residual : ndarray of shape (n_samples, n_tasks)
        A residual.
    U : ndarray of shape (n_features, n_tasks)
        Minus the gradient there.
    """

    def __init__(self, residual: np.ndarray, U: np.ndarray) -> None:
        self.residuals, self.U = [residual], U
        # Inner products of each feature's gradients.
        self.products = np.einsum("jt,jt->j", U, U)[None, None]

    def add(self, residual: np.ndarray, U: np.ndarray) -> np.ndarray:
        """Take the gradient at one more residual; return its groups' norms."""
        here, across = group_norms(U) ** 2, np.einsum("jt,jt->j", self.U, U)
        before = self.products[-1, -1]
        self.residuals, self.U = [self.residuals[-1], residual], U
        self.products = np.array([[before, across], [across, here]])
        return np.sqrt(here)

    def estimate(self, residual: np.ndarray) -> tuple[np.ndarray, float]:
        """Return lengths of gradients near those at a residual, and their error.

        Shapes: residual (n_samples, n_tasks) -> lengths (n_features,).
        """
        target = [np.vdot(R, residual) for R in self.residuals]
        matrix = [[np.vdot(R, S) for R in self.residuals] for S in self.residuals]
        weights = np.linalg.lstsq(np.array(matrix), np.array(target), rcond=1e-12)[0]
        rest = residual.copy()
        for weight, known in zip(weights, self.residuals, strict=True):
            rest -= weight * known
        # Gradients are linear in the residual: known inner products give their lengths.
        squares = np.einsum("a,b,abj->j", weights, weights, self.products)
        # ||x' E|| <= ||x|| ||E||_2 bounds what the known residuals do not span.
        error = _spectral_norm(rest)
        if error > 0.0:
            error += ROUNDING * float(np.linalg.norm(residual))
        return np.sqrt(np.maximum(squares, 0.0)), error


def _spectral_norm(A: np.ndarray) -> float:
    """Return the largest singular value of a tall matrix."""
    return float(np.sqrt(max(np.linalg.eigvalsh(A.T @ A)[-1], 0.0))) if A.size else 0.0
