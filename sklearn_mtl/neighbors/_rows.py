"""Norms of rows, and distances of pairs of them."""

from __future__ import annotations

import numpy as np

__all__ = ["pair_distances", "row_norms", "unit_rows"]

# Rows at a time, so that what is computed on the way stays small.
_N_ROWS = 4096


def row_norms(rows: np.ndarray, centre: np.ndarray | float = 0.0) -> np.ndarray:
    """Return the norms (n_rows,) of rows, or their distances from a centre."""
    norms = np.empty(len(rows))
    for start in range(0, len(rows), _N_ROWS):
        part = rows[start : start + _N_ROWS].astype(np.float64) - centre
        norms[start : start + _N_ROWS] = np.sqrt(np.einsum("ij,ij->i", part, part))
    return norms


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Return rows of norm 1; rows of zeros stay, and rows that are of norm 1 as well.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns), float32
        Any rows.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float32
        The same array where nothing has to change.
    """
    norms = row_norms(rows)
    norms[norms == 0] = 1.0
    if np.abs(norms - 1).max(initial=0.0) < 1e-6:  # rounding leaves that much
        return rows
    scaled = np.empty_like(rows)
    for start in range(0, len(rows), _N_ROWS):
        part = slice(start, start + _N_ROWS)
        scaled[part] = rows[part].astype(np.float64) / norms[part, None]
    return scaled


def pair_distances(
    queries: np.ndarray, gallery: np.ndarray, indices: np.ndarray, metric: str
) -> np.ndarray:
    """Return the distances of every query to the items that were found for it.

    Parameters
    ----------
    queries : ndarray of shape (n_queries, n_columns), float32
        Rows; of norm 1 for "cosine".
    gallery : ndarray of shape (n_items, n_columns), float32
        Rows; of norm 1 for "cosine".
    indices : ndarray of shape (n_queries, k), int
        Items; -1 where none was found.
    metric : {"cosine", "euclidean"}
        1 - q · g, or the norm of q - g.

    Returns
    -------
    ndarray of shape (n_queries, k), float32
        Distances, each computed in float64 on its own; infinite where there is no item.
    """
    n_queries, k = indices.shape
    distances = np.empty((n_queries, k), np.float32)
    step = max(1, 2**20 // max(1, k * queries.shape[1]))
    for start in range(0, n_queries, step):
        part = slice(start, start + step)
        near = gallery[indices[part]].astype(np.float64)  # (n, k, n_columns)
        query = queries[part].astype(np.float64)
        if metric == "cosine":
            found = 1.0 - np.einsum("qd,qkd->qk", query, near)
        else:
            near -= query[:, None]
            found = np.sqrt(np.einsum("qkd,qkd->qk", near, near))
        distances[part] = found
    distances[indices < 0] = np.inf
    return np.maximum(distances, 0.0)
