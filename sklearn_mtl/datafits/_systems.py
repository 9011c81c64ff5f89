"""Linear systems shared by all tasks, solved with scaled columns."""

from __future__ import annotations

import numpy as np
from scipy.linalg import svd

__all__ = ["RANK", "solve_gram", "solve_samples", "spectrum_of_samples"]

#: Eigenvalues below this fraction of the largest one are rounding errors.
RANK = 1e-13


def spectrum_of_samples(X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nonzero eigenvalues of X'X and their eigenvectors, from X X'."""
    # X X' has the same nonzero eigenvalues and is usually smaller here.
    values, left = np.linalg.eigh(X @ X.T)
    kept = values > RANK * values[-1]
    values, left = values[kept], left[:, kept]
    return values, X.T @ (left / np.sqrt(values))


def solve_gram(G: np.ndarray, B: np.ndarray, m: float) -> np.ndarray:
    """Return (G + m I)^+ B."""
    system = G + m * np.eye(len(G))
    # With columns of norm 1, a small feature is not mistaken for rounding error.
    unit = _units(np.sqrt(np.maximum(system.diagonal(), 0.0)))
    values, vectors = np.linalg.eigh(unit * system * unit.T)
    kept = values > RANK * values[-1]
    values, vectors = values[kept], unit * vectors[:, kept]
    return vectors @ ((vectors.T @ B) / values[:, None])


def solve_samples(X: np.ndarray, z: np.ndarray, m: float) -> np.ndarray:
    """Return (X'X + m I)^+ X'z, for fewer samples than features."""
    # With a ridge X must not be scaled, because m is in the units of X.
    unit = np.ones((X.shape[1], 1)) if m else _units(np.linalg.norm(X, axis=0))
    U, values, Vt = svd(X * unit.T, full_matrices=False, check_finite=False)
    kept = values > RANK * values.max(initial=0.0)
    U, values, Vt = U[:, kept], values[kept], Vt[kept]
    return unit * (Vt.T @ ((U.T @ z) * (values / (values**2 + m))[:, None]))


def _units(lengths: np.ndarray) -> np.ndarray:
    """Return factors that scale columns to norm 1, of shape (n_features, 1)."""
    return 1.0 / np.where(lengths > 0, lengths, 1.0)[:, None]
