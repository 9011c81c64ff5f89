"""Squared error if the columns of X have very different norms."""

from __future__ import annotations

import numpy as np

from sklearn_mtl.datafits import Quadratic
from sklearn_mtl.penalties import TaskCovarianceForm

__all__ = ["is_graded", "solve_graded"]

#: Ratio of the largest to the smallest norm of a column from which columns are scaled.
GRADED = 100.0


def is_graded(lengths: np.ndarray) -> bool:
    """Return whether columns of X with these norms should be scaled."""
    known = lengths[lengths > 0]
    return bool(len(known)) and bool(known.max() > GRADED * known.min())


def solve_graded(datafit: Quadratic, form: TaskCovarianceForm) -> np.ndarray:
    """Minimise squared error + 1/2 tr(W M W') in units of the columns of X.

    The eigenvectors of a Gram matrix are accurate up to rounding errors of its largest
    value, which hide short columns. Each system G + m I, with m an eigenvalue of M, is
    therefore scaled to a unit diagonal, where rounding errors are relative to its
    entries.

    Shapes: -> (n_features, n_tasks).

    Notes
    -----
    One eigendecomposition per distinct eigenvalue of M.
    """
    Q, weights = form.spectrum()
    Z = np.zeros((datafit.n_features, datafit.n_columns))
    # In the eigenvectors of M the columns decouple: (G + m I) z = B q for each m.
    for m in np.unique(weights[np.isfinite(weights)]).tolist():
        some = weights == m
        Z[:, some] = datafit.solve_in_units(Q[:, some], m)
    return Z @ Q.T
