"""Linear maps from coefficients to weighted, centred predictions, and adjoints."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from scipy import sparse

__all__ = ["FitOperator", "SeparateSamples", "SharedSamples", "WeightedSamples"]


class FitOperator(Protocol):
    """Linear map A from W (n_features, n_tasks) to fits of any shape."""

    n_features: int

    def fit(self, W: np.ndarray) -> np.ndarray:
        """Return A(W)."""
        ...

    def adjoint(self, R: np.ndarray) -> np.ndarray:
        """Return A'(R), (n_features, n_tasks)."""
        ...

    def gram(self) -> np.ndarray:
        """Return A'A of shape (n_features, n_features), or one such matrix per task."""
        ...

    def restrict(self, features: np.ndarray) -> FitOperator:
        """Return the map restricted to these features."""
        ...

    def feature_lengths(self) -> np.ndarray:
        """Return the norm of each feature's column, the largest over tasks."""
        ...


class SharedSamples:
    """Dense X with equal weights for all tasks, weighted and centred on the fly.

    A weighted copy of X would cost more than a sparse solution.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Inputs. Their means must not exceed a few standard deviations, otherwise
        centring the results loses digits.
    roots : ndarray of shape (n_samples, 1)
        Square roots of the sample weights.
    mean : ndarray of shape (n_features,)
        Weighted means by which the columns are centred; zeros without an intercept.
    """

    def __init__(self, X: np.ndarray, roots: np.ndarray, mean: np.ndarray) -> None:
        self.X, self.roots, self.mean = X, roots, mean
        self.weights = roots**2
        self.total = max(float(self.weights.sum()), 1e-300)
        self.n_features = X.shape[1]

    def fit(self, W: np.ndarray) -> np.ndarray:
        """Return X W; if most features have zero coefficients, they are skipped."""
        used = np.flatnonzero(W.any(axis=1))
        if 4 * len(used) < len(W):
            return self.roots * (self.X[:, used] @ W[used] - self.mean[used] @ W[used])
        return self.roots * (self.X @ W - self.mean @ W)

    def adjoint(self, R: np.ndarray) -> np.ndarray:
        """Return X' R."""
        cells = self.roots * R
        if self.mean.any():  # centring the residuals is the same as centring X
            cells -= self.weights * (cells.sum(axis=0) / self.total)
        return self.X.T @ cells

    def matrix(self) -> np.ndarray:
        """Return X, weighted and centred."""
        return self.roots * (self.X - self.mean)

    def gram(self) -> np.ndarray:
        """Return X' X."""
        X = self.matrix()
        return X.T @ X

    def restrict(self, features: np.ndarray) -> SharedSamples:
        """Return the map restricted to these features."""
        return SharedSamples(self.X[:, features], self.roots, self.mean[features])

    def feature_lengths(self) -> np.ndarray:
        """Return the norms of the columns of X."""
        first = self.roots[0]
        is_even = (self.roots == first).all()
        X = self.X if is_even else self.roots * self.X
        # sum of w (x - m)^2 = sum of w x^2 - (sum of w) m^2 needs no centred copy.
        # There is little cancellation, because X was shifted.
        squares = np.einsum("ij,ij->j", X, X) * (first**2 if is_even else 1.0)
        return np.sqrt(np.maximum(squares - self.total * self.mean**2, 0.0))


class WeightedSamples:
    """X with weights per label; the fits are centred, so that X can stay sparse.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n_samples, n_features)
        Inputs.
    roots : ndarray of shape (n_samples, n_tasks)
        Square roots of the weights of the labels.
    means : ndarray of shape (n_features, n_tasks)
        Means by which the columns are centred, per task; zeros without an intercept.
    """

    def __init__(self, X: Any, roots: np.ndarray, means: np.ndarray) -> None:
        self.X, self.roots, self.means = X, roots, means
        self.n_features = X.shape[1]

    # Each task has its own means, because other labels are missing. Therefore the fits
    # are centred (one number per task), and X is stored once.

    def fit(self, W: np.ndarray) -> np.ndarray:
        """Return roots (X W - means . W)."""
        return self.roots * (self.X @ W - np.einsum("jt,jt->t", self.means, W))

    def adjoint(self, R: np.ndarray) -> np.ndarray:
        """Return X' (roots R) - means (sum of roots R)."""
        cells = self.roots * R
        return self.X.T @ cells - self.means * cells.sum(axis=0)

    def gram(self) -> np.ndarray:
        """Return one Gram matrix per task, (n_tasks, n_features, n_features)."""
        return np.stack([self._task_gram(t) for t in range(self.roots.shape[1])])

    def _task_gram(self, t: int) -> np.ndarray:
        rows = np.flatnonzero(self.roots[:, t])
        weights, mean = self.roots[rows, t], self.means[:, t]
        part = self.X[rows]
        if sparse.issparse(part):
            scaled = part.multiply(weights[:, None]).tocsr()
            total = float(weights @ weights)
            # Expand sum_i w_i (x_i - m)(x_i - m)', because centred samples are not
            # sparse.
            gram: np.ndarray = (scaled.T @ scaled).toarray()
            sums = part.T @ weights**2
            crossed = np.outer(sums, mean)
            return gram - crossed - crossed.T + total * np.outer(mean, mean)
        centred = weights[:, None] * (part - mean)
        return centred.T @ centred

    def restrict(self, features: np.ndarray) -> WeightedSamples:
        """Return the map restricted to these features."""
        return WeightedSamples(self.X[:, features], self.roots, self.means[features])

    def feature_lengths(self) -> np.ndarray:
        """Return the norm of each feature's column, the largest over tasks."""
        squares = self.X.multiply(self.X) if sparse.issparse(self.X) else self.X**2
        weights = self.roots**2
        moments = squares.T @ weights - 2.0 * self.means * (self.X.T @ weights)
        lengths = moments + self.means**2 * weights.sum(axis=0)
        return np.sqrt(np.maximum(lengths, 0.0).max(axis=1))


class SeparateSamples:
    """Dense, weighted and centred samples of tasks that have no samples in common.

    Each sample is multiplied only by the coefficients of its task. The fits are one
    vector, task after task.
    """

    def __init__(self, blocks: list[np.ndarray]) -> None:
        self.blocks = blocks
        self.n_features = blocks[0].shape[1]
        ends = np.cumsum([0, *map(len, blocks)]).tolist()
        self.parts = list(map(slice, ends[:-1], ends[1:]))

    def fit(self, W: np.ndarray) -> np.ndarray:
        """Return the fits of all blocks, concatenated."""
        pairs = zip(self.blocks, W.T, strict=True)
        return np.concatenate([block @ w for block, w in pairs])

    def adjoint(self, R: np.ndarray) -> np.ndarray:
        """Return the adjoint of each block as a column."""
        pairs = zip(self.blocks, self.parts, strict=True)
        return np.array([R[part] @ block for block, part in pairs]).T

    def gram(self) -> np.ndarray:
        """Return one Gram matrix per task, (n_tasks, n_features, n_features)."""
        return np.array([block.T @ block for block in self.blocks])

    def restrict(self, features: np.ndarray) -> SeparateSamples:
        """Return the map restricted to these features."""
        return SeparateSamples([block[:, features] for block in self.blocks])

    def feature_lengths(self) -> np.ndarray:
        """Return the norm of each feature's column, the largest over tasks."""
        squares = [np.einsum("ij,ij->j", block, block) for block in self.blocks]
        return np.sqrt(np.max(squares, axis=0))
