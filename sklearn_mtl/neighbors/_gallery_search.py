"""Search methods of a fitted gallery: neighbours, labels, graph and report."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import retrieval_depth, retrieval_report
from sklearn_mtl.neighbors._brute_force import BruteForceIndex, check_n_neighbors
from sklearn_mtl.neighbors._distances import pair_distances, sort_found
from sklearn_mtl.neighbors._gallery import drop_self, pick_tasks, task_names
from sklearn_mtl.tasks import TaskNames, as_targets, order_of_columns
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._table import take_tasks
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["GallerySearchMixin"]


class GallerySearchMixin(ABC):
    """Mixin with the search methods of a gallery.

    Subclasses have the parameters `n_neighbors` and `metric`, and after fit the
    attributes `embedding_`, `labels_`, `index_`, `_task_names` and `_signs`. `_signs`
    converts the embedding of an item to that of a query by multiplication, or is None.
    """

    n_neighbors: int
    metric: str
    embedding_: np.ndarray
    labels_: np.ndarray | None
    index_: Any
    _signs: np.ndarray | None
    _task_names: list[str] | None

    @abstractmethod
    def _item_rows(self, X: FeaturesLike) -> np.ndarray:
        """Return the embeddings (n_samples, n_columns) of samples as items."""

    def kneighbors(
        self,
        X: FeaturesLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> Any:
        """Find the nearest items of each query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Queries. None finds the neighbours of each item of the gallery, excluding
            the item itself.
        n_neighbors : int, default=None
            Number of neighbours; None uses the parameter of the retriever.
        return_distance : bool, default=True
            Whether to return the distances.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Distances in increasing order. Only returned if `return_distance` is True.
        indices : ndarray of shape (n_queries, n_neighbors)
            Indices of the items in the gallery, in increasing order for items at equal
            distance. If an approximate index finds fewer neighbours, the remaining
            indices are -1 and their distances infinite.

        Raises
        ------
        ValueError
            If the gallery has fewer items than neighbours.
        """
        check_is_fitted(self)
        rows = self.embedding_ if X is None else self._item_rows(X)
        distances, indices = self._search(rows, n_neighbors, 0 if X is None else None)
        return (distances, indices) if return_distance else indices

    def kneighbors_graph(
        self,
        X: FeaturesLike | None = None,
        n_neighbors: int | None = None,
        mode: str = "connectivity",
    ) -> sparse.csr_matrix:
        """Return the neighbours as a sparse graph.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Queries, as in `kneighbors`.
        n_neighbors : int, default=None
            Number of neighbours, as in `kneighbors`.
        mode : {"connectivity", "distance"}, default="connectivity"
            Weight of the edges: 1 for "connectivity", or the distance.

        Returns
        -------
        sparse.csr_matrix of shape (n_queries, n_items)
            Graph with an edge from each query to each of its neighbours.

        Raises
        ------
        ValueError
            If the mode is unknown, or the gallery has fewer items than neighbours.
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(
                f"{_who(self)}: mode is {mode!r}; it must be 'connectivity' or "
                "'distance'."
            )
        distances, indices = self.kneighbors(X, n_neighbors)
        is_found = indices >= 0
        ends = np.concatenate([[0], np.cumsum(is_found.sum(axis=1))])
        values = distances if mode == "distance" else np.ones_like(distances)
        return sparse.csr_matrix(
            (values[is_found], indices[is_found], ends),
            shape=(len(indices), len(self.embedding_)),
        )

    def retrieve(
        self, X: FeaturesLike | None = None, n_neighbors: int | None = None
    ) -> Any:
        """Return the labels and distances of the nearest items.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Queries, as in `kneighbors`.
        n_neighbors : int, default=None
            Number of neighbours, as in `kneighbors`.

        Returns
        -------
        labels : ndarray of shape (n_queries, n_neighbors) or (..., n_tasks)
            Labels of the items. If an approximate index finds fewer neighbours, this is
            a masked array.
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Distances of the items in increasing order.

        Raises
        ------
        ValueError
            If the gallery has no labels, or fewer items than neighbours.
        """
        check_is_fitted(self)
        if self.labels_ is None:
            raise ValueError(
                f"{_who(self)}: the gallery has no labels; pass them to fit as y, or "
                "use kneighbors."
            )
        distances, indices = self.kneighbors(X, n_neighbors)
        labels = self.labels_[indices]
        is_lost = indices < 0
        if is_lost.any():
            wide = is_lost.reshape(is_lost.shape + (1,) * (labels.ndim - 2))
            labels = np.ma.array(labels, mask=np.broadcast_to(wide, labels.shape))
        return labels, distances

    def report(
        self,
        X: FeaturesLike | None = None,
        y: TargetsLike | None = None,
        *,
        k: int = 10,
        tasks: Any = None,
    ) -> dict[str, dict[str, float]]:
        """Score the retrieval of each task.

        An item is relevant for a task if it has the same class as the query. If the
        gallery also has regression tasks, select the classification tasks with `tasks`.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Queries. None uses each item of the gallery as a query and excludes it from
            its own neighbours.
        y : array-like of shape (n_queries,) or (n_queries, n_tasks), default=None
            Labels of the queries; ignored if X is None.
        k : int, default=10
            Number of neighbours of the metrics at k.
        tasks : sequence of str or int, default=None
            Names or indices of the tasks to score, in the order of the report. `y` must
            still have all tasks of the gallery. None scores all tasks.

        Returns
        -------
        dict of str to dict of str to float
            Scores of each task, as returned by `sklearn_mtl.metrics.retrieval_report`.

        Raises
        ------
        ValueError
            If queries or gallery have no labels, or labels of other tasks.
        TaskError
            If a task to score is unknown, or its labels are not classes.
        """
        check_is_fitted(self)
        labels = self.labels_ if X is None else y
        if self.labels_ is None or labels is None:
            raise ValueError(
                f"{_who(self)}: report needs labels of the gallery and the queries."
            )
        warn_of_index_order(_who(self), X=X, y=y)
        labels = self._in_order(labels)
        rows = self.embedding_ if X is None else self._item_rows(X)
        gallery, names = self.labels_, self._task_names
        if tasks is not None:
            labels, gallery, names = pick_tasks(
                tasks, names, labels, gallery, _who(self)
            )
        own = np.arange(len(rows)) if X is None else None
        depth = retrieval_depth(labels, gallery, k, own)
        # An item of the gallery is not its own neighbour.
        depth = min(depth, len(self.embedding_) - (X is None))
        blocks = self._rankings(rows, depth, X is None)
        found = retrieval_report(labels, gallery, blocks, k=k, query_index=own)
        if names is None:
            return found
        return dict(zip(names, found.values(), strict=True))

    def _in_order(self, y: TargetsLike | None) -> Any:
        """Return labels with the tasks in the order of the gallery, matched by name."""
        y = as_targets(y, _who(self))
        given, known = task_names(y), self._task_names
        if given is None or known is None:
            return y
        if len(given) != len(known):
            raise TaskError(
                f"{_who(self)}: the tasks of y are {given}, but those of the gallery "
                f"are {known}."
            )
        order = order_of_columns(given, TaskNames(known), "y", _who(self))
        return y if order is None else take_tasks(y, order)

    def _search(
        self, rows: np.ndarray, n_neighbors: int | None, first: int | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Search the gallery; with `first`, rows are its items from this index on."""
        is_gallery = first is not None
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        check_n_neighbors(k, len(self.embedding_), _who(self), is_gallery)
        if self._signs is not None:
            rows = rows * self._signs
        found = self.index_.kneighbors(rows, k + is_gallery)
        distances, indices = found
        is_ours = isinstance(self.index_, BruteForceIndex)
        if not (is_ours and self.index_.metric == self.metric):
            # other indexes may return other distances, and ties in any order
            indices = np.array(indices, dtype=np.int64)
            distances = pair_distances(rows, self.embedding_, indices, self.metric)
            sort_found(distances, indices)
        if first is not None:
            distances, indices = drop_self(distances, indices, first)
        return distances, indices

    def _rankings(
        self, rows: np.ndarray, depth: int, is_gallery: bool
    ) -> Iterator[np.ndarray]:
        """Yield the rankings in blocks of rows."""
        step = max(1, 2**22 // depth)
        for start in range(0, len(rows), step):
            first = start if is_gallery else None
            yield self._search(rows[start : start + step], depth, first)[1]


def _who(estimator: object) -> str:
    return type(estimator).__name__
