"""Information about the coefficients in class labels, from the Hessian of the loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits import LogLoss
from sklearn_mtl.solvers.evidence._posterior import Information, levels

__all__ = ["class_curvature", "information_of_classes"]

#: Smallest curvature of a logit, as a fraction of its weight.
LEAST_CURVATURE = 1e-10


def class_curvature(
    datafit: LogLoss, probabilities: np.ndarray, block: slice
) -> np.ndarray:
    """Return the Hessian of the log-loss of one task with respect to its logits.

    Shapes: probabilities (n_samples, n_columns) -> (n_samples, K, K).
    """
    p = probabilities[:, block]
    curvature = -p[:, :, None] * p[:, None, :]
    curvature += p[:, :, None] * np.eye(p.shape[1])
    out: np.ndarray = datafit.n * datafit.cells[:, block.start, None, None] * curvature
    return out


def information_of_classes(
    datafit: LogLoss, probabilities: np.ndarray, blocks: list[slice]
) -> Information:
    """Return the information in the log-losses of tasks with K columns each.

    Shapes: probabilities (n_samples, n_columns).
    """
    X, k = datafit.X, blocks[0].stop - blocks[0].start
    # Centred, because columns far from zero lose digits.
    is_sparse = sparse.issparse(X) or not datafit.fit_intercept
    mean = np.zeros(X.shape[1]) if is_sparse else X.mean(axis=0)
    X = X if is_sparse else X - mean
    parts = [
        _of_one_task(X, class_curvature(datafit, probabilities, block), datafit)
        for block in blocks
    ]
    gram, lever, level = (np.stack(part) for part in zip(*parts, strict=True))
    return Information(gram, lever + np.kron(np.eye(k), mean), level)


def _of_one_task(
    X: Any, curvature: np.ndarray, datafit: LogLoss
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the precision, lever and covariance of the intercepts of one task."""
    k, p = curvature.shape[1], X.shape[1]
    gram = np.empty((k, p, k, p))
    for i, j in zip(*np.triu_indices(k), strict=True):
        gram[i, :, j] = _weighted(X, curvature[:, i, j])
        gram[j, :, i] = gram[i, :, j].T
    gram = gram.reshape(k * p, k * p)
    if not datafit.fit_intercept:
        return gram, np.zeros((k, k * p)), np.zeros((k, k))
    cross = (X.T @ curvature.reshape(len(curvature), -1)).T.reshape(k, k * p)
    total = curvature.sum(axis=0) + LEAST_CURVATURE * datafit.n * np.eye(k)
    level = levels(total[None])[0]
    lever = level @ cross
    return gram - cross.T @ lever, lever, level


def _weighted(X: Any, weights: np.ndarray) -> np.ndarray:
    """Return X' diag(weights) X."""
    if sparse.issparse(X):
        dense: np.ndarray = (X.T @ X.multiply(weights[:, None]).tocsr()).toarray()
        return dense
    gram: np.ndarray = X.T @ (weights[:, None] * X)
    return gram
