"""Scales of columns with values that are too small or too large for trees."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklearn_mtl.utils._typing import Matrix

__all__ = ["column_scales"]

# Trees of scikit-learn treat values that differ by less than 1e-7 as equal, and convert
# values to float32.
_SMALL, _LARGE = 2.0**-6, 2.0**60


def column_scales(X: Matrix) -> np.ndarray | None:
    """Return the factors of columns for trees, or None.

    The factors are powers of two, which do not cause rounding. Therefore the trees do
    not depend on the units of the columns.

    Shapes: X (n_samples, n_features) -> (n_features,).
    """
    if not X.shape[1]:
        return None
    if sparse.issparse(X):
        largest = abs(X).max(axis=0).toarray().ravel()
    else:
        largest = np.fmax(np.fmax.reduce(X, axis=0), -np.fmin.reduce(X, axis=0))
    is_far = (largest > 0) & ((largest < _SMALL) | (largest > _LARGE))
    if not is_far.any():
        return None
    exponents = np.frexp(np.where(is_far, largest, 0.5))[1]
    return np.ldexp(1.0, np.clip(-exponents, -1000, 1000))
