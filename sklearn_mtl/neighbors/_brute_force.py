"""Exact search: every query is compared with every item."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.neighbors._rows import pair_distances, row_norms, unit_rows
from sklearn_mtl.neighbors._top_k import sort_found, top_k
from sklearn_mtl.utils._features import read_features
from sklearn_mtl.utils._private import Interval, StrOptions, fit_context

__all__ = ["BruteForceIndex", "check_n_neighbors"]


class BruteForceIndex(BaseEstimator):
    """Find the exact nearest neighbours by comparing with every item.

    For "cosine" the distance of q and g is 1 - q · g / (norm(q) norm(g)), for
    "euclidean" it is norm(q - g). Neighbours come nearest first and, among equals, in
    the order of the items, for every chunk size and whatever other queries are asked
    with them.

    Use it where the answer must be exact; an approximate index repays its build only
    after many queries.

    Parameters
    ----------
    n_neighbors : int, default=10
        How many neighbours `kneighbors` returns.
    metric : {"cosine", "euclidean"}, default="cosine"
        The distance.
    chunk_size : int, default=None
        How many items are compared at a time; None takes what fits the cache.

    Attributes
    ----------
    rows_ : ndarray of shape (n_items, n_features_in_), float32
        The items; of norm 1 for "cosine". What was given, where it is so already.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    FaissHNSWIndex : Approximate, and faster for many queries.
    sklearn.neighbors.NearestNeighbors : Other metrics, and trees.

    Notes
    -----
    O(n_queries * n_items * n_features). A product in float32 finds the candidates, with
    a margin for its rounding; only these are scored, in float64 and each on its own,
    and scores are compared in float32: items whose cosines, or whose squared distances
    relative to those from the mean item, differ by less than 1e-7 count as equals where
    the last place is contested. Beside the items, a search takes less than 100 MiB and
    what it returns.

    Examples
    --------
    >>> from sklearn_mtl.neighbors import BruteForceIndex
    >>> index = BruteForceIndex(2).fit([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0]])
    >>> distances, indices = index.kneighbors([[3.0, 0.0]])
    >>> indices
    array([[0, 2]])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "metric": [StrOptions({"cosine", "euclidean"})],
        "chunk_size": [Interval(Integral, 1, None, closed="left"), None],
    }

    def __init__(
        self,
        n_neighbors: int = 10,
        *,
        metric: str = "cosine",
        chunk_size: int | None = None,
    ) -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric
        self.chunk_size = chunk_size

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> BruteForceIndex:
        """Keep the items.

        Parameters
        ----------
        X : array-like of shape (n_items, n_features)
            The items.
        y : None
            Not used.

        Returns
        -------
        self : object
            The fitted index.
        """
        rows = read_features(self, X, reset=True, dtype=np.float32, order="C")
        self.rows_ = unit_rows(rows) if self.metric == "cosine" else rows
        self._longest = float(row_norms(self.rows_).max())
        self._offset = None
        if self.metric == "euclidean":
            self._centre = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
            self._offset = row_norms(rows, self._centre) ** 2 / 2
        return self

    def kneighbors(
        self, X: Any, n_neighbors: int | None = None, return_distance: bool = True
    ) -> Any:
        """Find the nearest items of every query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            The queries.
        n_neighbors : int, default=None
            How many; None takes the parameter.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float32
            Nearest first; only if return_distance.
        indices : ndarray of shape (n_queries, n_neighbors)
            Positions of the items.

        Raises
        ------
        ValueError
            If there are fewer items than neighbours.
        """
        check_is_fitted(self)
        queries = read_features(self, X, reset=False, dtype=np.float32, order="C")
        if self.metric == "cosine":
            queries = unit_rows(queries)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        check_n_neighbors(k, len(self.rows_), type(self).__name__)
        find = self._by_cosine if self.metric == "cosine" else self._by_distance
        distances, indices = find(queries, k)
        return (distances, indices) if return_distance else indices

    def _by_cosine(self, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        scores, indices = top_k(
            queries, self.rows_, k, longest=self._longest, chunk_size=self.chunk_size
        )
        return np.maximum(1 - scores, 0), indices

    def _by_distance(
        self, queries: np.ndarray, k: int
    ) -> tuple[np.ndarray, np.ndarray]:
        # with u = q - c, v = g - c: |u - v|^2 = |u|^2 - 2 (u · g - u · c - |v|^2 / 2);
        # of norms from the centre c of the gallery little is lost in the difference
        centred = queries - self._centre
        indices = top_k(
            centred,
            self.rows_,
            k,
            longest=self._longest,
            offset=self._offset,
            shift=centred.astype(np.float64) @ self._centre.astype(np.float64),
            chunk_size=self.chunk_size,
        )[1]
        distances = pair_distances(queries, self.rows_, indices, self.metric)
        sort_found(distances, indices)
        return distances, indices


def check_n_neighbors(
    n_neighbors: Any, n_items: int, who: str, is_gallery: bool = False
) -> None:
    """Refuse what is no number of neighbours, or more than there are (other) items."""
    if not isinstance(n_neighbors, Integral) or isinstance(n_neighbors, bool):
        raise TypeError(
            f"{who}: n_neighbors must be an integer, found {n_neighbors!r}."
        )
    most = n_items - is_gallery
    if not 1 <= int(n_neighbors) <= most:
        raise ValueError(
            f"{who}: n_neighbors is {n_neighbors}; the gallery has {most} "
            f"{'other ' if is_gallery else ''}items, and so allowed is 1 to {most}."
        )
