"""Principal axes of the samples, in which their covariance is diagonal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["Axes", "common_axes"]

#: Eigenvalues below this fraction of the largest one are rounding errors.
RANK = 1e-12


@dataclass(frozen=True)
class Axes:
    """Eigenvalues and eigenvectors of a covariance matrix of features.

    Attributes
    ----------
    values : ndarray of shape (r,)
        The eigenvalues above rounding errors.
    project : callable
        Returns V' A for A of shape (n_features, k), with V the eigenvectors.
    rows : callable
        Returns the rows of V for a slice of the features.
    n_features : int
        Number of features.
    """

    values: np.ndarray
    project: Callable[[np.ndarray], np.ndarray]
    rows: Callable[[slice], np.ndarray]
    n_features: int

    @classmethod
    def of_vectors(cls, values: np.ndarray, vectors: np.ndarray) -> Axes:
        """Return the axes with these eigenvectors as columns."""
        return cls(values, lambda A: vectors.T @ A, vectors.__getitem__, len(vectors))


def common_axes(X: Any, weights: np.ndarray, fit_intercept: bool) -> Axes:
    """Return the principal axes of the weighted covariance of the samples.

    Shapes: X (n_samples, n_features), weights (n_samples,).
    """
    weights = weights / max(weights.sum(), 1e-300)
    mean = (X.T @ weights) * fit_intercept
    if X.shape[1] <= X.shape[0]:
        values, vectors = np.linalg.eigh(_covariance(X, weights, mean))
        values, vectors = _without_rounding(values, vectors)
        return Axes.of_vectors(values, vectors)
    # With fewer samples than features, use their inner products: same eigenvalues.
    roots = np.sqrt(weights)
    values, left = np.linalg.eigh(roots[:, None] * _products(X, mean) * roots)
    values, left = _without_rounding(values, left)
    left = roots[:, None] * left / np.sqrt(values)

    def rows(features: slice) -> np.ndarray:
        # Computed by blocks, because all vectors at once would be as large as a dense
        # X.
        some: np.ndarray = X[:, features].T @ left
        return some - np.outer(mean[features], left.sum(axis=0))

    return Axes(values, lambda A: left.T @ (X @ A - mean @ A), rows, X.shape[1])


def _covariance(X: Any, weights: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the covariance of the features."""
    if not sparse.issparse(X):
        gram: np.ndarray = X.T @ (weights[:, None] * X)
    else:
        gram = (X.T @ X.multiply(weights[:, None])).toarray()
    return gram - np.outer(mean, mean)


def _products(X: Any, mean: np.ndarray) -> np.ndarray:
    """Return the inner products of the centred samples."""
    if not sparse.issparse(X):
        centred = X - mean
        products: np.ndarray = centred @ centred.T
        return products
    # Centred after the products, because a centred X is not sparse.
    along = X @ mean
    return (X @ X.T).toarray() - along[:, None] - along + mean @ mean


def _without_rounding(
    values: np.ndarray, vectors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    kept = values > max(RANK * values[-1], 0.0)
    return values[kept], vectors[:, kept]
