"""What can be asked of a fitted gallery: neighbours, labels, graph and report."""

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
    """Search a gallery of rows.

    A subclass has the parameters `n_neighbors` and `metric` and, once fitted,
    `embedding_`, `labels_`, `index_`, `_task_names`, and `_signs`, which rows of items
    are multiplied by to be rows of queries, or None.
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
        """Return the rows (n_rows, n_columns) that items are searched by."""

    def kneighbors(
        self,
        X: FeaturesLike | None = None,
        n_neighbors: int | None = None,
        return_distance: bool = True,
    ) -> Any:
        """Find the nearest items of every query.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Queries; None asks for the neighbours of every item, itself left out by its
            position.
        n_neighbors : int, default=None
            How many; None takes the parameter.
        return_distance : bool, default=True
            Whether to return the distances too.

        Returns
        -------
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Nearest first; only if return_distance.
        indices : ndarray of shape (n_queries, n_neighbors)
            Positions in the gallery, equals in their order; -1, at an infinite
            distance, where an approximate index found less.

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
            As in `kneighbors`.
        n_neighbors : int, default=None
            As in `kneighbors`.
        mode : {"connectivity", "distance"}, default="connectivity"
            Whether an edge has the weight 1 or the distance.

        Returns
        -------
        sparse.csr_matrix of shape (n_queries, n_items)
            An edge from each query to each of its neighbours.

        Raises
        ------
        ValueError
            If mode is unknown, or as in `kneighbors`.
        """
        if mode not in ("connectivity", "distance"):
            raise ValueError(
                f"{_who(self)}: mode must be 'connectivity' or 'distance', found "
                f"{mode!r}."
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
        """Return the labels of the nearest items, and how far they are.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            As in `kneighbors`.
        n_neighbors : int, default=None
            As in `kneighbors`.

        Returns
        -------
        labels : ndarray of shape (n_queries, n_neighbors) or (..., n_tasks)
            Labels of the items; masked, in a masked array, where nothing was found.
        distances : ndarray of shape (n_queries, n_neighbors), float64
            Their distances, nearest first.

        Raises
        ------
        ValueError
            If the gallery has no labels, or as in `kneighbors`.
        """
        check_is_fitted(self)
        if self.labels_ is None:
            raise ValueError(
                f"{_who(self)}: the gallery has no labels; give them to fit as y, or "
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
        """Score the retrieval for every task, searching as deep as that takes.

        What is relevant is decided by classes: where the gallery has regressions too,
        `tasks` names the classification tasks.

        Parameters
        ----------
        X : array-like of shape (n_queries, n_features), default=None
            Queries; None asks with every item, itself left out.
        y : array-like of shape (n_queries,) or (n_queries, n_tasks), default=None
            Their labels; not used where X is None.
        k : int, default=10
            Depth of the metrics that have one.
        tasks : sequence of str or int, default=None
            Names or positions of the tasks to score, in the order of the report; y has
            all tasks of the gallery nevertheless. None is every task.

        Returns
        -------
        dict of str to dict of str to float
            What `sklearn_mtl.metrics.retrieval_report` returns.

        Raises
        ------
        ValueError
            If queries or gallery have no labels, or labels of other tasks.
        TaskError
            If a task to score is unknown, or its labels are no classes.
        """
        check_is_fitted(self)
        labels = self.labels_ if X is None else y
        if self.labels_ is None or labels is None:
            raise ValueError(
                f"{_who(self)}: report needs labels of gallery and queries."
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
        # An item of the gallery has one neighbour fewer than there are items.
        depth = min(depth, len(self.embedding_) - (X is None))
        blocks = self._rankings(rows, depth, X is None)
        found = retrieval_report(labels, gallery, blocks, k=k, query_index=own)
        if names is None:
            return found
        return dict(zip(names, found.values(), strict=True))

    def _in_order(self, y: TargetsLike | None) -> Any:
        """Return labels with their tasks in the order of the gallery, by name."""
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
        """Search by rows of items; those of the gallery, from first, but themselves."""
        is_gallery = first is not None
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        check_n_neighbors(k, len(self.embedding_), _who(self), is_gallery)
        if self._signs is not None:
            rows = rows * self._signs
        found = self.index_.kneighbors(rows, k + is_gallery)
        distances, indices = found
        is_ours = isinstance(self.index_, BruteForceIndex)
        if not (is_ours and self.index_.metric == self.metric):
            # whatever it calls a distance, and in whatever order it gives equals
            indices = np.array(indices, dtype=np.int64)
            distances = pair_distances(rows, self.embedding_, indices, self.metric)
            sort_found(distances, indices)
        if first is not None:
            distances, indices = drop_self(distances, indices, first)
        return distances, indices

    def _rankings(
        self, rows: np.ndarray, depth: int, is_gallery: bool
    ) -> Iterator[np.ndarray]:
        """Yield the rankings of some rows at a time."""
        step = max(1, 2**22 // depth)
        for start in range(0, len(rows), step):
            first = start if is_gallery else None
            yield self._search(rows[start : start + step], depth, first)[1]


def _who(estimator: object) -> str:
    return type(estimator).__name__
