"""Newton steps for a log-loss with a penalty that is quadratic over tasks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import LogLoss
from sklearn_mtl.penalties import frobenius
from sklearn_mtl.solvers._base import Solver
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution, certify
from sklearn_mtl.solvers._closed_form import part_points
from sklearn_mtl.solvers._conjugate_gradient import Map, conjugate_gradient
from sklearn_mtl.solvers._graded import is_graded

__all__ = ["Joint", "Newton", "descend", "span"]

#: Below this fraction of the gradient at zero, a step that does not halve the gradient
#: makes no progress beyond rounding errors.
STALLED = 1e-9
#: The search ends after this number of successive steps with a negligible decrease.
MAX_FLAT = 5
#: Directions with less than this fraction of the largest curvature are damped. If they
#: are not penalised, their gradient is only rounding error.
DAMPING = 1e-12
#: Largest number of features for which eigenvectors of the Gram matrix are computed.
MAX_EIGEN = 400


class Newton(Solver):
    """Solver for a log-loss with a penalty that is quadratic over tasks and finite."""

    @classmethod
    def supports(cls, problem: Problem) -> bool:
        """Return whether the problem is a log-loss plus a finite quadratic penalty."""
        return problem.datafit.has_logits and _quadratic(problem) is not None

    def _solve(
        self, problem: Problem, start: np.ndarray | None, *, tol: float, max_iter: int
    ) -> Solution:
        matrix = _quadratic(problem)
        if matrix is None:
            raise ValueError(f"{problem.penalty} is not quadratic over tasks.")
        start = None if start is None else problem.total(start)
        return newton(
            self.datafit,
            problem,
            matrix,
            start,
            scales=self.scales,
            tol=tol,
            max_iter=max_iter,
        )


def _quadratic(problem: Problem) -> np.ndarray | None:
    """Return M of the penalty 1/2 tr(W M W'), or None if it has no such form."""
    form = problem.task_form
    return None if form is None else form.matrix()


def newton(
    datafit: LogLoss,
    problem: Problem,
    matrix: np.ndarray,
    start: np.ndarray | None = None,
    *,
    scales: Scales | None = None,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Minimise log-loss + 1/2 tr(W M W') by Newton steps with conjugate gradients.

    Shapes: matrix (n_columns, n_columns), start (n_features, n_columns).
    """
    scales = Scales(datafit) if scales is None else scales
    basis, part = span(datafit)
    unit: Any = 1.0
    first = scales.gradient
    is_free = problem.penalty.free_directions(problem.columns).size > 0
    if basis is None and (is_free or is_graded(scales.lengths)):
        # Without a ridge the result must not depend on the units of X.
        unit, first = 1.0 / scales.lengths, scales.slope
    joint, W = Joint(part, matrix, unit=unit), np.zeros((part.n_features, len(matrix)))
    if start is not None:
        W = start.copy() if basis is None else basis @ start
    V = np.vstack([W / unit, part.intercept(W) + joint.mean @ W])
    end = max(tol**1.75, 1e-12) * first
    V, n_iter = descend(joint, V, joint.fits(V), first, end, max_iter)
    W = unit * V[:-1]
    part.seed_intercept(V[-1] - joint.mean @ W)
    W = W if basis is None else basis.T @ W
    here = problem.datafit.evaluate(W)
    point = part_points(problem, W, here)
    return Solution(point, certify(problem, point, here, scales), n_iter)


def span(datafit: LogLoss) -> tuple[np.ndarray | None, LogLoss]:
    """Return a basis of the rows of X and X in it, if X is dense with p > n."""
    if datafit.is_dense and datafit.X.shape[1] > datafit.X.shape[0]:
        # A solution lies in the span of the rows: n unknowns per task instead of p.
        left, values, basis = np.linalg.svd(datafit.X, full_matrices=False)
        return basis, datafit.replace(left * values)
    return None, datafit


class Joint:
    """Loss and penalty as a function of W and intercepts, centred to decouple them.

    The unknown V is one array of shape (n_features + 1, n_columns): W divided by
    `unit`, and in the last row the logits at the mean sample. Without intercepts the
    last row is zero.

    Parameters
    ----------
    datafit : LogLoss
        The loss.
    M : ndarray of shape (n_columns, n_columns)
        Matrix of the penalty 1/2 tr(W M W').
    projector : ndarray of shape (n_columns, n_columns), default=None
        Projector onto the allowed directions of W; all are allowed if None.
    unit : ndarray of shape (n_features, 1), default=1.0
        Units of the rows of W: the reciprocal norms of the columns of X if these
        differ a lot.
    """

    def __init__(
        self,
        datafit: LogLoss,
        M: np.ndarray,
        projector: np.ndarray | None = None,
        unit: np.ndarray | float = 1.0,
    ) -> None:
        self.datafit, self.M, self.X = datafit, M, datafit.X
        self.projector, self.unit = projector, unit
        self.XT = self.X.T
        self.on = float(datafit.fit_intercept)
        weights = datafit.weights.sum(axis=1)
        self.mean = (self.X.T @ weights) / max(weights.sum(), 1e-300) * self.on

    @cached_property
    def spectrum(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Eigenvalues and vectors of the mean Gram matrix, None if it is large."""
        if self.X.shape[1] > MAX_EIGEN:
            return None
        weights = self.datafit.weights.mean(axis=1)
        if sparse.issparse(self.X):
            gram = (self.XT @ self.X.multiply(weights[:, None])).toarray()
        else:
            gram = self.XT @ (weights[:, None] * self.X)
        gram = gram - weights.sum() * np.outer(self.mean, self.mean)
        return np.linalg.eigh(self.unit * gram * np.transpose(self.unit))

    def fits(self, V: np.ndarray) -> np.ndarray:
        """Return the logits."""
        W = self.unit * V[:-1]
        fits: np.ndarray = self.X @ W + (self.on * V[-1] - self.mean @ W)
        return fits

    def pull(self, R: np.ndarray) -> np.ndarray:
        """Return the result of the adjoint of `fits`."""
        sums = R.sum(axis=0)
        top = self.unit * (self.XT @ R - np.outer(self.mean, sums))
        out = np.vstack([top, self.on * sums])
        for block in self.datafit.blocks:
            # Adding a constant to all columns of a softmax changes nothing. Remove that
            # direction: its gradient is only rounding error and may not be penalised.
            out[:, block] -= out[:, block].mean(axis=1)[:, None]
        return self.allowed(out)

    def allowed(self, V: np.ndarray) -> np.ndarray:
        """Project an unknown onto the allowed directions in place, and return it."""
        if self.projector is not None:
            V[:-1] = V[:-1] @ self.projector
        return V

    def penalised(self, V: np.ndarray) -> np.ndarray:
        """Return the gradient of the penalty."""
        # The chain rule for W = unit V.
        top = self.unit**2 * V[:-1] @ self.M
        return np.vstack([top, np.zeros((1, V.shape[1]))])

    def value(self, V: np.ndarray, logits: np.ndarray) -> float:
        """Return the objective."""
        W = self.unit * V[:-1]
        return self.datafit.loss(logits) + 0.5 * float(np.vdot(W @ self.M, W))


def descend(
    joint: Joint,
    V: np.ndarray,
    logits: np.ndarray,
    first: float,
    end: float,
    max_iter: int,
) -> tuple[np.ndarray, int]:
    """Minimise by Newton steps with backtracking line search.

    Shapes: V (n_features + 1, n_columns), logits (n_samples, n_columns) ->
    V (n_features + 1, n_columns).
    """
    datafit, spectrum = joint.datafit, joint.spectrum
    n_iter, before, n_flat = 0, np.inf, 0
    while n_iter < max_iter and n_flat < MAX_FLAT:
        p = datafit.probabilities(logits)
        residual = datafit.cells * (p - datafit.targets)
        gradient = joint.pull(residual) + joint.penalised(V)
        size = frobenius(gradient)
        is_stalled = 0.5 * before <= size <= STALLED * first
        if size <= end or is_stalled:
            break
        before = size
        # A tolerance that decreases with the gradient makes convergence superlinear.
        step, _ = conjugate_gradient(
            _hessian(joint, p, _damping(spectrum)),
            -gradient,
            _precondition(joint, spectrum, p),
            tol=min(0.1, (size / first) ** 0.5),
            max_iter=200,
        )
        # Logits are linear in V, so the line search needs no more products with X.
        direction = joint.fits(step)
        slope = float(np.vdot(gradient, step))
        length = _line_search(joint, V, logits, step, direction, slope)
        if length == 0.0:  # no further descent in double precision
            break
        n_flat = n_flat + 1 if -length * slope <= 1e-15 else 0
        V, logits = V + length * step, logits + length * direction
        n_iter += 1
    return V, max(n_iter, 1)


def _hessian(joint: Joint, probabilities: np.ndarray, damping: float) -> Map:
    """Return the Hessian, damped by a fraction of each column's mean curvature."""
    curvature = joint.datafit.curvature(probabilities)
    added = damping * joint.datafit.mean_curvature(probabilities)

    def apply(V: np.ndarray) -> np.ndarray:
        out = joint.pull(curvature(joint.fits(V))) + joint.penalised(V)
        out[:-1] += added * V[:-1]
        return out

    return apply


def _damping(spectrum: tuple[np.ndarray, np.ndarray] | None) -> float:
    """Return the value that is added to the eigenvalues of the Gram matrix."""
    # Without eigenvectors there is no preconditioner that amplifies rounding errors.
    return 0.0 if spectrum is None else DAMPING * max(float(spectrum[0][-1]), 1e-280)


def _line_search(
    joint: Joint,
    V: np.ndarray,
    logits: np.ndarray,
    step: np.ndarray,
    direction: np.ndarray,
    slope: float,
) -> float:
    """Return the first of 1, 1/2, ... that decreases the objective enough, else 0."""
    value = joint.value(V, logits)
    length, noise = 1.0, 1e-14 * abs(value)
    while length > 1e-10:
        new = joint.value(V + length * step, logits + length * direction)
        # Armijo's rule, with a tolerance for the rounding errors of the value.
        if new <= value + 1e-4 * length * slope + noise:
            return length
        length *= 0.5
    return 0.0


def _precondition(
    joint: Joint,
    spectrum: tuple[np.ndarray, np.ndarray] | None,
    probabilities: np.ndarray,
) -> Map | None:
    """Return the inverse of the Hessian with a mean curvature per column."""
    if spectrum is None:
        return None
    values, vectors = spectrum
    curvature = joint.datafit.mean_curvature(probabilities)
    # Symmetric scaling by the curvatures of the columns makes the system separable.
    root = np.sqrt(curvature)
    m, Q = np.linalg.eigh(joint.M / np.outer(root, root))
    ridge = np.square(joint.unit) * np.maximum(m, 0.0)
    least = np.min(np.square(joint.unit)) * np.maximum(m, 0.0)
    scale = np.maximum(values, 0.0)[:, None] + least
    scale += _damping(spectrum)
    # In units of the columns the Gram matrix has a diagonal of about one, and the ridge
    # may differ between features. The excess over the smallest is applied on both
    # sides.
    sides = np.sqrt((1.0 + least) / (1.0 + ridge))

    def inverse(R: np.ndarray) -> np.ndarray:
        rotated = vectors.T @ (sides * ((R[:-1] / root) @ Q))
        top = ((sides * (vectors @ (rotated / scale))) @ Q.T) / root
        # The features are centred, so the intercepts decouple.
        return joint.allowed(np.vstack([top, R[-1] / curvature]))

    return inverse
