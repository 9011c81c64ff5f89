"""Working set of features, with their columns and Gram matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from sklearn_mtl.datafits import SharedSamples, largest_eigenvalue

__all__ = ["WorkingSet", "gram_bound", "worst"]

#: Features with at least this fraction of their bound may be added, too.
NEAR = 0.9
#: Smallest number of features to add, if so many are near their bound.
FEWEST = 50


class WorkingSet:
    """Features in the working set; if the Gram matrix is given, all features.

    Attributes
    ----------
    members : ndarray of shape (n_members,)
        Indices of the features, in the order in which they were added.
    is_member : ndarray of shape (n_features,)
        Whether a feature is in the working set.
    squares : ndarray of shape (n_members,)
        Diagonal of the Gram matrix.
    has_gram : bool
        Whether the Gram matrix is kept. It is not if it is much larger than the
        columns.
    """

    def __init__(self, datafit: Any) -> None:
        self.has_gram, self._bound = True, np.nan
        if datafit.has_gram:
            self.operator: SharedSamples | None = None
            self.members = np.arange(datafit.n_features)
            self.is_member = np.ones(datafit.n_features, dtype=bool)
            self.B, self._gram = datafit.B, np.ascontiguousarray(datafit.G)
            self.squares = self._gram.diagonal().copy()
            return
        self.operator = datafit.operator
        self.members = np.zeros(0, dtype=np.intp)
        self.is_member = np.zeros(datafit.n_features, dtype=bool)
        self.z, self.B = datafit.z, datafit.moments
        self.squares = np.zeros(0)
        self._columns = np.empty((0, len(datafit.z)))
        self._gram = np.empty((0, 0))

    def __len__(self) -> int:
        return len(self.members)

    @property
    def columns(self) -> np.ndarray:
        """Columns of X of the members as rows, (n_members, n_samples)."""
        return self._columns[: len(self)]

    @property
    def gram(self) -> np.ndarray:
        """Gram matrix of the members, (n_members, n_members)."""
        return self._gram[: len(self), : len(self)]

    @property
    def rows(self) -> np.ndarray:
        """Argument A of `cycle_groups`: rows of the Gram matrix, or columns of X."""
        return self._gram[: len(self)] if self.has_gram else self.columns

    @property
    def target(self) -> np.ndarray:
        """Targets of `rows`, tasks first: products with features, or the targets."""
        if self.has_gram:
            return np.ascontiguousarray(self.B[self.members].T)
        return self.z.T

    def extend(self, features: np.ndarray) -> None:
        """Add features, and their products to the Gram matrix."""
        features = features[~self.is_member[features]]
        if not len(features):
            return
        self.is_member[features] = True
        k, n, n_samples = len(self), len(self) + len(features), self._columns.shape[1]
        self.members = np.concatenate([self.members, features])
        self._bound = np.nan
        self._columns = _grown(self._columns, n, (n, n_samples))
        assert self.operator is not None  # in Gram form all features are members
        self._columns[k:n] = self.operator.restrict(features).matrix().T
        new = self._columns[k:n]
        squares = np.einsum("ji,ji->j", new, new)
        self.squares = np.concatenate([self.squares, squares])
        # With more members, the columns are smaller than the Gram matrix.
        self.has_gram = self.has_gram and n <= 2 * n_samples
        if self.has_gram:
            self._gram = _grown(self._gram, n, (n, n))
            self._gram[k:n, :n] = new @ self.columns.T
            self._gram[:k, k:n] = self._gram[k:n, :k].T
        else:
            self._gram = np.empty((0, 0))

    def residual(self, W: np.ndarray) -> np.ndarray:
        """Return z - X W for coefficients of the members, (n_samples, n_tasks)."""
        used = np.flatnonzero(W.any(axis=1))
        if 2 * len(used) < len(W):
            return self.z - self.columns[used].T @ W[used]
        return self.z - self.columns.T @ W

    def bound(self) -> float:
        """Return an upper bound of the largest eigenvalue of the Gram matrix."""
        if np.isnan(self._bound):
            # Both products of the columns have the same eigenvalues; use the smaller
            # one.
            gram = self.gram if self.has_gram else self.columns.T @ self.columns
            self._bound = gram_bound(gram)
        return self._bound


def worst(violations: np.ndarray, n_used: int) -> np.ndarray:
    """Return the features to add, none if all gradients are within their bounds.

    Shapes: violations (n_features,), norms of gradients divided by their bounds.
    """
    if not (violations > 1.0).any():
        return np.zeros(0, dtype=np.intp)
    near = np.flatnonzero(violations > NEAR)
    order = np.argsort(-violations[near], kind="stable")
    # Add at most twice as many features as are used.
    return near[order[: max(2 * n_used, FEWEST)]]


def gram_bound(G: np.ndarray) -> float:
    """Return a bound of the largest eigenvalue; exact if the matrix is small."""
    if len(G) <= 50:
        return float(np.linalg.eigvalsh(G)[-1])
    # Few iterations and a wide margin, because a log-loss needs this for every model.
    return largest_eigenvalue(lambda v: G @ v, (len(G), 1), n_iter=20, margin=1.1)


def _grown(buffer: np.ndarray, n_groups: int, shape: tuple[int, int]) -> np.ndarray:
    """Return a buffer with room for the shape, at least doubled if it grows."""
    if n_groups <= len(buffer):
        return buffer
    room = tuple(
        max(2 * old, new) if old != new else new
        for old, new in zip(buffer.shape, shape, strict=True)
    )
    out = np.empty(room)
    out[: buffer.shape[0], : buffer.shape[1]] = buffer
    return out
