"""What faiss's indexes share: they measure what they miss and what they save."""

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

# Items that are asked for their neighbours before they are in the index: half to choose
# the breadth, half to report.
_N_ASKED = 400
_RECALL_AT = 10


def import_faiss(who: str) -> Any:
    """Import faiss, or say how to get it."""
    return import_optional("faiss", extra="retrieval", who=who)


class BaseFaissIndex(BaseEstimator, ABC):
    """Build, choose the breadth of the search, and measure.

    A subclass says how to build an index and how to set its breadth: how much of it a
    query looks at.
    """

    n_neighbors: int
    target_recall: float
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_neighbors": [Interval(Integral, 1, None, closed="left")],
        "target_recall": [Interval(Real, 0, 1, closed="both")],
    }

    @abstractmethod
    def _build(self, rows: np.ndarray, faiss: Any) -> Any:
        """Return an index of the rows."""

    @abstractmethod
    def _breadths(self, n_items: int) -> list[int]:
        """Return the breadths to try, in rising order."""

    @abstractmethod
    def _set_breadth(self, breadth: int) -> None:
        """Make later searches as broad as that."""

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: FeaturesLike, y: TargetsLike | None = None) -> BaseFaissIndex:
        """Build the index, and find how broad its searches must be.

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
        # what is in a graph already finds its neighbours better than a new query does
        saved = self._calibrate(others, asked if n_asked else others)
        self._index.add(asked)
        # The index holds the others first, then those that were asked.
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
        """Find items that are near to every query, nearly always the nearest.

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
            Euclidean, nearest first; only if return_distance.
        indices : ndarray of shape (n_queries, n_neighbors)
            Positions of the items; -1 where nothing was found.

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
        """Add items behind those that are there; what was measured stays as it was.

        Parameters
        ----------
        X : array-like of shape (n_new, n_features)
            New items.

        Returns
        -------
        self : object
            The index.
        """
        check_is_fitted(self)
        rows = read_features(self, X, reset=False, dtype=np.float32, order="C")
        self._index.add(rows)
        new = np.arange(len(self._positions), self._index.ntotal)
        self._positions = np.concatenate([self._positions, new])
        return self

    def describe(self) -> str:
        """Say what the index misses, and after how many queries it has paid off.

        Returns
        -------
        str
            One sentence.
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
        """Choose the breadth by the recall of some queries; measure it with others."""
        # Returns the seconds that a query saves.
        k = min(_RECALL_AT, len(rows))
        half = max(1, len(queries) // 2)
        exact = BruteForceIndex(metric="euclidean").fit(rows)
        (distances, _), of_exact = _timed(lambda: exact.kneighbors(queries, k))
        farthest = distances[:, -1:] * (1 + 1e-6)  # equals are as good
        # half of what may be missed is left for the difference between the halves
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
        """Say whether there is an index."""
        return hasattr(self, "recall_")

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: the index of C++ as bytes."""
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
