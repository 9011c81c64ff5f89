"""Squared error with columns of X of very different lengths: one system at a time."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import Quadratic
from sklearn_mtl.penalties import TaskCovarianceForm

__all__ = ["is_graded", "solve_graded"]

#: Ratio of the longest to the shortest column of X from which they are brought to one.
GRADED = 100.0


def is_graded(lengths: np.ndarray) -> bool:
    """Whether columns of X, of these lengths, are worth bringing to one length."""
    known = lengths[lengths > 0]
    return bool(len(known)) and bool(known.max() > GRADED * known.min())


def solve_graded(datafit: Quadratic, form: TaskCovarianceForm) -> np.ndarray:
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
    # In the eigenvectors of M the columns decouple: (G + m I) z = B q for each weight.
    for m in np.unique(weights[np.isfinite(weights)]).tolist():
        some = weights == m
        Z[:, some] = datafit.solve_in_units(Q[:, some], m)
    return Z @ Q.T
