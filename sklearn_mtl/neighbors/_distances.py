"""Norms and distances of vectors."""

from __future__ import annotations

import numpy as np

__all__ = ["pair_distances", "sort_found", "squared_norms", "unit_rows"]

# Number of rows to process at once, which limits temporary memory.
_N_ROWS = 4096


def _row_norms(rows: np.ndarray) -> np.ndarray:
    """Return the norms (n_rows,) of rows without underflow or overflow of squares."""
    norms = np.empty(len(rows))
    for start in range(0, len(rows), _N_ROWS):
        part = rows[start : start + _N_ROWS].astype(np.float64)
        largest = np.abs(part).max(axis=1, initial=0.0)
        part /= np.where(largest > 0, largest, 1.0)[:, None]
        squares = np.einsum("ij,ij->i", part, part)
        norms[start : start + _N_ROWS] = largest * np.sqrt(squares)
    return norms


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Return rows scaled to norm 1; rows of zeros are unchanged.

    If all rows already have norm 1, the same array is returned.

    Shapes: rows (n_rows, n_columns) -> (n_rows, n_columns).
    """
    norms = _row_norms(rows)
    norms[norms == 0] = 1.0
    rounding = 8 * np.finfo(rows.dtype).eps
    if np.abs(norms - 1).max(initial=0.0) < rounding:
        return rows
    scaled = np.empty_like(rows)
    for start in range(0, len(rows), _N_ROWS):
        part = slice(start, start + _N_ROWS)
        scaled[part] = rows[part].astype(np.float64) / norms[part, None]
    return scaled


def squared_norms(rows: np.ndarray) -> np.ndarray:
    """Return the squared norms (n_rows,) of rows."""
    return np.einsum("ij,ij->i", rows, rows)


def _normalised(rows: np.ndarray) -> np.ndarray:
    """Return float64 rows scaled to norm 1, except rows of zeros."""
    norms = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(norms > 0, norms, 1.0)


def pair_distances(
    queries: np.ndarray, gallery: np.ndarray, indices: np.ndarray, metric: str
) -> np.ndarray:
    """Return the distances of each query to its items.

    Shapes: queries (n_queries, n_columns), gallery (n_items, n_columns),
    indices (n_queries, k) -> (n_queries, k).
    """
    n_queries, k = indices.shape
    distances = np.empty((n_queries, k))
    step = max(1, 2**20 // max(1, k * queries.shape[1]))
    for start in range(0, n_queries, step):
        part = slice(start, start + step)
        near = gallery[indices[part]].astype(np.float64)  # (n, k, n_columns)
        query = queries[part].astype(np.float64)[:, None]
        if metric == "cosine":
            is_zero = ~near.any(axis=2) | ~query.any(axis=2)
            near, query = _normalised(near), _normalised(query)
        gap = near - query
        squares = np.einsum("qkd,qkd->qk", gap, gap)
        if metric == "cosine":
            # for vectors of norm 1, half the square is 1 - q · g without cancellation
            distances[part] = np.where(is_zero, 1.0, squares / 2)
        else:
            distances[part] = np.sqrt(squares)
    distances[indices < 0] = np.inf
    return distances


def sort_found(distances: np.ndarray, indices: np.ndarray) -> None:
    """Sort neighbours in place by distance, and by index at equal distance.

    Shapes: distances (n_queries, k), indices (n_queries, k).
    """
    order = np.lexsort((indices, distances), axis=1)
    distances[:] = np.take_along_axis(distances, order, axis=1)
    indices[:] = np.take_along_axis(indices, order, axis=1)
