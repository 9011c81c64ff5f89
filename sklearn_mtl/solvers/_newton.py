"""Log-loss with a penalty that is quadratic over tasks: Newton steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import CrossEntropy
from sklearn_mtl.penalties import frobenius
from sklearn_mtl.solvers._certificate import Problem, Solution, certify
from sklearn_mtl.solvers._closed_form import part_points
from sklearn_mtl.solvers._conjugate_gradient import Map, conjugate_gradient

__all__ = ["newton"]

#: Stop where the gradient is below this part of the one at zero: Newton steps get there
#: in one or two more than looser stops need, and equal data then give equal fits.
GRADIENT_TOLERANCE = 1e-11
#: Up to here the eigenvectors of the Gram matrix are cheaper than what they save.
MAX_EIGEN = 400


def newton(
    problem: Problem,
    matrix: np.ndarray,
    start: np.ndarray | None = None,
    *,
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
    max_iter : int, default=10000
        Most Newton steps.

    Returns
    -------
    Solution
        The point with its certificate.
    """
    datafit = problem.datafit
    assert isinstance(datafit, CrossEntropy)  # the caller chose by this
    basis = None
    if isinstance(datafit.X, np.ndarray) and datafit.X.shape[1] > datafit.X.shape[0]:
        # The solution lies in the span of the rows: n unknowns a task in place of p.
        left, values, basis = np.linalg.svd(datafit.X, full_matrices=False)
        datafit = datafit.replace(left * values)
    W = np.zeros((datafit.n_features, datafit.n_columns))
    if start is not None:
        W = start.copy() if basis is None else basis @ start
    W, n_iter = _descend(datafit, matrix, W, max_iter)
    point = part_points(problem, W if basis is None else basis.T @ W)
    return Solution(point, certify(problem, point), n_iter)


def _descend(
    datafit: CrossEntropy, M: np.ndarray, W: np.ndarray, max_iter: int
) -> tuple[np.ndarray, int]:
    """Return W after Newton steps with backtracking."""
    spectrum = _spectrum(datafit.X, datafit)
    first = max(frobenius(datafit.evaluate(0.0 * W).gradient), 1e-300)
    n_iter = 0
    while n_iter < max_iter:
        value, gradient, probabilities = _objective(datafit, M, W)
        size = frobenius(gradient)
        if size <= GRADIENT_TOLERANCE * first:
            break
        hessian = _with_penalty(datafit.hessian(probabilities), M)
        step, _ = conjugate_gradient(
            hessian,
            -gradient,
            _precondition(datafit, spectrum, M, probabilities),
            tol=min(0.1, (size / first) ** 0.5),
            max_iter=200,
        )
        length = _line_search(
            datafit, M, W, step, value, float(np.vdot(gradient, step))
        )
        if length == 0.0:  # no descent left in double precision
            break
        W = W + length * step
        n_iter += 1
    return W, max(n_iter, 1)


def _with_penalty(hessian: Map, M: np.ndarray) -> Map:
    return lambda V: hessian(V) + V @ M


def _objective(
    datafit: CrossEntropy, M: np.ndarray, W: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    logits = datafit.logits(W)
    probabilities = datafit.probabilities(logits)
    pull = W @ M
    value = datafit.loss(logits) + 0.5 * float(np.vdot(pull, W))
    return value, datafit.pull_back(probabilities) + pull, probabilities


def _line_search(
    datafit: CrossEntropy,
    M: np.ndarray,
    W: np.ndarray,
    step: np.ndarray,
    value: float,
    slope: float,
) -> float:
    """Return the first of 1, 1/2, 1/4, ... that descends enough, 0 if none does."""
    length = 1.0
    noise = 1e-14 * abs(value)
    while length > 1e-10:
        trial = W + length * step
        new = datafit.loss(datafit.logits(trial))
        new += 0.5 * float(np.vdot(trial @ M, trial))
        if new <= value + 1e-4 * length * slope + noise:
            return length
        length *= 0.5
    return 0.0


def _spectrum(X: Any, datafit: CrossEntropy) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the eigenvalues and vectors of the mean task's Gram matrix, if cheap."""
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
    datafit: CrossEntropy,
    spectrum: tuple[np.ndarray, np.ndarray] | None,
    M: np.ndarray,
    probabilities: np.ndarray,
) -> Map | None:
    """Return the inverse of the Hessian with one mean curvature in place of all."""
    if spectrum is None:
        return None
    values, vectors = spectrum
    curvature = datafit.mean_curvature(probabilities)
    # Symmetric scaling by the columns' curvatures makes the system separable.
    root = np.sqrt(curvature)
    m, Q = np.linalg.eigh(M / np.outer(root, root))
    scale = np.maximum(values, 0.0)[:, None] + np.maximum(m, 0.0)
    scale = np.maximum(scale, 1e-12 * scale.max())

    def inverse(R: np.ndarray) -> np.ndarray:
        rotated = vectors.T @ (R / root) @ Q
        return (vectors @ (rotated / scale) @ Q.T) / root

    return inverse
