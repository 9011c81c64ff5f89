"""Ridge regression of many target columns on one table.

The table is rotated to its principal axes. There, the penalised normal equations of
target columns without missing labels are diagonal, and those of folds and of columns
with missing labels are nearly diagonal. Large sparse tables are not rotated, because
their axes would need much more memory.
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

MAX_AXES = 2000  # maximum number of axes, because the cost grows with its cube
_RANK = 1e-10  # relative eigenvalue below which an axis is a rounding error
_FEW = 100  # number of samples up to which the direct solution is always used
_MAX_ITER = 100
_TYPICAL_ITER = 12  # iterations of conjugate gradients, to estimate their cost
# Size of a block of predictions or coefficients: 4 MB. Larger ones do not fit into the
# cache of a core, and take about twice the time.
_BLOCK_SIZE = 2**19
_WORTH_COPYING = 0.2  # fraction of converged columns for which the rest is copied
_MAX_AXES_SIZE = 2**24  # maximum size of axes and coordinates of a wide sparse table


@dataclass(frozen=True)
class RidgeAxes:
    """Principal axes of a table.

    Attributes
    ----------
    mean : ndarray of shape (n_features,)
        Mean that is subtracted from the columns.
    directions : ndarray of shape (n_features, n_axes) or None
        Orthonormal directions; None if the table is not rotated.
    """

    mean: np.ndarray
    directions: np.ndarray | None

    def coordinates(self, X: Matrix) -> Matrix:
        """Return the coordinates of samples, with a last column of ones."""
        if self.directions is None:
            return sparse.csr_array(sparse.hstack([X, np.ones((X.shape[0], 1))]))
        Z = np.asarray(X @ self.directions) - self.mean @ self.directions
        return np.hstack([Z, np.ones((len(Z), 1))])

    def in_columns(self, coefficients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return slopes and intercepts for the columns of the table.

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
    """Return the axes in which the Gram matrix of weighted samples is diagonal.

    Shapes: X (n_samples, n_features), weights (n_samples,).
    """
    n_samples, n_features = X.shape
    weights = weights / weights.sum()
    mean = np.asarray(weights @ X).ravel()
    axes_size = min(n_samples, n_features) * (n_samples + n_features)
    if may_stay_sparse and is_wide(X) and axes_size > _MAX_AXES_SIZE:
        return RidgeAxes(np.zeros(n_features), None)
    root = np.sqrt(weights)
    scaled = sparse.diags_array(root) @ X if sparse.issparse(X) else root[:, None] * X
    # The cost of an exact decomposition is cubic in the smaller dimension.
    if min(n_samples, n_features) > MAX_AXES:
        _, _, axes = randomized_svd(scaled, MAX_AXES, random_state=random_state)
        return RidgeAxes(mean, axes.T)
    if n_features <= n_samples:
        gram = _dense(scaled.T @ scaled) - np.outer(mean, mean)
        values, vectors = linalg.eigh(gram)
        return RidgeAxes(mean, vectors[:, values > _RANK * max(values[-1], 0.0)])
    # Centre the kernel instead of X, which may be sparse.
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
    """Return an index for each column that is equal for columns of equal weights."""
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
    alphas: np.ndarray,
    tol: float = 1e-7,
) -> np.ndarray:
    r"""Fit each column with each alpha.

    Minimises, for each column d and alpha g,

    .. math:: \sum_i w_{id} (y_{id} - z_i b)^2 + g \sum_i w_{id} \|b\|^2

    where the last coefficient of b, the intercept, is not penalised.

    Shapes: Z (n_samples, n_axes + 1), targets (n_samples, n_columns),
    weights (n_samples, n_columns), alphas (n_alphas, n_columns) ->
    (n_alphas, n_axes + 1, n_columns).

    Notes
    -----
    Columns with equal weights share one eigendecomposition, which costs O(r^3) for r
    axes. For many patterns of weights and many axes, preconditioned conjugate gradients
    cost less: O(r n) per iteration and column. In the principal axes, the diagonal is a
    good preconditioner.
    """
    patterns = weight_patterns(weights)
    n_samples, n_axes = Z.shape
    n_patterns = patterns.max(initial=-1) + 1
    # An eigendecomposition takes about 10 n_axes^3 operations.
    direct = n_patterns * (10 * n_axes**3 + 2 * n_samples * n_axes**2)
    iterated = 4.0 * n_samples * n_axes * alphas.size * _TYPICAL_ITER
    out = np.empty((len(alphas), n_axes, targets.shape[1]))
    is_sparse = sparse.issparse(Z)
    if not is_sparse and (direct <= iterated or n_samples <= _FEW):
        for number in range(n_patterns):
            at = np.flatnonzero(patterns == number)
            row_weights = weights[:, at[0]]
            out[:, :, at] = _solve_directly(
                Z, targets[:, at], row_weights, alphas[:, at]
            )
        return out
    longest = max(n_samples, n_axes) if is_sparse else n_samples
    for block in _blocks(targets.shape[1], longest * len(alphas)):
        parts = targets[:, block], weights[:, block], alphas[:, block]
        out[:, :, block] = _iterate(Z, *parts, tol)
    return out


def _dense(matrix: Any) -> np.ndarray:
    return matrix.toarray() if sparse.issparse(matrix) else np.asarray(matrix)


def _blocks(n_columns: int, size_each: int) -> Iterator[slice]:
    """Yield slices of columns whose predictions do not exceed the block size."""
    step = max(1, _BLOCK_SIZE // max(size_each, 1))
    for start in range(0, n_columns, step):
        yield slice(start, start + step)


def _solve_directly(
    Z: np.ndarray, targets: np.ndarray, weights: np.ndarray, alphas: np.ndarray
) -> np.ndarray:
    """Solve columns with the same weights by one eigendecomposition."""
    total = max(weights.sum(), np.finfo(np.float64).tiny)
    share = weights / total
    centre, offset = share @ Z[:, :-1], share @ targets
    centred = Z[:, :-1] - centre
    weighted = share[:, None] * centred
    values, vectors = linalg.eigh(weighted.T @ centred)
    right = vectors.T @ (weighted.T @ (targets - offset))  # (n_axes, n_columns)
    values = np.maximum(values, 0.0)
    inner = right / (values[:, None] + alphas[:, None, :])
    slopes = np.matmul(vectors, inner)  # (n_alphas, n_axes, n_columns)
    intercepts = offset - np.einsum("j,gjd->gd", centre, slopes)
    return np.concatenate([slopes, intercepts[:, None]], axis=1)


def _iterate(
    Z: Matrix,
    targets: np.ndarray,
    weights: np.ndarray,
    alphas: np.ndarray,
    tol: float,
) -> np.ndarray:
    """Solve for all alphas and columns at once by conjugate gradients.

    Converged columns are set aside, because small alphas need many more iterations than
    large ones.
    """
    active = _ActiveColumns.start(Z, targets, weights, alphas, tol)
    out = np.zeros_like(active.residual)
    for _ in range(_MAX_ITER):
        is_done = linalg.norm(active.residual, axis=0) <= active.goal
        if is_done.all():
            break
        if is_done.mean() > _WORTH_COPYING:
            out[:, active.index[is_done]] = active.point[:, is_done]
            active = active.take(~is_done)
        active.step(Z)
    out[:, active.index] = active.point
    shape = (Z.shape[1], len(alphas), targets.shape[1])
    return out.reshape(shape).transpose(1, 0, 2)


@dataclass
class _ActiveColumns:
    """State of conjugate gradients; the columns are the last dimension of all arrays.

    Shapes: index, goal, last (n_active,), share (n_samples, n_active), all others
    (n_axes, n_active).
    """

    index: np.ndarray
    goal: np.ndarray
    last: np.ndarray
    share: np.ndarray
    penalty: np.ndarray
    diagonal: np.ndarray
    residual: np.ndarray
    point: np.ndarray
    direction: np.ndarray

    @classmethod
    def start(
        cls,
        Z: Matrix,
        targets: np.ndarray,
        weights: np.ndarray,
        alphas: np.ndarray,
        tol: float,
    ) -> _ActiveColumns:
        """Return the state before the first iteration, with all columns."""
        total = np.maximum(weights.sum(axis=0), np.finfo(np.float64).tiny)
        penalty = np.tile(alphas.ravel(), (Z.shape[1], 1))
        penalty[-1] = 0.0  # the intercept
        # preconditioner: diagonal of the equations for equal weights
        squares = Z**2 if isinstance(Z, np.ndarray) else Z.multiply(Z)
        residual = np.tile(Z.T @ (weights / total * targets), len(alphas))
        return cls(
            index=np.arange(alphas.size),
            goal=tol * linalg.norm(residual, axis=0),
            last=np.ones(alphas.size),
            share=np.tile(weights / total, len(alphas)),
            penalty=penalty,
            diagonal=np.asarray(squares.mean(axis=0))[:, None] + penalty,
            residual=residual,
            point=np.zeros_like(residual),
            direction=np.zeros_like(residual),
        )

    def take(self, chosen: np.ndarray) -> _ActiveColumns:
        """Return some of the columns."""
        return _ActiveColumns(*(part[..., chosen] for part in vars(self).values()))

    def step(self, Z: Matrix) -> None:
        """Make one iteration."""
        better = self.residual / self.diagonal
        now = np.einsum("ij,ij->j", self.residual, better)
        self.direction *= _ratio(now, self.last)
        self.direction += better
        image = Z.T @ (self.share * (Z @ self.direction))
        image += self.penalty * self.direction
        step = _ratio(now, np.einsum("ij,ij->j", self.direction, image))
        self.point += step * self.direction
        self.residual -= step * image
        self.last = now


def _ratio(above: np.ndarray, below: Any) -> np.ndarray:
    """Return a quotient, which is 0 for columns that have converged exactly."""
    return np.divide(
        above, below, out=np.zeros_like(above), where=np.asarray(below) > 0
    )
