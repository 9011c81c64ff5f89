"""Ridge regression of many columns on one table, with predictions of every fold.

All of it happens in the axes of the table, of which there are min(n, p): there the
penalised normal equations of complete columns are diagonal, and those of a fold or of a
column with gaps are close to it. A large sparse table, whose axes would take much more
memory than the table, keeps its columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg, sparse
from sklearn.utils.extmath import randomized_svd

from sklearn_mtl.preprocessing import is_wide
from sklearn_mtl.utils._typing import Matrix

__all__ = ["RidgeAxes", "find_axes", "solve_ridge", "weight_patterns"]

MAX_AXES = 2000  # more are not worth their cube; the largest are kept
_RANK = 1e-10  # axes with less of the largest eigenvalue are rounding
_FEW = 100  # rows up to which the solution is exact, whatever that costs
_MAX_ITER = 100
_TYPICAL_ITER = 12  # of conjugate gradients, to guess what is cheaper
_CELLS = 2**22  # of a block of predictions held at once
_MOST_CELLS = 2**24  # of the axes of a wide sparse table and of its rows in them


@dataclass(frozen=True)
class RidgeAxes:
    """Orthogonal directions of a table.

    Attributes
    ----------
    mean : ndarray of shape (n_features,)
        What is subtracted from the columns.
    directions : ndarray of shape (n_features, n_axes) or None
        Orthonormal; None if the columns as they are take the place of axes.
    """

    mean: np.ndarray
    directions: np.ndarray | None

    def coordinates(self, X: Matrix) -> Matrix:
        """Return rows in these axes, and a last column of ones for the intercept."""
        if self.directions is None:
            return sparse.csr_array(sparse.hstack([X, np.ones((X.shape[0], 1))]))
        Z = np.asarray(X @ self.directions) - self.mean @ self.directions
        return np.hstack([Z, np.ones((len(Z), 1))])

    def in_columns(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return slopes and intercepts on the columns of the table.

        Shapes: coefficients (n_axes + 1, n_columns) -> (n_features, n_columns),
        (n_columns,).
        """
        if self.directions is None:
            return coefficients[:-1], coefficients[-1]
        slopes = self.directions @ coefficients[:-1]
        return slopes, coefficients[-1] - self.mean @ slopes


def find_axes(
    X: Matrix,
    weights: np.ndarray,
    random_state: int = 0,
    *,
    may_stay_sparse: bool = False,
) -> RidgeAxes:
    """Return the axes in which the Gram matrix of weighted rows is diagonal.

    Shapes: X (n_samples, n_features), weights (n_samples,).
    """
    n_samples, n_features = X.shape
    weights = weights / weights.sum()
    mean = np.asarray(weights @ X).ravel()
    n_cells = min(n_samples, n_features) * (n_samples + n_features)
    if may_stay_sparse and is_wide(X) and n_cells > _MOST_CELLS:
        return RidgeAxes(np.zeros(n_features), None)
    root = np.sqrt(weights)
    scaled = sparse.diags_array(root) @ X if sparse.issparse(X) else root[:, None] * X
    # An exact decomposition would take the cube of the smaller side.
    if min(n_samples, n_features) > MAX_AXES:
        _, _, axes = randomized_svd(scaled, MAX_AXES, random_state=random_state)
        return RidgeAxes(mean, axes.T)
    if n_features <= n_samples:
        gram = _dense(scaled.T @ scaled) - np.outer(mean, mean)
        values, vectors = linalg.eigh(gram)
        return RidgeAxes(mean, vectors[:, values > _RANK * max(values[-1], 0.0)])
    # The kernel is centred by its products, because a centred X is not sparse.
    cross = _dense(scaled @ mean)
    kernel = _dense(scaled @ scaled.T)
    kernel -= np.outer(root, cross) + np.outer(cross, root)
    kernel += (mean @ mean) * np.outer(root, root)
    values, vectors = linalg.eigh(kernel)
    kept = values > _RANK * max(values[-1], 0.0)
    vectors = vectors[:, kept] / np.sqrt(values[kept])
    axes = np.asarray(scaled.T @ vectors) - np.outer(mean, root @ vectors)
    return RidgeAxes(mean, axes)


def weight_patterns(weights: np.ndarray) -> np.ndarray:
    """Return a number for each column; columns of equal weights have the same."""
    found: dict[bytes, int] = {}
    return np.array(
        [
            found.setdefault(np.ascontiguousarray(column).tobytes(), len(found))
            for column in weights.T
        ],
        dtype=np.intp,
    )


def solve_ridge(
    Z: Matrix,
    targets: np.ndarray,
    weights: np.ndarray,
    strengths: np.ndarray,
    tol: float = 1e-7,
) -> np.ndarray:
    r"""Fit every column with every strength.

    Minimises, for each column d and strength g,

    .. math:: \sum_i w_{id} (y_{id} - z_i b)^2 + g \sum_i w_{id} \|b\|^2

    where the last coefficient of b, the intercept, is free.

    Shapes: Z (n_samples, n_axes + 1), targets (n_samples, n_columns),
    weights (n_samples, n_columns), strengths (n_strengths, n_columns) ->
    (n_strengths, n_axes + 1, n_columns).

    Notes
    -----
    Columns with equal weights share one eigendecomposition, O(r^3) for r axes. Where
    there are many patterns of weights and many axes, conjugate gradients cost less: r n
    an iteration and column; the diagonal that the axes give preconditions them.
    """
    patterns = weight_patterns(weights)
    n_samples, n_axes = Z.shape
    n_patterns = patterns.max(initial=-1) + 1
    # An eigendecomposition takes about 10 n_axes^3 operations.
    direct = n_patterns * (10 * n_axes**3 + 2 * n_samples * n_axes**2)
    iterated = 4.0 * n_samples * n_axes * strengths.size * _TYPICAL_ITER
    out = np.empty((len(strengths), n_axes, targets.shape[1]))
    is_sparse = sparse.issparse(Z)
    if not is_sparse and (direct <= iterated or n_samples <= _FEW):
        for number in range(n_patterns):
            at = np.flatnonzero(patterns == number)
            row_weights = weights[:, at[0]]
            out[:, :, at] = _solve_directly(
                Z, targets[:, at], row_weights, strengths[:, at]
            )
        return out
    longest = max(n_samples, n_axes) if is_sparse else n_samples
    for block in _blocks(targets.shape[1], longest * len(strengths)):
        parts = targets[:, block], weights[:, block], strengths[:, block]
        out[:, :, block] = _iterate(Z, *parts, tol)
    return out


def _dense(matrix: Any) -> np.ndarray:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)


def _blocks(n_columns: int, cells_each: int) -> Iterator[slice]:
    """Yield slices of columns whose predictions fit in `_CELLS`."""
    step = max(1, _CELLS // max(cells_each, 1))
    for start in range(0, n_columns, step):
        yield slice(start, start + step)


def _solve_directly(
    Z: np.ndarray, targets: np.ndarray, weights: np.ndarray, strengths: np.ndarray
) -> np.ndarray:
    """Solve columns with the same row weights by one eigendecomposition."""
    total = max(weights.sum(), np.finfo(np.float64).tiny)
    share = weights / total
    centre, offset = share @ Z[:, :-1], share @ targets
    centred = Z[:, :-1] - centre
    weighted = share[:, None] * centred
    values, vectors = linalg.eigh(weighted.T @ centred)
    right = vectors.T @ (weighted.T @ (targets - offset))  # (n_axes, n_columns)
    values = np.maximum(values, 0.0)
    inner = right / (values[:, None] + strengths[:, None, :])
    slopes = np.matmul(vectors, inner)  # (n_strengths, n_axes, n_columns)
    intercepts = offset - np.einsum("j,gjd->gd", centre, slopes)
    return np.concatenate([slopes, intercepts[:, None]], axis=1)


def _iterate(
    Z: Matrix,
    targets: np.ndarray,
    weights: np.ndarray,
    strengths: np.ndarray,
    tol: float,
) -> np.ndarray:
    """Solve by conjugate gradients for all strengths and columns at once."""
    shape = (len(strengths), Z.shape[1], targets.shape[1])
    total = np.maximum(weights.sum(axis=0), np.finfo(np.float64).tiny)
    share = np.tile(weights / total, len(strengths))  # (n_samples, L * D)
    penalty = np.zeros((Z.shape[1], share.shape[1]))
    # The last coordinate is the intercept, which is not penalised.
    penalty[:-1] = strengths.ravel()
    # the diagonal of the equations where every row counts alike
    squares = Z**2 if isinstance(Z, np.ndarray) else Z.multiply(Z)
    diagonal = np.asarray(squares.mean(axis=0))[:, None] + penalty
    residual = np.tile(Z.T @ (weights / total * targets), len(strengths))
    goal = tol * linalg.norm(residual, axis=0)
    point, direction, last = np.zeros_like(residual), np.zeros_like(residual), 1.0
    for _ in range(_MAX_ITER):
        if (linalg.norm(residual, axis=0) <= goal).all():
            break
        better = residual / diagonal
        now = np.sum(residual * better, axis=0)
        direction = better + _ratio(now, last) * direction
        image = Z.T @ (share * (Z @ direction)) + penalty * direction
        step = _ratio(now, np.sum(direction * image, axis=0))
        point += step * direction
        residual -= step * image
        last = now
    return point.reshape(shape[1], shape[0], shape[2]).transpose(1, 0, 2)


def _ratio(above: np.ndarray, below: Any) -> np.ndarray:
    """Return a quotient that is 0 where a column has converged exactly."""
    return np.divide(
        above, below, out=np.zeros_like(above), where=np.asarray(below) > 0
    )
