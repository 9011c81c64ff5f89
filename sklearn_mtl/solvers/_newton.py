"""Log-loss with a penalty that is quadratic over tasks: Newton steps."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import CrossEntropy
from sklearn_mtl.penalties import frobenius
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution, certify
from sklearn_mtl.solvers._closed_form import part_points
from sklearn_mtl.solvers._conjugate_gradient import Map, conjugate_gradient

__all__ = ["Joint", "descend", "newton", "span", "spectrum_of"]

#: Below this part of the gradient at zero a step that does not halve it is rounding.
STALLED = 1e-9
#: So many steps in a row that promise less than rounding end the search.
MAX_FLAT = 5
#: Directions with less than this part of the largest curvature take no long steps:
#: where nothing penalises them their gradient is rounding.
DAMPING = 1e-12
#: Up to here the eigenvectors of the Gram matrix are cheaper than what they save.
MAX_EIGEN = 400


def newton(
    problem: Problem,
    matrix: np.ndarray,
    start: np.ndarray | None = None,
    *,
    scales: Scales | None = None,
    tol: float = 1e-6,
    max_iter: int = 10000,
) -> Solution:
    """Minimise log-loss + 1/2 tr(W M W') by Newton steps with conjugate gradients.

    Parameters
    ----------
    problem : Problem
        A cross-entropy data term, the penalty, the layout.
    matrix : ndarray of shape (n_columns, n_columns)
        M.
    start : ndarray of shape (n_features, n_columns), default=None
        First W; zeros if None.
    scales : Scales, default=None
        Loss and gradient at zero, where they are known.
    tol : float, default=1e-6
        Relative duality gap to reach. The steps end where the gradient is below
        tol^1.75 of that at zero, one or two more than the gap alone needs: equal data
        then give equal fits.
    max_iter : int, default=10000
        Most Newton steps.

    Returns
    -------
    Solution
        The point with its certificate.
    """
    datafit = problem.datafit
    assert isinstance(datafit, CrossEntropy)  # the caller chose by this
    scales = Scales(problem) if scales is None else scales
    basis, datafit = span(datafit)
    W = np.zeros((datafit.n_features, datafit.n_columns))
    if start is not None:
        W = start.copy() if basis is None else basis @ start
    end = max(tol**1.75, 1e-12) * scales.gradient
    joint = Joint(datafit, matrix)
    V = np.vstack([W, datafit.intercept(W) + joint.mean @ W])
    V, n_iter = descend(
        joint, spectrum_of(datafit), V, joint.fits(V), scales.gradient, end, max_iter
    )
    W = V[:-1]
    datafit.seed_intercept(V[-1] - joint.mean @ W)
    W = W if basis is None else basis.T @ W
    here = problem.datafit.evaluate(W)
    point = part_points(problem, W, here)
    return Solution(point, certify(problem, point, here, scales), n_iter)


def span(datafit: CrossEntropy) -> tuple[np.ndarray | None, CrossEntropy]:
    """Return a basis of the rows of X, if they are dense and few, and X in it."""
    if isinstance(datafit.X, np.ndarray) and datafit.X.shape[1] > datafit.X.shape[0]:
        # A solution lies in the span of the rows: n unknowns a task in place of p.
        left, values, basis = np.linalg.svd(datafit.X, full_matrices=False)
        return basis, datafit.replace(left * values)
    return None, datafit


class Joint:
    """Loss and penalty as a function of W and intercepts, centred to decouple them.

    The unknown is one array, (n_features + 1, n_columns): W, and below it the logits at
    the mean row. Without intercepts its last row stays zero.

    Parameters
    ----------
    datafit : CrossEntropy
        The loss.
    M : ndarray of shape (n_columns, n_columns)
        The penalty is 1/2 tr(W M W').
    projector : ndarray of shape (n_columns, n_columns), default=None
        Onto the directions of W that are allowed; all if None.
    """

    def __init__(
        self, datafit: CrossEntropy, M: np.ndarray, projector: np.ndarray | None = None
    ) -> None:
        self.datafit, self.M, self.X = datafit, M, datafit.X
        self.projector = projector
        self.XT = self.X.T
        self.on = float(datafit.fit_intercept)
        weights = datafit.weights.sum(axis=1)
        self.mean = (self.X.T @ weights) / max(weights.sum(), 1e-300) * self.on

    def fits(self, V: np.ndarray) -> np.ndarray:
        """Return the logits of an unknown."""
        fits: np.ndarray = self.X @ V[:-1] + (self.on * V[-1] - self.mean @ V[:-1])
        return fits

    def pull(self, R: np.ndarray) -> np.ndarray:
        """Return the adjoint of `fits`."""
        sums = R.sum(axis=0)
        top = self.XT @ R - np.outer(self.mean, sums)
        return self.allowed(np.vstack([top, self.on * sums]))

    def allowed(self, V: np.ndarray) -> np.ndarray:
        """Return the part of an unknown that is allowed, which may share its memory."""
        if self.projector is not None:
            V[:-1] = V[:-1] @ self.projector
        return V

    def penalised(self, V: np.ndarray) -> np.ndarray:
        """Return the gradient of the penalty."""
        return np.vstack([V[:-1] @ self.M, np.zeros((1, V.shape[1]))])

    def value(self, V: np.ndarray, logits: np.ndarray) -> float:
        """Return the objective."""
        pull = float(np.vdot(V[:-1] @ self.M, V[:-1]))
        return self.datafit.loss(logits) + 0.5 * pull


def descend(
    joint: Joint,
    spectrum: tuple[np.ndarray, np.ndarray] | None,
    V: np.ndarray,
    logits: np.ndarray,
    first: float,
    end: float,
    max_iter: int,
) -> tuple[np.ndarray, int]:
    """Minimise by Newton steps with backtracking.

    Parameters
    ----------
    joint : Joint
        The objective.
    spectrum : tuple of two ndarrays or None
        Of the data term, see `spectrum_of`.
    V : ndarray of shape (n_features + 1, n_columns)
        The first point.
    logits : ndarray of shape (n_samples, n_columns)
        There.
    first : float
        Length of the gradient at zero.
    end : float
        Length of the gradient to reach.
    max_iter : int
        Most steps.

    Returns
    -------
    V : ndarray of shape (n_features + 1, n_columns)
        The last point.
    n_iter : int
        Steps taken, at least 1.
    """
    datafit = joint.datafit
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
        step, _ = conjugate_gradient(
            _hessian(joint, p, _damping(spectrum)),
            -gradient,
            _precondition(joint, spectrum, p),
            tol=min(0.1, (size / first) ** 0.5),
            max_iter=200,
        )
        direction = joint.fits(step)
        slope = float(np.vdot(gradient, step))
        length = _line_search(joint, V, logits, step, direction, slope)
        if length == 0.0:  # no descent left in double precision
            break
        n_flat = n_flat + 1 if -length * slope <= 1e-15 else 0
        V, logits = V + length * step, logits + length * direction
        n_iter += 1
    return V, max(n_iter, 1)


def _hessian(joint: Joint, probabilities: np.ndarray, damping: float) -> Map:
    """Return the Hessian plus a little of each column's mean curvature."""
    curvature = joint.datafit.curvature(probabilities)
    added = damping * joint.datafit.mean_curvature(probabilities)

    def apply(V: np.ndarray) -> np.ndarray:
        return joint.pull(curvature(joint.fits(V))) + joint.penalised(V) + added * V

    return apply


def _damping(spectrum: tuple[np.ndarray, np.ndarray] | None) -> float:
    """Return what is added to the eigenvalues of the Gram matrix."""
    # Without eigenvectors there is no preconditioner to magnify rounding.
    return 0.0 if spectrum is None else DAMPING * max(float(spectrum[0][-1]), 1e-280)


def _line_search(
    joint: Joint,
    V: np.ndarray,
    logits: np.ndarray,
    step: np.ndarray,
    direction: np.ndarray,
    slope: float,
) -> float:
    """Return the first of 1, 1/2, ... that descends enough, 0 if none does."""
    value = joint.value(V, logits)
    length, noise = 1.0, 1e-14 * abs(value)
    while length > 1e-10:
        new = joint.value(V + length * step, logits + length * direction)
        if new <= value + 1e-4 * length * slope + noise:
            return length
        length *= 0.5
    return 0.0


def spectrum_of(datafit: CrossEntropy) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the eigenvalues and vectors of the mean task's Gram matrix, if cheap."""
    X = datafit.X
    if X.shape[1] > MAX_EIGEN:
        return None
    weights = datafit.weights.mean(axis=1)
    mean = (X.T @ weights) / max(weights.sum(), 1e-300) * datafit.fit_intercept
    if sparse.issparse(X):
        gram = (X.T @ X.multiply(weights[:, None])).toarray()
    else:
        gram = X.T @ (weights[:, None] * X)
    return np.linalg.eigh(gram - weights.sum() * np.outer(mean, mean))


def _precondition(
    joint: Joint,
    spectrum: tuple[np.ndarray, np.ndarray] | None,
    probabilities: np.ndarray,
) -> Map | None:
    """Return the inverse of the Hessian with one mean curvature in place of all."""
    if spectrum is None:
        return None
    values, vectors = spectrum
    curvature = joint.datafit.mean_curvature(probabilities)
    # Symmetric scaling by the columns' curvatures makes the system separable.
    root = np.sqrt(curvature)
    m, Q = np.linalg.eigh(joint.M / np.outer(root, root))
    scale = np.maximum(values, 0.0)[:, None] + np.maximum(m, 0.0)
    scale += _damping(spectrum)

    def inverse(R: np.ndarray) -> np.ndarray:
        rotated = vectors.T @ (R[:-1] / root) @ Q
        top = (vectors @ (rotated / scale) @ Q.T) / root
        return joint.allowed(np.vstack([top, R[-1] / curvature]))

    return inverse
