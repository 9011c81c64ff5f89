"""Relevance of ranked items, and the number of relevant items in the gallery."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import TargetColumns, read_columns

__all__ = [
    "Ranking",
    "Rankings",
    "TaskLabels",
    "iter_blocks",
    "read_index",
    "read_labels",
]

MISSING = -1
# Indices of the ranked items of each query, for all queries or in blocks of queries.
Rankings: TypeAlias = ArrayLike | Iterable[ArrayLike]

_BLOCK_SIZE = 2**20  # entries of a ranking that are processed together


@dataclass(frozen=True)
class TaskLabels:
    """The labels of one task, of queries and items, encoded as numbers from 0.

    Attributes
    ----------
    name : str
        Name of the task.
    query : ndarray of shape (n_queries,), int32
        Labels of the queries; -1 where missing.
    gallery : ndarray of shape (n_items,), int32
        Labels of the items; -1 where missing.
    """

    name: str
    query: np.ndarray
    gallery: np.ndarray

    def n_relevant(self, at: np.ndarray) -> np.ndarray:
        """Return the number of items with the label of each query, excluding the query.

        Shapes: at (n_queries,) -> (n_queries,).
        """
        n_labels = 1 + max(
            self.query.max(initial=MISSING), self.gallery.max(initial=MISSING)
        )
        counts = np.bincount(self.gallery[self.gallery >= 0], minlength=n_labels + 1)
        counts[-1] = 0  # index -1 of missing labels
        is_self = (at >= 0) & (self.gallery[at] == self.query) & (self.query >= 0)
        return counts[self.query] - is_self

    def n_rankable(self, at: np.ndarray) -> np.ndarray:
        """Return the number of labelled items other than each query (n_queries,)."""
        is_labelled = self.gallery >= 0
        return is_labelled.sum() - ((at >= 0) & is_labelled[at])


@dataclass(frozen=True)
class Ranking:
    """Rankings of a block of queries for one task.

    Attributes
    ----------
    relevant : ndarray of shape (n_queries, n_ranked), bool
        Whether the item at a position is relevant.
    rank : ndarray of shape (n_queries or 1, n_ranked), int32
        Rank of each position from 1, without counting dropped items.
    n_relevant : ndarray of shape (n_queries,), int
        Number of relevant items in the gallery.
    n_rankable : ndarray of shape (n_queries,), int
        Number of items in the gallery that can be ranked.
    """

    relevant: np.ndarray
    rank: np.ndarray
    n_relevant: np.ndarray
    n_rankable: np.ndarray

    @classmethod
    def of_block(
        cls, labels: TaskLabels, neighbors: np.ndarray, at: np.ndarray, rows: slice
    ) -> Ranking:
        """Look up the labels of a block of neighbours (n, n_ranked)."""
        found = labels.gallery[neighbors]
        at, query = at[rows], labels.query[rows]
        is_in = (found >= 0) & (neighbors >= 0) & (neighbors != at[:, None])
        relevant = (found == query[:, None]) & is_in
        # Usually all items are labelled, and all queries have the same ranks.
        if is_in.all():
            rank = np.arange(1, is_in.shape[1] + 1, dtype=np.int32)[None]
        else:
            rank = np.cumsum(is_in, axis=1, dtype=np.int32)
        part = TaskLabels(labels.name, query, labels.gallery)
        return cls(relevant, rank, part.n_relevant(at), part.n_rankable(at))

    def cut(self, depth: np.ndarray | int) -> Ranking:
        """Drop positions after a depth, which may depend on the query (n_queries,)."""
        depth = np.broadcast_to(depth, len(self.relevant))
        n_columns = int((self.rank <= depth.max()).sum(axis=1).max())
        rank = self.rank[:, :n_columns]
        relevant = self.relevant[:, :n_columns] & (rank <= depth[:, None])
        return Ranking(relevant, rank, self.n_relevant, self.n_rankable)

    def is_short(self, depth: np.ndarray | int) -> np.ndarray:
        """Return a mask of rankings that end before a depth that the gallery allows."""
        n_ranked = self.rank[:, -1] if self.rank.shape[1] else 0
        return n_ranked < np.minimum(depth, self.n_rankable)


def read_labels(y_query: ArrayLike, y_gallery: ArrayLike, who: str) -> list[TaskLabels]:
    """Return the labels of each task.

    Shapes: y_query (n_queries,) or (n_queries, n_tasks), y_gallery
    (n_items,) or (n_items, n_tasks).
    """
    query, gallery = read_columns(y_query, who), read_columns(y_gallery, who)
    n_tasks = len(gallery.names)
    if len(query.names) != n_tasks:
        raise TaskError(
            f"{who}: the tasks of y_query are {query.names}, but the tasks of "
            f"y_gallery are {gallery.names}; they must be the same."
        )
    query = query.like(gallery, "y_query", who)
    return [_join(query, gallery, t, who) for t in range(n_tasks)]


def _join(query: TargetColumns, gallery: TargetColumns, t: int, who: str) -> TaskLabels:
    name = (gallery if gallery.has_names else query).names[t]
    parts = [query.values[t], gallery.values[t]]
    families = {_family(part, name, who) for part in parts if len(part)}
    if len(families) > 1:
        raise TaskError(
            f"{who}: task {name!r} has labels of the types {sorted(families)} in "
            "y_query and y_gallery; all labels must have the same type."
        )
    parts = [part for part in parts if len(part)] or [np.empty(0)]
    codes = np.unique(np.concatenate(parts), return_inverse=True)[1]
    seen = query.observed[:, t], gallery.observed[:, t]
    numbers = [np.full(len(one), MISSING, np.int32) for one in seen]
    numbers[0][seen[0]] = codes[: len(query.values[t])]
    numbers[1][seen[1]] = codes[len(query.values[t]) :]
    return TaskLabels(name, *numbers)


def _family(values: np.ndarray, name: str, who: str) -> str:
    if values.dtype.kind == "f" and (values != np.floor(values)).any():
        raise TaskError(
            f"{who}: task {name!r} has fractional labels, but relevance is defined by "
            "classes. Divide a regression target into bins, or leave the task out "
            "(parameter tasks of NeighborRetriever.report)."
        )
    return "text" if values.dtype.kind in "US" else "number"


def read_index(
    query_index: ArrayLike | None, n_queries: int, n_items: int, who: str
) -> np.ndarray:
    """Return the position of each query in the gallery, -1 if it is not there."""
    if query_index is None:
        return np.full(n_queries, -1)
    at = np.asarray(query_index)
    if at.shape != (n_queries,) or at.dtype.kind not in "iu":
        raise ValueError(
            f"{who}: query_index must be {n_queries} integers, one for each query; got "
            f"shape {at.shape} and dtype {at.dtype}."
        )
    if len(at) and not (at.min() >= -1 and at.max() < n_items):
        raise ValueError(
            f"{who}: query_index has values from {at.min()} to {at.max()}; allowed are "
            f"positions in the gallery, 0 to {n_items - 1}, and -1 for none."
        )
    return at.astype(np.int64)


def iter_blocks(
    neighbors: Any, n_queries: int, n_items: int, who: str
) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of rankings that are small enough for the memory.

    Shapes: neighbors (n_queries, n_ranked) -> block (n, n_ranked).
    """
    start = 0
    is_list = isinstance(neighbors, list | tuple)
    has_blocks = is_list and any(np.ndim(part) == 2 for part in neighbors[:1])
    is_whole = hasattr(neighbors, "shape") or (is_list and not has_blocks)
    parts: Iterable[Any] = [neighbors] if is_whole else neighbors
    for part in parts:
        ranking = _check_ranking(np.asarray(part), n_items, who)
        step = max(1, _BLOCK_SIZE // max(1, ranking.shape[1]))
        for first in range(0, len(ranking), step):
            block = ranking[first : first + step]
            _refuse_twice(block, who)
            if start + len(block) <= n_queries:
                yield slice(start, start + len(block)), block
            start += len(block)
    if start != n_queries:
        raise ValueError(
            f"{who}: neighbors has {start} rows, but y_query has {n_queries}; both "
            "must have one row per query."
        )


def _refuse_twice(block: np.ndarray, who: str) -> None:
    """Raise if an item occurs twice in a ranking."""
    ordered = np.sort(block, axis=1)
    is_twice = (ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)
    if is_twice.any():
        item = ordered[:, 1:][is_twice][0]
        raise ValueError(
            f"{who}: neighbors has rows that contain an item twice, such as {item}; "
            "each item must occur once in a ranking."
        )


def _check_ranking(ranking: np.ndarray, n_items: int, who: str) -> np.ndarray:
    if ranking.ndim != 2 or ranking.dtype.kind not in "iu":
        raise ValueError(
            f"{who}: neighbors must be integers of shape (n_queries, n_ranked), as "
            f"returned by kneighbors; got shape {ranking.shape} and dtype "
            f"{ranking.dtype}."
        )
    if ranking.size and not (ranking.min() >= -1 and ranking.max() < n_items):
        raise ValueError(
            f"{who}: neighbors has values from {ranking.min()} to {ranking.max()}; "
            f"allowed are positions in the gallery, 0 to {n_items - 1}, and -1 for "
            "none."
        )
    return ranking
