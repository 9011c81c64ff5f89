"""Exact nearest-neighbours search that compares each query with all items."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.neighbors._distances import (
    pair_distances,
    sort_found,
    squared_norms,
    unit_rows,
)
from sklearn_mtl.utils._features import read_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._private import Interval, StrOptions
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["BruteForceIndex", "check_n_neighbors"]

# Numbers of extra candidates to try while rounding leaves the last neighbour in doubt.
_SPARES = (16, 128, 1024)
_BLOCK = 2**21  # number of candidates to process at once
_FLOATS = [np.float64, np.float32]


class BruteForceIndex(BaseEstimator):
    """Find the exact nearest neighbours by comparing each query with all items.

    For the metric "cosine", the distance between q and g is 1 - q · g / (norm(q)
    norm(g)); for "euclidean", it is norm(q - g). Neighbours are sorted by distance, and
    items at equal distance by their index. A vector of zeros has the cosine distance 1
    from all others.

    Use it if the result must be exact, or for a moderate number of queries: building an
    approximate index only pays off after many queries.

    Parameters
    ----------
    n_neighbors : int, default=10
        Default number of neighbours of `kneighbors`.
    metric : {"cosine", "euclidean"}, default="cosine"
        Distance metric.

    Attributes
    ----------
    rows_ : ndarray of shape (n_items, n_features_in_), float32 or float64
        Items, scaled to norm 1 for "cosine". The array passed to fit is not copied if
        it already has the required form.
    n_features_in_ : int
        Number of features seen in fit.

    See Also
    --------
    FaissHNSWIndex : Approximate search, faster for many queries.
    sklearn.neighbors.NearestNeighbors : Search with other metrics and with trees.

    Notes
    -----
    The cost is O(n_queries * n_items * n_features). scikit-learn's NearestNeighbors
    first finds candidates in float64. For "euclidean", the mean of the items is
    subtracted, so that the distances of items far from the origin remain accurate. The
    distances of the candidates are then computed separately, and determine the result.
    More candidates are examined if rounding leaves the last neighbour in doubt, and all
    items if a thousand candidates are not enough. If several items at equal distance
    compete for the last place, any of them may be returned.

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
    }

    def __init__(self, n_neighbors: int = 10, *, metric: str = "cosine") -> None:
        self.n_neighbors = n_neighbors
        self.metric = metric

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: FeaturesLike, y: TargetsLike | None = None) -> BruteForceIndex:
        """Store the items.

        Parameters
        ----------
        X : array-like of shape (n_items, n_features)
            Items to search.
        y : None
            Not used.

        Returns
        -------
        self : object
            The fitted index.
        """
        rows = read_features(self, X, reset=True, dtype=_FLOATS, order="C")
        is_cosine = self.metric == "cosine"
        self.rows_ = unit_rows(rows) if is_cosine else rows
        # The search expands ||q - g||^2, which is inaccurate far from the origin.
        self._centre = 0.0 if is_cosine else rows.mean(axis=0, dtype=np.float64)
        self._make_search()
        return self

    def _make_search(self) -> None:
        centred = self._centred(self.rows_)
        self._extent = float(squared_norms(centred).max())
        self._search = NearestNeighbors(algorithm="brute").fit(centred)

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, without the second copy of the items."""
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_search"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore an index and build its search."""
        super().__setstate__(state)
        if "rows_" in state:
            self._make_search()

    def _centred(self, rows: np.ndarray) -> np.ndarray:
        """Return float64 vectors with the same order of distances for both metrics."""
        rows = rows.astype(np.float64) - self._centre
        if self.metric == "cosine":
            # a separate dimension for vectors of zeros makes their products 0
            rows = np.column_stack([rows, ~rows.any(axis=1)])
            rows /= np.sqrt(squared_norms(rows))[:, None]  # float32 has errors of 1e-7
        if not np.isfinite(squared_norms(rows)).all():
            raise ValueError(
                f"{type(self).__name__}: values differ from their mean by up to "
                f"{np.abs(rows).max():.3g}, and their squares overflow. Scale the "
                "representation."
            )
        return rows

    def kneighbors(
        self,
        X: FeaturesLike,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> Any:
        """Find the nearest items of each query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features)
            Queries.
        n_neighbors : int, default=None
            Number of neighbours; None uses the parameter of the index.
        return_distance : bool, default=True
            Whether to return the distances.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Distances in increasing order. Only returned if `return_distance` is True.
        indices : ndarray of shape (n_queries, n_neighbors)
            Indices of the items.

        Raises
        ------
        ValueError
            If there are fewer items than neighbours.
        """
        check_is_fitted(self)
        queries = read_features(self, X, reset=False, dtype=_FLOATS, order="C")
        if self.metric == "cosine":
            queries = unit_rows(queries)
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        check_n_neighbors(k, len(self.rows_), type(self).__name__)
        distances = np.empty((len(queries), k))
        indices = np.empty((len(queries), k), dtype=np.int64)
        step = max(1, _BLOCK // (k + _SPARES[0]))  # number of queries at once
        for start in range(0, len(queries), step):
            block = slice(start, start + step)
            self._find(queries[block], distances[block], indices[block])
        return (distances, indices) if return_distance else indices

    def _find(
        self, queries: np.ndarray, distances: np.ndarray, indices: np.ndarray
    ) -> None:
        """Write the neighbours of some queries into distances and indices."""
        n_items, k = len(self.rows_), indices.shape[1]
        centred = self._centred(queries)
        doubtful = np.arange(len(queries))
        if self.metric == "cosine":  # a vector of zeros has distance 1 from all items
            is_zero = centred[:, -1] > 0
            centred[is_zero, -1] = 0.0
            distances[is_zero], indices[is_zero] = 1.0, np.arange(k)
            doubtful = np.flatnonzero(~is_zero)
        for spare in _SPARES:
            if not len(doubtful):
                break
            n_found = min(n_items, k + spare)
            near, found = self._search.kneighbors(centred[doubtful], n_found)
            # The search rounds, so exact distances order its candidates.
            exact = pair_distances(queries[doubtful], self.rows_, found, self.metric)
            sort_found(exact, found)
            distances[doubtful], indices[doubtful] = exact[:, :k], found[:, :k]
            if n_found == n_items:
                break
            last = exact[:, k - 1]
            doubtful = doubtful[self._is_doubtful(centred[doubtful], near, last)]
        else:
            # This happens if outliers make the distances of the search inaccurate.
            for query in doubtful:
                distances[query], indices[query] = self._find_slowly(queries[query], k)

    def _find_slowly(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest items by the exact distances to all items."""
        everything = np.arange(len(self.rows_))[None]
        exact = pair_distances(query[None], self.rows_, everything, self.metric)
        found = np.argpartition(exact, k - 1, axis=1)[:, :k]
        nearest = np.take_along_axis(exact, found, axis=1)
        sort_found(nearest, found)
        return nearest[0], found[0]

    def _is_doubtful(
        self, centred: np.ndarray, near: np.ndarray, last: np.ndarray
    ) -> np.ndarray:
        """Return whether an item outside of the candidates may be among the nearest."""
        # For vectors of norm 1 the squared distance is twice the cosine distance.
        squared = last * 2.0 if self.metric == "cosine" else last**2
        # bound of the rounding error of ||q||^2 + ||g||^2 - 2 q g
        rounding = (centred.shape[1] + 4) * np.finfo(np.float64).eps
        margin = rounding * (squared_norms(centred) + self._extent)
        return squared > near[:, -1] ** 2 - margin


def check_n_neighbors(
    n_neighbors: Any, n_items: int, who: str, is_gallery: bool = False
) -> None:
    """Raise if the number of neighbours is invalid or exceeds the number of items."""
    if not isinstance(n_neighbors, Integral) or isinstance(n_neighbors, bool):
        raise TypeError(
            f"{who}: n_neighbors is {n_neighbors!r}; it must be an integer."
        )
    most = n_items - is_gallery
    if not 1 <= int(n_neighbors) <= most:
        raise ValueError(
            f"{who}: n_neighbors is {n_neighbors}; the gallery has {most} "
            f"{'other ' if is_gallery else ''}items, so it must be between 1 and "
            f"{most}."
        )
