"""Leave-one-out predictions of models with a quadratic penalty, in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import linalg, sparse

from sklearn_mtl.datafits import RANK, Pooling, weights_are_shared
from sklearn_mtl.linear_model._data import Data
from sklearn_mtl.penalties import TaskCovarianceForm

__all__ = ["leave_one_out", "why_not_closed"]

#: Maximum number of unknowns that couple the tasks, and of numbers in a dense X.
MAX_JOINT, MAX_DENSE = 4000, 2e8
#: Maximum number of values in the products of a block of samples.
MAX_BLOCK = 4e6
#: 1 - leverage below which the other samples do not determine the prediction.
LEAST_REST = 1e-9
#: Singular values below this fraction of the largest are rounding errors.
TINY = 1e-12
#: Weights of the penalty with a smaller relative difference are equal.
SAME = 1e-10


def why_not_closed(form: TaskCovarianceForm | None, data: Data) -> str | None:
    """Return why there is no closed form, or None if there is one."""
    if form is None:
        return "the penalty is not quadratic"
    n_samples, n_features = data.X.shape
    if n_samples * max(n_features, len(data.kept)) > MAX_DENSE:
        return f"X of shape {data.X.shape} is too large"
    if not weights_are_shared(data.weights):
        rank = min(data.X.shape) * _split(form)[0].shape[1]
        if rank > MAX_JOINT:
            return f"the tasks are coupled by {rank} unknowns, more than {MAX_JOINT}"
    return None


def leave_one_out(
    data: Data, form: TaskCovarianceForm, predicted: np.ndarray
) -> np.ndarray:
    """Return the prediction of each sample by the model without its labels.

    Two quantities are not recomputed without the sample: the weight of the penalty
    relative to the sum of squares, and the common mean of pooled intercepts. A
    prediction is NaN if the other samples do not determine it.

    Shapes: predicted (n_samples, n_tasks) in the units of data -> the same.

    References
    ----------
    R. D. Cook, S. Weisberg, "Residuals and influence in regression", 1982, section 3.2,
    for the removal of several labels at once.
    """
    data = replace(data, X=_thin(data.X))
    form = form.scaled(data.weights.sum() / data.weights.shape[1])
    if weights_are_shared(data.weights):
        return data.Y - _shared_residuals(data, form, data.Y - predicted)
    found = predicted.copy()
    for rows, seen, C in _Influence.of(data, form).blocks(data):
        error = (data.Y - predicted)[np.ix_(rows, seen)]
        weights = data.weights[np.ix_(rows, seen)]
        pulled = _leave_out(C[:, seen], error, weights)  # weighted residuals
        found[rows] -= np.einsum("its,is->it", C, np.nan_to_num(pulled))
        found[np.ix_(rows, seen)] += np.where(np.isnan(pulled), np.nan, 0.0)
    return found


def _thin(X: Any) -> np.ndarray:
    """Return samples with the same inner products and at most n_samples features.

    A penalty that is quadratic over tasks does not depend on the basis of the features.
    """
    X = X.toarray() if sparse.issparse(X) else X
    if X.shape[1] <= X.shape[0]:
        return X
    U, values, _ = linalg.svd(X, full_matrices=False)
    return U * values


def _shared_residuals(
    data: Data, form: TaskCovarianceForm, errors: np.ndarray
) -> np.ndarray:
    """Return the leave-one-out residuals if all tasks have the same sample weights.

    Along the eigenvectors of the penalty the tasks are independent ridge regressions.
    """
    w, Q, m, other = data.weights[:, :1], *form.thin_spectrum()
    total = w.sum() + _strength(data)  # the common mean is kept fixed
    X = data.X - bool(data.fit_intercept) * (w * data.X).sum(axis=0) / w.sum()
    U, values, _ = linalg.svd(np.sqrt(w) * X, full_matrices=False)
    kept = values > TINY * values.max(initial=0.0)
    squares, values = U[:, kept] ** 2, values[kept, None] ** 2
    base = bool(data.fit_intercept) * w / total

    def rest(strength: np.ndarray) -> np.ndarray:
        # 1 - leverage, NaN if it is zero
        left = 1.0 - base - squares @ (values / (values + strength))
        return np.where((left > LEAST_REST) | (w == 0), left, np.nan)

    rotated, lefts = errors @ Q, rest(m)
    unknown = np.isnan(lefts) @ (np.abs(Q.T) > LEAST_REST)
    found = (rotated / np.nan_to_num(lefts, nan=1.0)) @ Q.T
    if other is not None:
        found = found + (errors - rotated @ Q.T) / rest(np.array([other]))
    return np.where(unknown, np.nan, found)


@dataclass(frozen=True)
class _Influence:
    """Derivatives of predictions with respect to the labels of the same sample.

    Let M = rest I - Q L Q' be the matrix of the penalty over the tasks, where L is
    diagonal. Let A_t be the matrix of the linear system of task t with the penalty
    rest I. The inverse of the joint system is A^-1 + A^-1 Q S Q' A^-1. If W is
    confined to the columns of Q, the first term is absent, and S is the inverse of the
    system of its coordinates.

    Attributes
    ----------
    means : ndarray of shape (n_tasks, n_features)
        Centre of the samples of each task.
    shares : ndarray of shape (n_tasks,)
        Effect of a label of weight 1 on the intercept.
    inverses : ndarray of shape (n_tasks, n_features, n_features) or None
        A_t^-1.
    Q : ndarray of shape (n_tasks, rank)
        Directions in which the tasks are coupled.
    S : ndarray of shape (rank * n_features, rank * n_features)
        Strength of the coupling.
    """

    means: np.ndarray
    shares: np.ndarray
    inverses: np.ndarray | None
    Q: np.ndarray
    S: np.ndarray

    @classmethod
    def of(cls, data: Data, form: TaskCovarianceForm) -> _Influence:
        """Factorise the systems of all tasks."""
        means, shares, grams = _moments(data)
        p = means.shape[1]
        Q, m, rest = _split(form)
        k = Q.shape[1]
        if rest is None:
            joint = np.einsum("tj,tk,tab->jakb", Q, Q, grams, optimize=True)
            joint = joint.reshape(k * p, k * p) + np.diag(np.repeat(m, p))
            return cls(means, shares, None, Q, _inverse(joint))
        systems = grams + rest[:, None, None] * np.eye(p)
        inverses = np.array([_inverse(system) for system in systems])
        if not k:
            return cls(means, shares, inverses, Q, np.zeros((0, 0)))
        # A^-1 rest = I - A^-1 G avoids the cancellation in the difference.
        known = np.einsum("tj,tk,tab->jakb", Q, Q, inverses @ grams, optimize=True)
        S = rest[0] * _coupling(np.repeat(m / rest[0], p), known.reshape(k * p, k * p))
        return cls(means, shares, inverses, Q, S)

    def blocks(self, data: Data) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Yield samples, their observed tasks, and the effects of labels on all tasks.

        Shapes: (n_rows,), (n_seen,), (n_rows, n_tasks, n_seen).
        """
        patterns, number = np.unique(data.weights > 0, axis=0, return_inverse=True)
        order = np.argsort(number.ravel(), kind="stable")
        counts = np.bincount(number.ravel())
        n_tasks, p = self.means.shape
        step = max(1, int(MAX_BLOCK / (n_tasks * max(len(self.S), p, n_tasks))))
        for pattern, rows in zip(
            patterns, np.split(order, np.cumsum(counts)[:-1]), strict=True
        ):
            seen = np.flatnonzero(pattern)
            for start in range(0, len(rows) if len(seen) else 0, step):
                some = rows[start : start + step]
                yield some, seen, self._of_rows(data.X[some], seen)

    def _of_rows(self, X: np.ndarray, seen: np.ndarray) -> np.ndarray:
        """Return the effects of labels at some samples (n_rows, n_tasks, n_seen)."""
        n_rows, n_tasks = len(X), len(self.means)
        Z = X - self.means[:, None]  # (n_tasks, n_rows, n_features)
        V = Z if self.inverses is None else Z @ self.inverses
        own = np.broadcast_to(self.shares[:, None], (n_tasks, n_rows))
        if self.inverses is not None:
            own = own + np.einsum("tip,tip->ti", V, Z)
        left = np.einsum("tip,tk->itkp", V, self.Q).reshape(n_rows, n_tasks, -1)
        C: np.ndarray = left @ (left[:, seen] @ self.S.T).transpose(0, 2, 1)
        C[:, seen, np.arange(len(seen))] += own[seen].T
        return C


def _strength(data: Data) -> float:
    """Return the weight of the common mean of pooled intercepts."""
    pooling = data.fit_intercept
    return pooling.strength if isinstance(pooling, Pooling) else 0.0


def _moments(data: Data) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the centre, the share of an intercept and the Gram matrix of each task.

    Pooling adds a sample at the common mean to each task; it is never left out.

    Shapes: -> (n_tasks, n_features), (n_tasks,), (n_tasks, n_features, n_features).
    """
    W, X, strength = data.weights, data.X, _strength(data)
    totals, sums = np.maximum(W.sum(axis=0), 1e-300), W.T @ X
    common = np.zeros(X.shape[1])
    if isinstance(data.fit_intercept, Pooling):
        common = data.fit_intercept.shares(totals) @ (sums / totals[:, None])
    shares = bool(data.fit_intercept) / (totals + strength)
    means = shares[:, None] * (sums + strength * common)
    grams = np.array([_gram(X, x, w) for x, w in zip(means, W.T, strict=True)])
    apart = np.sqrt(strength) * (common - means)
    return means, shares, grams + apart[:, :, None] * apart[:, None]


def _gram(X: np.ndarray, centre: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the Gram matrix of the samples with weight, around a centre."""
    rows = np.flatnonzero(weights)
    Z = np.sqrt(weights[rows, None]) * (X[rows] - centre)
    found: np.ndarray = Z.T @ Z
    return found


def _coupling(ratio: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Solve (ratio + (1 - ratio) known) S = 1 - ratio; ratios may be infinite.

    Directions that are neither penalised nor determined by the samples are left out,
    because they do not affect the predictions of these samples.
    """
    own = np.where(ratio > 1.0, -1.0, ratio)
    root = np.sqrt(1.0 - np.minimum(ratio, 1.0 / np.maximum(ratio, 1.0)))
    both = root[:, None] * root
    S: np.ndarray = both * np.linalg.pinv(
        both * known + np.diag(own), RANK, hermitian=True
    )
    return S


def _split(
    form: TaskCovarianceForm,
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return Q, m and rest: M has the weights m along Q and diag(rest) elsewhere.

    Q has as few columns as possible. If rest is None, W is confined to Q.
    """
    n_tasks = len(form.free)
    if form.separates_tasks:
        matrix = form.matrix()
        if matrix is not None:
            return np.zeros((n_tasks, 0)), np.zeros(0), matrix.diagonal()
    Q, m, other = form.thin_spectrum()
    if other is None:
        other = _most_frequent(m[np.isfinite(m) & (m > 0)])
        differs = ~np.isclose(m, other, rtol=SAME, atol=0.0)
        Q, m = Q[:, differs], m[differs]
    if other < np.inf:
        return Q, m, np.full(n_tasks, other)
    return Q[:, np.isfinite(m)], m[np.isfinite(m)], None


def _most_frequent(values: np.ndarray) -> float:
    """Return the most frequent value, or infinity if there are no values."""
    if not len(values):
        return np.inf
    counts = np.isclose(values[:, None], values, rtol=SAME, atol=0.0).sum(axis=0)
    return float(values[counts.argmax()])


def _inverse(system: np.ndarray) -> np.ndarray:
    """Return the pseudo-inverse, computed with columns scaled to unit size."""
    lengths = np.sqrt(np.maximum(system.diagonal(), 0.0))
    unit = 1.0 / np.where(lengths > 0, lengths, 1.0)
    both = unit[:, None] * unit
    found: np.ndarray = both * np.linalg.pinv(both * system, RANK, hermitian=True)
    return found


def _leave_out(
    influence: np.ndarray, errors: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the weighted residuals of each sample for the model without its labels.

    A residual is NaN if the other samples do not determine the prediction.

    Shapes: influence (n_rows, n_seen, n_seen), errors and weights (n_rows, n_seen).
    """
    root = np.sqrt(weights)
    rest = np.eye(errors.shape[1]) - root[:, :, None] * influence * root[:, None]
    values, vectors = np.linalg.eigh(rest)
    is_known = values > LEAST_REST
    part = np.einsum("isk,is->ik", vectors, root * errors)
    part = np.where(is_known, part / np.where(is_known, values, 1.0), 0.0)
    unknown = np.einsum("isk,ik->is", vectors**2, ~is_known) > LEAST_REST
    found = root * np.einsum("isk,ik->is", vectors, part)
    return np.where(unknown, np.nan, found)
