"""Compiled block coordinate descent with extrapolation for group norms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sklearn_mtl.solvers._anderson import anderson_weights, mixture
from sklearn_mtl.solvers.feature_groups._group_newton import Done
from sklearn_mtl.solvers.feature_groups._kernels import Kernel

__all__ = ["Cycles"]

#: Number of points that an extrapolation combines.
MEMORY = 5
#: `is_done` is first called if the move is below this fraction of the largest weight.
FIRST_LOOK = 0.1


@dataclass
class Cycles:
    """Block coordinate descent on the feature groups of a working set.

    Attributes
    ----------
    kernel : callable
        The compiled function `cycle_groups`.
    A : ndarray of shape (n_groups, m)
        The Gram matrix, or the columns of X as rows.
    squares : ndarray of shape (n_groups,)
        Diagonal of the Gram matrix.
    target : ndarray of shape (n_tasks, m)
        Products of features and targets in Gram form, else the targets.
    groups : ndarray of shape (n_groups,)
        Weight of the norm of each group.
    ridge : float
        Alpha of the ridge term.
    is_gram : bool
        Whether A is a Gram matrix.
    """

    kernel: Kernel
    A: np.ndarray
    squares: np.ndarray
    target: np.ndarray
    groups: np.ndarray
    ridge: float
    is_gram: bool

    def descend(
        self,
        W: np.ndarray,
        R: np.ndarray,
        tol: float,
        max_iter: int,
        is_done: Done | None = None,
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Cycle with Anderson extrapolation until no group moves.

        Shapes: W (n_groups, n_tasks), R (n_tasks, m) -> W (n_groups, n_tasks), R
        (n_tasks, m).

        References
        ----------
        .. [1] Q. Bertrand, M. Massias, "Anderson acceleration of coordinate descent",
           AISTATS 2021.
        """
        visited: list[tuple[np.ndarray, np.ndarray]] = []
        look = FIRST_LOOK * float(self.groups.max())
        for n_iter in range(1, max_iter + 1):
            moved = self.kernel(
                self.A, self.squares, W, R, self.groups, self.ridge, self.is_gram
            )
            if moved <= tol:
                return W, R, n_iter
            if is_done is not None and moved <= look:
                if is_done(W, R.T if self.is_gram else self.A @ R.T):
                    return W, R, n_iter
                # `is_done` may need a product with all columns, so it is called again
                # only when the move is halved.
                look = 0.5 * moved
            visited.append((W.copy(), R.copy()))
            if len(visited) > MEMORY:
                W, R = self._extrapolate(visited)
                visited = []
        return W, R, max_iter

    def _extrapolate(
        self, visited: list[tuple[np.ndarray, np.ndarray]]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the extrapolated point if it is better, else the last one."""
        points = [W for W, _ in visited]
        weights = anderson_weights(points)
        W, R = visited[-1]
        mixed = mixture(weights, points)
        # R is affine in W, so it is mixed with the same weights.
        mixed_R = mixture(weights, [R for _, R in visited])
        # Extrapolation does not guarantee descent.
        if self._value(mixed, mixed_R) < self._value(W, R):
            return mixed, mixed_R
        return W, R

    def _value(self, W: np.ndarray, R: np.ndarray) -> float:
        """Return the objective up to a constant."""
        squared = np.einsum("jt,jt->j", W, W)
        penalty = self.groups @ np.sqrt(squared) + 0.5 * self.ridge * squared.sum()
        if self.is_gram:
            # With R = B - G W, <W, G W> / 2 - <W, B> is -<W, B + R> / 2.
            return float(penalty) - 0.5 * float(np.vdot(W, (self.target + R).T))
        return float(penalty) + 0.5 * float(np.vdot(R, R))
