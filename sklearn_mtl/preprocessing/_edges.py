"""Edges of the piecewise-linear embedding: quantiles and target-aware splits."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklearn_mtl.preprocessing import PiecewiseLinear
from sklearn_mtl.preprocessing._statistics import column_quantiles
from sklearn_mtl.utils._ties import first_highest

__all__ = ["compress_targets", "embeddable_columns", "embedding_edges"]

_FEW_VALUES = 3
_N_BINS = 64  # bins between candidate splits
_MIN_SHARE = 0.005  # smallest share of the weight on either side of a split
_MAX_TARGETS = 8
_LEAST = 1e-12  # minimum gain of a split per weight, for targets of unit variance


def embeddable_columns(X: np.ndarray) -> np.ndarray:
    """Return the columns with more than three values.

    Shapes: X (n_samples, n_features) -> (n_embedded,).
    """
    many = [j for j, column in enumerate(X.T) if _has_many_values(column)]
    return np.array(many, dtype=np.intp)


def _has_many_values(column: np.ndarray) -> bool:
    for part in (column[:200], column):  # part is usually enough
        if len(np.unique(part[~np.isnan(part)])) > _FEW_VALUES:
            return True
    return False


def embedding_edges(
    spec: PiecewiseLinear,
    X: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    n_embedded: int | None = None,
) -> np.ndarray:
    """Return the edges of some of the embedded columns; by default of all.

    Shapes: X (n_samples, n_columns), targets (n_samples, n_outputs),
    weights (n_samples,) -> (n_columns, n_edges).
    """
    n_inner = spec.edges_per_column(X.shape[1] if n_embedded is None else n_embedded)
    all_inner = spec.n_quantiles - 1 + spec.n_splits
    n_splits = round(n_inner * spec.n_splits / all_inner)
    coarse = np.linspace(0, 1, n_inner - n_splits + 2)
    fine = np.linspace(0, 1, _N_BINS + 1)[1:-1]
    quantiles = column_quantiles(X, weights, np.concatenate([coarse, fine]))
    found = quantiles[: len(coarse)]
    if n_splits:
        candidates = quantiles[len(coarse) :].T
        is_split = _choose_splits(X, candidates, targets, weights, n_splits)
        # candidates that are not chosen are replaced by an existing edge
        splits = np.where(is_split, candidates, found[:1].T).T
        found = np.concatenate([found, splits])
    return _unique_rows(np.sort(found, axis=0).T, n_inner + 2)


def _unique_rows(edges: np.ndarray, width: int) -> np.ndarray:
    out = np.empty((len(edges), width))
    for j, row in enumerate(edges):
        unique = row[np.flatnonzero(np.diff(row, prepend=-np.inf))]
        out[j, : len(unique)] = unique
        # A repeated edge is a bin of width 0, which the embedding ignores.
        out[j, len(unique) :] = unique[-1]
    return out


def _choose_splits(
    X: np.ndarray,
    candidates: np.ndarray,
    targets: np.ndarray,
    weights: np.ndarray,
    n_splits: int,
) -> np.ndarray:
    """Grow a regression tree on all targets for each column, all columns at once.

    Shapes: -> (n_features, n_candidates).
    """
    # The tree of a single column divides its range. A node is a run of bins, and a
    # split needs only cumulative sums of bins. The best split is made first, as in a
    # tree with a maximum number of leaves.
    sums, mass = _prefix_sums(X, candidates, targets, weights)
    n_features, n_edges = mass.shape  # n_edges = n_candidates + 2
    at = np.arange(n_edges)
    low = np.zeros((n_features, n_edges), dtype=np.intp)
    high = np.full((n_features, n_edges), n_edges - 1)
    split = np.zeros((n_features, n_edges), dtype=bool)
    each = np.arange(n_features)
    for _ in range(n_splits):
        gain = _gains(sums, mass, low, high)
        gain[split] = -np.inf
        best = first_highest(gain, axis=1)
        worth = gain[each, best] > _LEAST * mass[:, -1]
        if not worth.any():
            break
        split[each[worth], best[worth]] = True
        below = (at > low[each, best][:, None]) & (at < best[:, None]) & worth[:, None]
        above = (at < high[each, best][:, None]) & (at > best[:, None]) & worth[:, None]
        high = np.where(below, best[:, None], high)
        low = np.where(above, best[:, None], low)
    return split[:, 1:-1]


def _prefix_sums(
    X: np.ndarray, candidates: np.ndarray, targets: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return weighted sums of targets, and of weights, up to each candidate."""
    n_features, n_candidates = candidates.shape
    n_bins = n_candidates + 1
    weighted = np.column_stack([targets * weights[:, None], weights])
    sums = np.zeros((n_features, n_bins + 1, weighted.shape[1]))
    rows, ones = np.arange(len(X)), np.ones(len(X))
    for j, column in enumerate(X.T):
        code = np.searchsorted(candidates[j], column)  # lower bin: x <= candidate
        bins = sparse.csr_array((ones, (code, rows)), shape=(n_bins, len(X)))
        np.cumsum(bins @ weighted, axis=0, out=sums[j, 1:])
    return sums[..., :-1], sums[..., -1]


def _gains(
    sums: np.ndarray, mass: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """Return the reduction of the squared error by a split of the node at each edge."""
    each = np.arange(len(mass))[:, None]
    first, last = sums[each, low], sums[each, high]
    left, right = mass - mass[each, low], mass[each, high] - mass
    fewest = _MIN_SHARE * mass[:, -1:]
    may = (left > fewest) & (right > fewest)

    def score(total: np.ndarray, weight: np.ndarray) -> np.ndarray:
        # The squared error is sum y^2 - (sum y)^2 / weight; the first term cancels.
        square = np.einsum("jet,jet->je", total, total)
        return square / np.where(weight > 0, weight, np.inf)

    gain = score(sums - first, left) + score(last - sums, right)
    gain -= score(last - first, left + right)
    return np.where(may, gain, -np.inf)


def compress_targets(targets: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return at most eight columns that keep most of the variance of the targets.

    Shapes: targets (n_samples, n_outputs), weights (n_samples,) ->
    (n_samples, at most 8).
    """
    if targets.shape[1] <= _MAX_TARGETS:
        return targets
    square = (targets.T * weights) @ targets
    # Rotation does not change the gains, so the principal axes lose the least.
    vectors = np.linalg.eigh(square)[1][:, -_MAX_TARGETS:]
    return targets @ vectors
