"""Exact search: every query is compared with every item."""

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

# Candidates beyond those wanted; more where the order of the last ones is in doubt.
_SPARES = (16, 128, 1024)
_BLOCK = 2**21  # candidates that are held at a time
_FLOATS = [np.float64, np.float32]


class BruteForceIndex(BaseEstimator):
    """Find the exact nearest neighbours by comparing with every item.

    For "cosine" the distance of q and g is 1 - q · g / (norm(q) norm(g)), for
    "euclidean" it is norm(q - g). Neighbours come nearest first and, among equals, in
    the order of the items. A sample of zeros is at cosine distance 1 from everything.

    Use it where the answer must be exact; an approximate index repays its build only
    after many queries.

    Parameters
    ----------
    n_neighbors : int, default=10
        How many neighbours `kneighbors` returns.
    metric : {"cosine", "euclidean"}, default="cosine"
        The distance.

    Attributes
    ----------
    rows_ : ndarray of shape (n_items, n_features_in_), float32 or float64
        The items; of norm 1 for "cosine". What was given, where it is so already.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    FaissHNSWIndex : Approximate, and faster for many queries.
    sklearn.neighbors.NearestNeighbors : Other metrics, and trees.

    Notes
    -----
    O(n_queries * n_items * n_features). scikit-learn's NearestNeighbors finds
    candidates among the items in float64, less their mean for "euclidean", so that
    coordinates far from the origin keep their last digits. The distances of the
    candidates are then computed each on its own, and decide. More candidates are taken
    where rounding leaves the last place in doubt, and if a thousand are not enough all
    items are. Which of several items at equal distance takes the last place is
    undefined.

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
        rows = read_features(self, X, reset=True, dtype=_FLOATS, order="C")
        is_cosine = self.metric == "cosine"
        self.rows_ = unit_rows(rows) if is_cosine else rows
        # The search expands ||q - g||^2, which cancels far from the origin.
        self._centre = 0.0 if is_cosine else rows.mean(axis=0, dtype=np.float64)
        self._make_search()
        return self

    def _make_search(self) -> None:
        centred = self._centred(self.rows_)
        self._extent = float(squared_norms(centred).max())
        self._search = NearestNeighbors(algorithm="brute").fit(centred)

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the items once, without the copy that is searched."""
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_search"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore an index, and what it searches."""
        super().__setstate__(state)
        if "rows_" in state:
            self._make_search()

    def _centred(self, rows: np.ndarray) -> np.ndarray:
        """Return float64 rows whose squared distances order the items."""
        rows = rows.astype(np.float64) - self._centre
        if self.metric == "cosine":
            # zeros get a direction of their own, so that all products with them are 0
            rows = np.column_stack([rows, ~rows.any(axis=1)])
            rows /= np.sqrt(squared_norms(rows))[:, None]  # float32 leaves 1e-7
        if not np.isfinite(squared_norms(rows)).all():
            raise ValueError(
                f"{type(self).__name__}: values are up to {np.abs(rows).max():.3g} off "
                "their mean, and squares of these overflow. Scale the representation."
            )
        return rows

    def kneighbors(
        self,
        X: FeaturesLike,
        n_neighbors: int | None = None,
        return_distance: bool = True,
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
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Nearest first; only if return_distance.
        indices : ndarray of shape (n_queries, n_neighbors)
            Positions of the items.

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
        step = max(1, _BLOCK // (k + _SPARES[0]))  # candidates at a time
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
        if self.metric == "cosine":  # zeros are in no direction of the items
            is_zero = centred[:, -1] > 0
            centred[is_zero, -1] = 0.0
            distances[is_zero], indices[is_zero] = 1.0, np.arange(k)
            doubtful = np.flatnonzero(~is_zero)
        for spare in _SPARES:
            if not len(doubtful):
                break
            n_found = min(n_items, k + spare)
            near, found = self._search.kneighbors(centred[doubtful], n_found)
            # The search rounds: exact distances decide the order of its candidates.
            exact = pair_distances(queries[doubtful], self.rows_, found, self.metric)
            sort_found(exact, found)
            distances[doubtful], indices[doubtful] = exact[:, :k], found[:, :k]
            if n_found == n_items:
                break
            last = exact[:, k - 1]
            doubtful = doubtful[self._is_doubtful(centred[doubtful], near, last)]
        else:
            # A few items far from all others take the digits of the rest.
            for query in doubtful:
                distances[query], indices[query] = self._find_slowly(queries[query], k)

    def _find_slowly(self, query: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k nearest by the distances to all items, each on its own."""
        everything = np.arange(len(self.rows_))[None]
        exact = pair_distances(query[None], self.rows_, everything, self.metric)
        found = np.argpartition(exact, k - 1, axis=1)[:, :k]
        nearest = np.take_along_axis(exact, found, axis=1)
        sort_found(nearest, found)
        return nearest[0], found[0]

    def _is_doubtful(
        self, centred: np.ndarray, near: np.ndarray, last: np.ndarray
    ) -> np.ndarray:
        """Say where an item that was not found may be nearer than the last one kept."""
        # Of unit rows the squared distance is twice the cosine distance.
        squared = last * 2.0 if self.metric == "cosine" else last**2
        # What the terms of ||q||^2 + ||g||^2 - 2 q g may lose to rounding.
        rounding = (centred.shape[1] + 4) * np.finfo(np.float64).eps
        margin = rounding * (squared_norms(centred) + self._extent)
        return squared > near[:, -1] ** 2 - margin


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
