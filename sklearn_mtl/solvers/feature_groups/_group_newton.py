"""Newton steps on the used groups of squared error with sum_j a_j ||W_j||."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.linalg.lapack import dpotrf, dpotrs

from sklearn_mtl.solvers._conjugate_gradient import Map, conjugate_gradient
from sklearn_mtl.solvers.feature_groups._group_gap import group_norms

__all__ = ["Done", "FullGram", "GroupProblem", "WideGram", "group_newton"]

#: Function (W, minus the gradient of its squared error) -> whether W is good enough.
Done = Callable[[np.ndarray, np.ndarray], bool]

#: If features outnumber samples by more than this factor, form no Gram matrix.
WIDE = 2
#: Maximum number of conjugate gradient iterations in a Newton step. The next proximal
#: step changes more than further iterations would.
MAX_INNER = 30


class Gram(Protocol):
    """Gram matrix G, stored itself or as a product of columns."""

    def restrict(self, used: np.ndarray) -> Gram:
        """Return G restricted to these features."""

    def apply(self, D: np.ndarray) -> np.ndarray:
        """Return G D."""

    def apply_some(self, used: np.ndarray, V: np.ndarray) -> np.ndarray:
        """Return G D for a D that is V in the rows `used` and zero elsewhere."""

    def inverse(self, diagonal: np.ndarray) -> Map:
        """Return the inverse of G + diag(diagonal) as a map."""

    def matrix(self) -> np.ndarray:
        """Return G."""


@dataclass(frozen=True)
class FullGram:
    """Gram matrix stored as an array of shape (n_groups, n_groups)."""

    G: np.ndarray

    def restrict(self, used: np.ndarray) -> Gram:
        """Return G restricted to these features."""
        return FullGram(self.G[np.ix_(used, used)])

    def apply(self, D: np.ndarray) -> np.ndarray:
        """Return G D."""
        return self.G @ D

    def apply_some(self, used: np.ndarray, V: np.ndarray) -> np.ndarray:
        """Return G D for a D that is V in the rows `used` and zero elsewhere."""
        return self.G[used].T @ V

    def inverse(self, diagonal: np.ndarray) -> Map:
        """Return the inverse of G + diag(diagonal) as a map."""
        system = self.G.copy()
        system.flat[:: len(system) + 1] += diagonal
        return cholesky(system)

    def matrix(self) -> np.ndarray:
        """Return G."""
        return self.G


@dataclass(frozen=True)
class WideGram:
    """Gram matrix stored as columns (n_groups, n_samples), if these are smaller."""

    columns: np.ndarray

    def restrict(self, used: np.ndarray) -> Gram:
        """Return G restricted to these features, as an array if they are few."""
        some = WideGram(self.columns[used])
        is_wide = len(used) > WIDE * self.columns.shape[1]
        return some if is_wide else FullGram(some.matrix())

    def apply(self, D: np.ndarray) -> np.ndarray:
        """Return G D."""
        return self.columns @ (self.columns.T @ D)

    def apply_some(self, used: np.ndarray, V: np.ndarray) -> np.ndarray:
        """Return G D for a D that is V in the rows `used` and zero elsewhere."""
        return self.columns @ (self.columns[used].T @ V)

    def inverse(self, diagonal: np.ndarray) -> Map:
        """Return the inverse of G + diag(diagonal) as a map."""
        # Woodbury: a system of size n_samples, which is less than the features used.
        A, scaled = self.columns, self.columns / diagonal[:, None]
        inner = cholesky(np.eye(A.shape[1]) + A.T @ scaled)

        def apply(R: np.ndarray) -> np.ndarray:
            return R / diagonal[:, None] - scaled @ inner(scaled.T @ R)

        return apply

    def matrix(self) -> np.ndarray:
        """Return G."""
        return self.columns @ self.columns.T


@dataclass(frozen=True)
class GroupProblem:
    """min over W of <W, G W> / 2 - <B, W> + sum_j a_j ||W_j|| + ridge ||W||^2 / 2.

    Attributes
    ----------
    gram : Gram
        Gram matrix G of all tasks.
    B : ndarray of shape (n_groups, n_tasks)
        Products of features and targets.
    groups : ndarray of shape (n_groups,)
        Weights a.
    ridge : float
        Alpha of the ridge term.
    step : float
        Reciprocal of an upper bound of the largest eigenvalue of G plus the ridge.
    """

    gram: Gram
    B: np.ndarray
    groups: np.ndarray
    ridge: float
    step: float

    def restrict(self, used: np.ndarray) -> GroupProblem:
        """Return the problem restricted to these features."""
        gram, B, groups = self.gram.restrict(used), self.B[used], self.groups[used]
        return GroupProblem(gram, B, groups, self.ridge, self.step)

    def gradient(self, W: np.ndarray) -> np.ndarray:
        """Return the gradient of the smooth part; groups of zeros are skipped."""
        used = np.flatnonzero(W.any(axis=1))
        if 2 * len(used) >= len(W):
            return self.gram.apply(W) - self.B + self.ridge * W
        return self.gram.apply_some(used, W[used]) - self.B + self.ridge * W

    def value(self, W: np.ndarray, gradient: np.ndarray) -> float:
        """Return the objective, given the gradient of its smooth part."""
        smooth = 0.5 * float(np.vdot(W, gradient - self.B))
        return smooth + float(self.groups @ group_norms(W))


def group_newton(
    problem: GroupProblem,
    W: np.ndarray,
    tol: float,
    max_iter: int = 200,
    is_done: Done | None = None,
) -> tuple[np.ndarray, np.ndarray, int]:
    """Minimise by proximal gradient steps, each followed by a Newton step.

    The proximal step selects the groups that are used; for these the objective is
    smooth. The Newton system is solved by conjugate gradients, preconditioned with the
    Cholesky factor of G + diag(a / ||W_j||). It differs from the Hessian in one
    direction per group.

    Shapes: W (n_groups, n_tasks) -> W (n_groups, n_tasks), U (n_groups, n_tasks).
    """
    gradient, floor, n_iter = problem.gradient(W), tol * problem.step, 0
    while n_iter < max_iter:
        if is_done is not None and is_done(W, problem.ridge * W - gradient):
            break
        n_iter += 1
        before = W
        W = _shorten(W - problem.step * gradient, problem.step * problem.groups)
        is_still = np.abs(W - before).max(initial=0.0) <= floor
        # Newton steps cannot create zeros, so the proximal step selects the groups.
        if not is_still:
            W = _newton_step(problem, W, tol)
        gradient = problem.gradient(W)
        if is_still:
            break
    return W, problem.ridge * W - gradient, n_iter


def _newton_step(problem: GroupProblem, W: np.ndarray, tol: float) -> np.ndarray:
    """Return W after one Newton step on its nonzero groups."""
    # Compare norms, because squares of tiny numbers underflow to zero.
    used = np.flatnonzero(group_norms(W) > 0)
    if not len(used):
        return W
    V, a = W[used], problem.groups[used]
    part = problem.restrict(used)
    norms = group_norms(V)
    unit, weights = V / norms[:, None], a / norms
    gradient = part.gram.apply(V) - part.B + problem.ridge * V
    F = gradient + a[:, None] * unit
    size = float(np.sqrt(np.vdot(F, F)))
    if size <= 1e-3 * tol:
        return W

    def hessian(D: np.ndarray) -> np.ndarray:
        along = np.einsum("jt,jt->j", unit, D)
        # The Hessian of a ||v|| is (a / ||v||) (I - u u') with u = v / ||v||.
        flat = D - along[:, None] * unit
        return part.gram.apply(D) + problem.ridge * D + weights[:, None] * flat

    inverse = part.gram.inverse(weights + problem.ridge + 1e-300)
    # In the direction of a group itself its norm has no curvature, but `inverse` adds
    # some. The exact system in these directions corrects that.
    radial = part.gram.matrix() * (unit @ unit.T)
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
    # Call LAPACK directly; scipy's wrappers cost more than solving a small system.
    factor, info = dpotrf(system.T, lower=0, clean=0, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError(
            "The system of a Newton step is not positive definite."
        )
    return lambda R: dpotrs(factor, R, lower=0)[0]


def _search(
    part: GroupProblem,
    W: np.ndarray,
    used: np.ndarray,
    V: np.ndarray,
    D: np.ndarray,
    gradient: np.ndarray,
) -> np.ndarray:
    """Return W after the first of the steps 1, 1/2, ... that does not increase it."""
    value, length = part.value(V, gradient), 1.0
    while length > 1e-3:
        new = V + length * D
        # A group whose direction is reversed by the step has passed zero.
        new[np.einsum("jt,jt->j", new, V) <= 0.0] = 0.0
        if part.value(new, part.gradient(new)) <= value:
            W = W.copy()
            W[used] = new
            return W
        length *= 0.5
    return W


def _shorten(W: np.ndarray, by: np.ndarray) -> np.ndarray:
    norms = group_norms(W)
    factors = np.maximum(1.0 - by / np.where(norms > 0, norms, 1.0), 0.0)
    return W * factors[:, None]
