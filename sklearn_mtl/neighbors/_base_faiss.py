"""Base class of the faiss indexes, which measure their recall and speed."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.neighbors._brute_force import BruteForceIndex, check_n_neighbors
from sklearn_mtl.neighbors._distances import pair_distances
from sklearn_mtl.utils._features import read_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._optional import import_optional
from sklearn_mtl.utils._private import Interval
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["BaseFaissIndex"]

# Number of items that serve as queries before they are added to the index. Half of them
# choose the breadth, the other half measure the reported recall.
_N_ASKED = 400
_RECALL_AT = 10


def import_faiss(who: str) -> Any:
    """Import faiss, or raise an ImportError with the command to install it."""
    return import_optional("faiss", extra="retrieval", who=who)


class BaseFaissIndex(BaseEstimator, ABC):
    """Base class that builds an index, chooses the search breadth and measures recall.

    Subclasses define how to build an index and how to set its breadth, which is the
    part of the index that a query examines.
    """

    n_neighbors: int
    target_recall: float
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "target_recall": [Interval(Real, 0, 1, closed="both")],
    }

    @abstractmethod
    def _build(self, rows: np.ndarray, faiss: Any) -> Any:
        """Return an index of the items."""

    @abstractmethod
    def _breadths(self, n_items: int) -> list[int]:
        """Return the breadths to try, in increasing order."""

    @abstractmethod
    def _set_breadth(self, breadth: int) -> None:
        """Set the breadth of later searches."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: FeaturesLike, y: TargetsLike | None = None) -> BaseFaissIndex:
        """Build the index and choose the search breadth.

        Parameters
        ----------
        X : array-like of shape (n_items, n_features)
            Items to index.
        y : None
            Not used.

        Returns
        -------
        self : object
            The fitted index.

        Raises
        ------
        ImportError
            If faiss is not installed.
        """
        faiss = import_faiss(type(self).__name__)
        rows = read_features(self, X, reset=True, dtype=np.float32, order="C")
        start = time.perf_counter()
        order = np.random.default_rng(0).permutation(len(rows))
        n_asked = min(_N_ASKED, len(rows) // 5)
        asked, others = rows[order[:n_asked]], rows[order[n_asked:]]
        self._index = self._build(others, faiss)
        # the queries are added later: an indexed item finds its neighbours more easily
        saved = self._calibrate(others, asked if n_asked else others)
        self._index.add(asked)
        # The index contains the queries last.
        self._positions = np.roll(order, -n_asked)
        self.build_seconds_ = time.perf_counter() - start
        self.break_even_ = self.build_seconds_ / saved if saved > 0 else math.inf
        return self

    def kneighbors(
        self,
        X: FeaturesLike,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> Any:
        """Find the approximate nearest items of each query.

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
        distances : ndarray of shape (n_queries, n_neighbors), float32
            Euclidean distances in increasing order. Only returned if `return_distance`
            is True.
        indices : ndarray of shape (n_queries, n_neighbors)
            Indices of the items; -1 where no item was found.

        Raises
        ------
        ValueError
            If there are fewer items than neighbours.
        """
        check_is_fitted(self)
        queries = read_features(self, X, reset=False, dtype=np.float32, order="C")
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        check_n_neighbors(k, self._index.ntotal, type(self).__name__)
        squares, found = self._index.search(queries, int(k))
        indices = np.where(found < 0, -1, self._positions[found])
        if not return_distance:
            return indices
        return np.sqrt(np.maximum(squares, 0)), indices

    def add(self, X: FeaturesLike) -> BaseFaissIndex:
        """Append items to the index without measuring its recall again.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
            New items.

        Returns
        -------
        self : object
            The index with the new items.
        """
        check_is_fitted(self)
        rows = read_features(self, X, reset=False, dtype=np.float32, order="C")
        self._index.add(rows)
        new = np.arange(len(self._positions), self._index.ntotal)
        self._positions = np.concatenate([self._positions, new])
        return self

    def describe(self) -> str:
        """Describe the recall, the build time and the break-even of the index.

        Returns
        -------
        str
            Description of one sentence.
        """
        check_is_fitted(self)
        repaid = (
            f"repaid after {math.ceil(self.break_even_)} queries"
            if math.isfinite(self.break_even_)
            else "never repaid: exact search is as fast"
        )
        return (
            f"{type(self).__name__} of {self._index.ntotal} items: recall@{_RECALL_AT} "
            f"{self.recall_:.3f} at a breadth of {self.breadth_}, built in "
            f"{self.build_seconds_:.3g} s, {repaid}."
        )

    def _calibrate(self, rows: np.ndarray, queries: np.ndarray) -> float:
        """Choose the breadth, measure the recall, and return the seconds saved a query.

        Half of the queries choose the breadth; the others measure the recall.
        """
        k = min(_RECALL_AT, len(rows))
        half = max(1, len(queries) // 2)
        exact = BruteForceIndex(metric="euclidean").fit(rows)
        (distances, _), of_exact = _timed(lambda: exact.kneighbors(queries, k))
        farthest = distances[:, -1:] * (1 + 1e-6)  # accept items at equal distance
        # allow half of the misses, because the recall of other queries may be lower
        wanted = 1 - (1 - self.target_recall) / 2
        for breadth in self._breadths(len(rows)):
            self.breadth_ = breadth
            self._set_breadth(breadth)
            (_, found), of_this = _timed(lambda: self._index.search(queries, k))
            near = pair_distances(queries, rows, found, "euclidean")
            recall = (near <= farthest).mean(axis=1)
            if recall[:half].mean() >= wanted:
                break
        self.recall_ = float(recall[half:].mean() if len(recall) > 1 else recall[0])
        return (of_exact - of_this) / len(queries)

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the index is built."""
        return hasattr(self, "recall_")

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle, with the C++ index as bytes."""
        state = dict(super().__getstate__())
        if "_index" in state:
            faiss = import_faiss(type(self).__name__)
            state["_index"] = faiss.serialize_index(state["_index"])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore an index from its bytes."""
        if "_index" in state:
            faiss = import_faiss(type(self).__name__)
            index = faiss.deserialize_index(np.array(state["_index"]))
            state = {**state, "_index": index}
        super().__setstate__(state)
        if "_index" in state:
            self._set_breadth(self.breadth_)


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    start = time.perf_counter()
    result = action()
    return result, time.perf_counter() - start
