"""Squared error with columns of X of very different lengths: one system at a time."""

from __future__ import annotations

import numpy as np
from scipy.linalg import svd

from sklearn_mtl.datafits import GramQuadratic, SampleQuadratic
from sklearn_mtl.penalties import TaskCovarianceForm

__all__ = ["is_graded", "solve_graded"]

#: Ratio of the longest to the shortest column of X from which they are brought to one.
GRADED = 100.0
#: Eigenvalues below this part of the largest are rounding.
RANK = 1e-13


def is_graded(lengths: np.ndarray) -> bool:
    """Whether columns of X, of these lengths, are worth bringing to one length."""
    known = lengths[lengths > 0]
    return bool(len(known)) and bool(known.max() > GRADED * known.min())


def solve_graded(
    datafit: GramQuadratic | SampleQuadratic, form: TaskCovarianceForm
) -> np.ndarray:
    """Minimise squared error + 1/2 tr(W M W') in units of the columns of X.

    The eigenvectors of a Gram matrix are known up to rounding of its largest value,
    which hides all short columns. Brought to a unit diagonal, each system G + m I, m
    the eigenvalues of M, has no other rounding than that of its own entries.

    Shapes: -> (n_features, n_tasks).

    Notes
    -----
    Cost: one eigendecomposition for each different eigenvalue of M.
    """
    Q, weights = form.spectrum()
    Z = np.zeros((datafit.n_features, datafit.n_columns))
    is_gram = isinstance(datafit, GramQuadratic)
    targets = (datafit.B if is_gram else datafit.z) @ Q  # type: ignore[union-attr]
    matrix = datafit.G if is_gram else datafit.operator.matrix()  # type: ignore
    for m in np.unique(weights[np.isfinite(weights)]).tolist():
        some = weights == m
        solve = _from_gram if is_gram else _from_rows
        Z[:, some] = solve(matrix, targets[:, some], m)
    return Z @ Q.T


def _from_gram(G: np.ndarray, B: np.ndarray, m: float) -> np.ndarray:
    """Return (G + m I)^+ B."""
    system = G + m * np.eye(len(G))
    unit = _units(np.sqrt(np.maximum(system.diagonal(), 0.0)))
    values, vectors = np.linalg.eigh(unit * system * unit.T)
    kept = values > RANK * values[-1]
    values, vectors = values[kept], unit * vectors[:, kept]
    return vectors @ ((vectors.T @ B) / values[:, None])


def _from_rows(X: np.ndarray, z: np.ndarray, m: float) -> np.ndarray:
    """Return (X'X + m I)^+ X'z, for fewer rows than features."""
    # The ridge is in the units of X, which then stay.
    unit = np.ones((X.shape[1], 1)) if m else _units(np.linalg.norm(X, axis=0))
    U, values, Vt = svd(X * unit.T, full_matrices=False, check_finite=False)
    kept = values > RANK * values.max(initial=0.0)
    U, values, Vt = U[:, kept], values[kept], Vt[kept]
    return unit * (Vt.T @ ((U.T @ z) * (values / (values**2 + m))[:, None]))


def _units(lengths: np.ndarray) -> np.ndarray:
    """Return what columns are multiplied with to have length 1, (n_features, 1)."""
    return 1.0 / np.where(lengths > 0, lengths, 1.0)[:, None]
