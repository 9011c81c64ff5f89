"""Squared error with a penalty that is quadratic over tasks: one linear system."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import (
    CenteredRows,
    Evaluation,
    GramQuadratic,
    RowQuadratic,
)
from sklearn_mtl.penalties import Decomposition, TaskCovarianceForm
from sklearn_mtl.solvers._certificate import Problem, Scales, Solution, certify
from sklearn_mtl.solvers._conjugate_gradient import Map, conjugate_gradient

__all__ = ["Spectrum", "closed_form", "part_points"]

#: Eigenvalues below this part of the largest are rounding.
RANK = 1e-13


class Spectrum:
    """Eigenvectors of the Gram matrix that all tasks share, thin where p > n.

    Parameters
    ----------
    datafit : GramQuadratic or RowQuadratic
        The data term, with the same rows and weights for all tasks.
    """

    def __init__(self, datafit: GramQuadratic | RowQuadratic) -> None:
        if isinstance(datafit, GramQuadratic):
            values, vectors = np.linalg.eigh(datafit.G)
            B = datafit.B
        else:
            X = datafit.operator.matrix()  # type: ignore[attr-defined]
            values, left = np.linalg.eigh(X @ X.T)
            kept = values > RANK * values[-1]
            values, left = values[kept], left[:, kept]
            vectors = X.T @ (left / np.sqrt(values))
            B = X.T @ datafit.z
        kept = values > RANK * max(values[-1], 0.0) if len(values) else values > 0
        self.values, self.vectors = values[kept], vectors[:, kept]
        self.targets = self.vectors.T @ B

    def solve(self, form: TaskCovarianceForm) -> np.ndarray:
        """Return the minimiser, of least length where it is not unique."""
        Q, weights = form.spectrum()
        rotated = self.targets @ Q
        return self.vectors @ (rotated / (self.values[:, None] + weights)) @ Q.T


def has_spectrum(datafit: object) -> bool:
    """Whether all tasks share one Gram matrix, or one set of dense rows."""
    if isinstance(datafit, GramQuadratic):
        return datafit.is_shared
    return isinstance(datafit, RowQuadratic) and isinstance(
        datafit.operator, CenteredRows
    )


def closed_form(
    problem: Problem,
    form: TaskCovarianceForm,
    *,
    spectrum: Spectrum | None = None,
    scales: Scales | None = None,
    max_iter: int = 10000,
) -> Solution:
    """Solve G_t w_t + W M = b_t for all tasks.

    With a Gram matrix that all tasks share, its eigenvectors and those of M separate
    the unknowns. Else by conjugate gradients, preconditioned by each task's own system
    and, where M leaves directions free, by the exact system in these directions.

    Parameters
    ----------
    problem : Problem
        A quadratic data term, the penalty, the layout.
    form : TaskCovarianceForm
        The penalty as a quadratic over tasks.
    spectrum : Spectrum, default=None
        Of the data term, where it is known from another penalty.
    scales : Scales, default=None
        Loss and gradient at zero, where they are known.
    max_iter : int, default=10000
        Most iterations of conjugate gradients.

    Returns
    -------
    Solution
        The point with its certificate.
    """
    datafit = problem.datafit
    if spectrum is not None or has_spectrum(datafit):
        W = (spectrum or Spectrum(datafit)).solve(form)  # type: ignore[arg-type]
        n_iter = 1
    else:
        W, n_iter = _iterate(datafit, form, max_iter)  # type: ignore[arg-type]
    here = datafit.evaluate(W)
    point = part_points(problem, W, here)
    return Solution(point, certify(problem, point, here, scales), max(n_iter, 1))


def _iterate(
    datafit: GramQuadratic | RowQuadratic, form: TaskCovarianceForm, max_iter: int
) -> tuple[np.ndarray, int]:
    """Return W by preconditioned conjugate gradients."""
    Q, weights = form.spectrum()
    allowed = np.isfinite(weights)
    basis, m = Q[:, allowed], weights[allowed]
    B = -datafit.evaluate(np.zeros((datafit.n_features, datafit.n_columns))).gradient
    precondition = None
    if allowed.all() and isinstance(datafit, GramQuadratic):
        basis, matrix = np.eye(len(m)), (basis * m) @ basis.T
        precondition = _block_inverse(datafit, matrix, form.free)

        def apply(Z: np.ndarray) -> np.ndarray:
            return datafit.apply(Z) + Z @ matrix

    else:

        def apply(Z: np.ndarray) -> np.ndarray:
            return datafit.apply(Z @ basis.T) @ basis + Z * m

    Z, n_iter = conjugate_gradient(apply, B @ basis, precondition, max_iter=max_iter)
    return Z @ basis.T, n_iter


def _block_inverse(datafit: GramQuadratic, matrix: np.ndarray, free: np.ndarray) -> Map:
    """Return the inverse of each task's system, plus that of the free directions."""
    n_features = datafit.n_features
    eye = np.eye(n_features)
    systems = datafit.G + np.diag(matrix)[:, None, None] * eye
    trace = np.trace(systems, axis1=1, axis2=2)[:, None, None] / n_features
    inverses = np.linalg.inv(systems + (RANK * trace + 1e-300) * eye)
    n_free = free.shape[1]
    if (
        n_free == len(matrix) or n_free * n_features > 2000
    ):  # the exact system would cost more than it saves
        n_free = 0
    if n_free:
        joint = np.einsum("ta,tb,tjl->ajbl", free, free, datafit.G, optimize=True)
        joint = joint.reshape(n_free * n_features, -1)
        coarse = np.linalg.pinv(joint, hermitian=True)

    def precondition(R: np.ndarray) -> np.ndarray:
        Z = np.matmul(inverses, R.T[:, :, None])[:, :, 0].T
        if n_free:
            along = coarse @ (R @ free).T.ravel()
            Z = Z + along.reshape(n_free, n_features).T @ free.T
        return Z

    return precondition


def part_points(
    problem: Problem, W: np.ndarray, here: Evaluation | None = None
) -> np.ndarray:
    """Return W, or its split between the parts of a decomposition.

    All parts have the same dual point U, so that part k is U K_k; what that leaves goes
    to the first part with free directions.
    """
    penalty = problem.penalty
    if not isinstance(penalty, Decomposition):
        return W
    here = problem.datafit.evaluate(W) if here is None else here
    U = -here.gradient
    forms = [member.task_covariance_form(problem.columns) for member in penalty.members]
    parts = [U @ form.covariance for form in forms if form is not None]
    first = next(
        (k for k, form in enumerate(forms) if form is not None and form.free.size), None
    )
    rest = W - np.sum(parts, axis=0)
    if first is not None:
        free = forms[first].free  # type: ignore[union-attr]
        parts[first] = parts[first] + rest @ free @ free.T
    # What is left is rounding, and any part takes it.
    parts[-1] = parts[-1] + (W - np.sum(parts, axis=0))
    return np.stack(parts)
