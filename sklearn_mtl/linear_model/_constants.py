"""Constant columns of X, which have no effect if there is an intercept."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.utils._typing import Matrix

__all__ = ["blank_constants"]


def blank_constants(X: Matrix, rows: np.ndarray) -> Any:
    """Return X with zeros in the columns that are constant over these rows.

    After centring, such a column contains only rounding errors. Without a penalty its
    coefficient would be determined by them.

    Shapes: X (n_samples, n_features) -> (n_samples, n_features).
    """
    # Three rows are enough to rule out almost all columns.
    few = _dense(X[rows[[0, len(rows) // 2, -1]]])
    candidates = np.flatnonzero((few == few[0]).all(axis=0) & (few[0] != 0.0))
    if not len(candidates):
        return X
    values = _dense(X[:, candidates])[rows]
    constant = candidates[(values == values[0]).all(axis=0)]
    if sparse.issparse(X):
        kept = np.ones(X.shape[1])
        kept[constant] = 0.0
        X = (X @ sparse.diags_array(kept)).tocsr()
        X.eliminate_zeros()
    elif len(constant):
        X = X.copy()
        X[:, constant] = 0.0
    return X


def _dense(X: Any) -> np.ndarray:
    dense: np.ndarray = X.toarray() if sparse.issparse(X) else X
    return dense
