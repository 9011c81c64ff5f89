"""Weighted moments of samples, which can be subtracted to get those of a fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from sklearn_mtl.datafits._pooling import Pooling, centres
from sklearn_mtl.datafits._quadratic import Centre, GramQuadratic
from sklearn_mtl.tasks import Cells

__all__ = ["Moments", "Shift"]


@dataclass(frozen=True)
class Shift:
    """Origin of X and y, chosen so that sums of squares do not lose digits.

    Attributes
    ----------
    x : ndarray of shape (n_features,)
        Origin of the features.
    y : ndarray of shape (n_tasks,)
        Origin of the targets.
    """

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True)
class Moments:
    """Weighted sums of 1, x, y, xx', xy and y^2 for each task.

    If all tasks have the same weights, the first axis of `weight`, `x` and `xx` has
    length 1.

    Attributes
    ----------
    weight : ndarray of shape (n_groups,)
        Sums of weights.
    x : ndarray of shape (n_groups, n_features)
        Sums of the features.
    xx : ndarray of shape (n_groups, n_features, n_features)
        Sums of products of features.
    y : ndarray of shape (n_tasks,)
        Sums of the targets.
    xy : ndarray of shape (n_features, n_tasks)
        Sums of products of features and targets.
    yy : ndarray of shape (n_tasks,)
        Sums of squared targets.
    shift : Shift
        Origin of all sums.
    """

    weight: np.ndarray
    x: np.ndarray
    xx: np.ndarray
    y: np.ndarray
    xy: np.ndarray
    yy: np.ndarray
    shift: Shift

    @classmethod
    def from_cells(
        cls,
        X: Any,
        Y: np.ndarray,
        weights: np.ndarray,
        shift: Shift,
        *,
        is_shared: bool,
        cells: Cells | None = None,
    ) -> Moments:
        """Return the sums over samples.

        Shapes: X (n_samples, n_features), Y (n_samples, n_tasks), weights
        (n_samples, n_tasks).
        """
        if cells is not None and not sparse.issparse(X):
            return cls._from_separate_samples(X, Y, weights, shift, cells)
        Y = Y - shift.y
        # With equal weights all tasks have the same Gram matrix.
        groups = weights[:, :1] if is_shared else weights
        sums = [_second_moment(X, column, shift.x) for column in groups.T]
        products = weights * Y
        y = np.einsum("it->t", products)
        # X itself is not shifted, because a copy of it would be the largest array here.
        xy = X.T @ products - np.outer(shift.x, y)
        return cls(
            groups.sum(axis=0),
            np.stack([x for x, _ in sums]),
            np.stack([xx for _, xx in sums]),
            y,
            xy,
            np.einsum("it,it->t", products, Y),
            shift,
        )

    @classmethod
    def _from_separate_samples(
        cls, X: np.ndarray, Y: np.ndarray, weights: np.ndarray, shift: Shift, at: Cells
    ) -> Moments:
        """Return the sums for tasks with separate samples."""
        # The Gram matrix of the samples (x, 1, y) of a task contains all sums.
        k, roots = X.shape[1], np.sqrt(weights[at.rows, at.tasks])[:, None]
        y = Y[at.rows, at.tasks] - shift.y[at.tasks]
        # One product of the columns (x, 1, y) gives all sums.
        sums = np.empty((len(at.ends), k + 2, k + 2))
        # The samples of one task fit into the cache; a copy of X would need more
        # memory.
        room = np.empty((int(np.diff(at.ends, prepend=0).max()), k + 2))
        start = 0
        for total, end in zip(sums, at.ends.tolist(), strict=True):
            Z = room[: end - start]
            np.subtract(X[at.rows[start:end]], shift.x, out=Z[:, :k])
            Z[:, k], Z[:, k + 1] = 1.0, y[start:end]
            Z *= roots[start:end]
            np.matmul(Z.T, Z, out=total)
            start = end
        x, y = sums[:, k, :k], sums[:, k, k + 1]
        xx, xy = sums[:, :k, :k], sums[:, :k, k + 1].T
        return cls(sums[:, k, k], x, xx, y, xy, sums[:, k + 1, k + 1], shift)

    @property
    def is_shared(self) -> bool:
        """Return whether all tasks have the same weights."""
        return len(self.weight) < len(self.y) or len(self.y) == 1

    def __sub__(self, other: Moments) -> Moments:
        return Moments(
            self.weight - other.weight,
            self.x - other.x,
            self.xx - other.xx,
            self.y - other.y,
            self.xy - other.xy,
            self.yy - other.yy,
            self.shift,
        )

    def quadratic(self, fit_intercept: bool | Pooling) -> GramQuadratic:
        """Return the data term, divided by the mean sum of weights of a task."""
        # A task without weight (possible within a fold) has zeros everywhere.
        safe = np.where(self.weight > 0, self.weight, 1.0)
        w = self.weight
        if fit_intercept:
            x, y = (self.x / safe[:, None]).T, self.y / safe
            means = Centre(x + self.shift.x[:, None], y + self.shift.y)
            totals = np.broadcast_to(w, self.y.shape)
            off, back = centres(means, totals, fit_intercept)
            # Add the difference, which is exactly zero if the intercepts are not
            # penalised.
            x, y = (x + (off.x - means.x)).T, y + (off.y - means.y)
        else:  # the origin is at zero
            x, y = np.broadcast_to(-self.shift.x, self.x.shape), -self.shift.y
            back = Centre(np.zeros(x.T.shape), np.zeros(len(y)))
        # Moments about (x, y): sums of (a - x)(b - y) from those of a, b and a b.
        crossed = self.x[:, :, None] * x[:, None, :]
        xx = self.xx - crossed - crossed.transpose(0, 2, 1)
        xx = xx + w[:, None, None] * x[:, :, None] * x[:, None, :]
        xy = self.xy - self.x.T * y - x.T * self.y + (w[:, None] * x).T * y
        yy = self.yy - 2.0 * y * self.y + w * y**2
        total = w.sum() / len(w)
        G = xx[0] if self.is_shared else xx
        return GramQuadratic(G / total, xy / total, 0.5 * yy.sum() / total, back)

    def squared_errors(self, W: np.ndarray, intercept: np.ndarray) -> np.ndarray:
        """Return the weighted sum of squared errors of each task.

        Shapes: W (n_features, n_tasks), intercept (n_tasks,) -> (n_tasks,).
        """
        # The moments are relative to the shift, so the intercepts must be, too.
        b = intercept + self.shift.x @ W - self.shift.y
        xxW = (
            np.matmul(self.xx, W.T[:, :, None])[:, :, 0].T
            if len(self.xx) > 1
            else self.xx[0] @ W
        )
        xW = np.einsum("tj,jt->t", np.broadcast_to(self.x, W.T.shape), W)
        quadratic = (W * xxW).sum(axis=0) + 2.0 * b * xW + self.weight * b**2
        linear = (W * self.xy).sum(axis=0) + b * self.y
        # Rounding errors can make the difference of large sums negative.
        return np.maximum(quadratic - 2.0 * linear + self.yy, 0.0)


def _second_moment(
    X: Any, weights: np.ndarray, shift: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted sums of x and of xx' over samples."""
    rows = np.flatnonzero(weights)
    part = X if len(rows) == len(weights) else X[rows]
    w = weights[rows]
    if sparse.issparse(part):
        scaled = part.multiply(np.sqrt(w)[:, None]).tocsr()
        return part.T @ w, (scaled.T @ scaled).toarray()
    part = part - shift if shift.any() else part
    scaled = part if (w == 1.0).all() else part * np.sqrt(w)[:, None]
    return w @ part, scaled.T @ scaled
