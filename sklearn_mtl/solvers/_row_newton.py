"""Squared error with sum_j a_j ||W_j||, in Gram form: Newton steps on the rows used."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from sklearn_mtl.solvers._conjugate_gradient import Map, conjugate_gradient

__all__ = ["RowProblem", "row_newton"]

#: Steps of conjugate gradients in a Newton step: later ones refine what the next
#: proximal step moves anyway.
MAX_INNER = 30


@dataclass(frozen=True)
class RowProblem:
    """min over W of <W, G W> / 2 - <B, W> + sum_j a_j ||W_j|| + ridge ||W||^2 / 2.

    Attributes
    ----------
    G : ndarray of shape (n_rows, n_rows)
        Gram matrix of all tasks.
    B : ndarray of shape (n_rows, n_tasks)
        Moments.
    groups : ndarray of shape (n_rows,)
        a.
    ridge : float
        Strength of the ridge.
    step : float
        The reciprocal of a bound of the largest eigenvalue of G plus the ridge.
    X : ndarray of shape (n_samples, n_rows) or None
        The rows that G is made of, where they are known.
    """

    G: np.ndarray
    B: np.ndarray
    groups: np.ndarray
    ridge: float
    step: float
    X: np.ndarray | None = None

    def restrict(self, used: np.ndarray) -> RowProblem:
        """Return the problem of these rows alone, without G where X is the smaller."""
        X = None if self.X is None else self.X[:, used]
        is_wide = X is not None and 2 * len(X) < len(used)
        G = self.G[:0, :0] if is_wide else self.G[np.ix_(used, used)]
        return RowProblem(
            G,
            self.B[used],
            self.groups[used],
            self.ridge,
            self.step,
            X if is_wide else None,
        )

    def apply(self, D: np.ndarray) -> np.ndarray:
        """Return G D."""
        return self.G @ D if self.X is None else self.X.T @ (self.X @ D)

    def inverse(self, diagonal: np.ndarray) -> Map:
        """Return the inverse of G + diag(diagonal) as a map."""
        if self.X is None:
            system = self.G.copy()
            system.flat[:: len(system) + 1] += diagonal
            return cholesky(system)
        # Woodbury: a system of the number of samples, fewer than the rows used.
        X, scaled = self.X, self.X / diagonal
        inner = cholesky(np.eye(len(X)) + scaled @ X.T)

        def apply(R: np.ndarray) -> np.ndarray:
            return R / diagonal[:, None] - scaled.T @ inner(scaled @ R)

        return apply

    def gradient(self, W: np.ndarray) -> np.ndarray:
        """Return the gradient of the smooth part; rows of zeros cost nothing."""
        if self.X is not None and not len(self.G):
            return self.apply(W) - self.B + self.ridge * W
        used = np.flatnonzero(W.any(axis=1))
        if 2 * len(used) < len(W):
            return self.G[:, used] @ W[used] - self.B + self.ridge * W
        return self.G @ W - self.B + self.ridge * W

    def value(self, W: np.ndarray, gradient: np.ndarray) -> float:
        """Return the objective, given the gradient of its smooth part."""
        smooth = 0.5 * float(np.vdot(W, gradient - self.B))
        return smooth + float(self.groups @ _norms(W))


def row_newton(
    problem: RowProblem, W: np.ndarray, tol: float, max_iter: int = 200
) -> tuple[np.ndarray, int]:
    """Minimise by proximal gradient steps with a Newton step on the rows they leave.

    The proximal step says which rows are used; on these the objective is smooth. The
    Newton system is solved by conjugate gradients with the Cholesky factor of
    G + diag(a / ||W_j||), which differs from the Hessian by one direction a row.

    Parameters
    ----------
    problem : RowProblem
        The problem.
    W : ndarray of shape (n_rows, n_tasks)
        First point.
    tol : float
        Largest distance of a row to optimality.
    max_iter : int, default=200
        Most steps.

    Returns
    -------
    W : ndarray of shape (n_rows, n_tasks)
        The minimiser.
    n_iter : int
        Steps taken.
    """
    n_iter = 0
    while n_iter < max_iter:
        n_iter += 1
        gradient = problem.gradient(W)
        before = W
        W = _shorten(W - problem.step * gradient, problem.step * problem.groups)
        if np.abs(W - before).max(initial=0.0) <= tol * problem.step:
            break
        W = _newton_step(problem, W, tol)
    return W, n_iter


def _newton_step(problem: RowProblem, W: np.ndarray, tol: float) -> np.ndarray:
    """Return W after one Newton step on its rows that are not zero."""
    used = np.flatnonzero(W.any(axis=1))
    if not len(used):
        return W
    V, a = W[used], problem.groups[used]
    part = problem.restrict(used)
    norms = _norms(V)
    unit, weights = V / norms[:, None], a / norms
    gradient = part.apply(V) - part.B + problem.ridge * V
    F = gradient + a[:, None] * unit
    size = float(np.sqrt(np.vdot(F, F)))
    if size <= 1e-3 * tol:
        return W

    def hessian(D: np.ndarray) -> np.ndarray:
        along = np.einsum("jt,jt->j", unit, D)
        flat = D - along[:, None] * unit
        return part.apply(D) + problem.ridge * D + weights[:, None] * flat

    inverse = part.inverse(weights + problem.ridge + 1e-300)
    # Along a row's own direction the norm has no curvature: what the inverse above adds
    # there is taken back by the exact system in these directions.
    radial = problem.G[np.ix_(used, used)] * (unit @ unit.T)
    radial.flat[:: len(used) + 1] += problem.ridge + 1e-10 * radial.diagonal().max()
    coarse = cholesky(radial)

    def precondition(R: np.ndarray) -> np.ndarray:
        along = np.einsum("jt,jt->j", unit, R)
        return inverse(R) + coarse(along)[:, None] * unit

    D, _ = conjugate_gradient(
        hessian,
        -F,
        precondition,
        tol=0.1,
        max_iter=MAX_INNER,
    )
    return _search(part, W, used, V, D, gradient)


def cholesky(system: np.ndarray) -> Map:
    """Return the inverse of a positive definite matrix, which is overwritten."""
    # LAPACK itself: scipy's wrappers cost more than a system of twenty unknowns.
    factor, info = dpotrf(system.T, lower=0, clean=0, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError("A system of a Newton step is not definite.")
    return lambda R: dpotrs(factor, R, lower=0)[0]


def _search(
    part: RowProblem,
    W: np.ndarray,
    used: np.ndarray,
    V: np.ndarray,
    D: np.ndarray,
    gradient: np.ndarray,
) -> np.ndarray:
    """Return W after the first of the steps 1, 1/2, ... that descends."""
    value, length = part.value(V, gradient), 1.0
    while length > 1e-3:
        new = V + length * D
        # A row that the step turns around has passed zero.
        new[np.einsum("jt,jt->j", new, V) <= 0.0] = 0.0
        if part.value(new, part.gradient(new)) <= value:
            W = W.copy()
            W[used] = new
            return W
        length *= 0.5
    return W


def _norms(W: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("jt,jt->j", W, W))


def _shorten(W: np.ndarray, by: np.ndarray) -> np.ndarray:
    norms = _norms(W)
    factors = np.maximum(1.0 - by / np.where(norms > 0, norms, 1.0), 0.0)
    return W * factors[:, None]
