"""Discounted cumulative gain of rankings, graded by the number of agreeing tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.metrics._relevance import (
    Rankings,
    iter_blocks,
    read_index,
    read_labels,
)
from sklearn_mtl.metrics._retrieval_scores import check_k, finish, refuse_short

__all__ = ["ndcg_at_k"]

_WHO = "ndcg_at_k"
_BLOCK_SIZE = 2**20  # pairs of rows of labels that are processed together


def ndcg_at_k(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    k: int = 10,
    query_index: ArrayLike | None = None,
    average: str | None = "mean",
) -> Any:
    """Return the normalised discounted cumulative gain, graded by agreeing tasks.

    nDCG@k = DCG@k / (DCG@k of the best ranking of the gallery) with DCG@k = sum over i
    <= k of gain_i / log2(i + 1) [1]_. The gain of an item is the number of tasks for
    which it has the label of the query. If labels are missing, the gain is n_tasks
    times the proportion of agreement among the tasks for which both have a label. Items
    without any such task, and the query itself (given by `query_index`), are removed
    from the ranking.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,) or (n_queries, n_tasks)
        Labels of the queries; NaN, None or pandas.NA where missing.
    y_gallery : array-like of shape (n_items,) or (n_items, n_tasks)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        Positions in the gallery, best first; -1 where nothing was found. An iterable
        yields the rows in blocks.
    k : int, default=10
        Number of ranked items to evaluate.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 if it is not in the gallery.
    average : {"mean"} or None, default="mean"
        "mean" returns the mean over the queries with a value; None returns the values
        of all queries.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        Mean, or the value of each query with average=None. It is NaN if the query has
        no label, or if no item agrees in any task.

    Raises
    ------
    TaskError
        If the tasks differ, or labels are not classes.
    ValueError
        If neighbors is not a valid ranking, or has fewer than k items after removal.

    Warns
    -----
    UndefinedMetricWarning
        If queries have no value. The message has their number.

    Notes
    -----
    The gains are linear, as in scikit-learn's ndcg_score. The best rankings are
    computed from the distinct rows of labels, in O(n_tasks) for each pair of them.

    References
    ----------
    .. [1] K. Järvelin, J. Kekäläinen. "Cumulated gain-based evaluation of IR
       techniques". ACM TOIS 20(4), 2002, eq. 3.

    Examples
    --------
    >>> from sklearn_mtl.metrics import ndcg_at_k
    >>> y_gallery = [[0, "a"], [0, "b"], [1, "b"]]
    >>> ndcg_at_k([[0, "a"]], y_gallery, [[1, 0, 2]], k=3)  # second best item first
    0.8597
    """
    check_k(k, _WHO)
    labels = read_labels(y_query, y_gallery, _WHO)
    query = np.stack([task.query for task in labels], axis=1)
    gallery = np.stack([task.gallery for task in labels], axis=1)
    at = read_index(query_index, len(query), len(gallery), _WHO)
    # log2(1 + rank): the first rank is not discounted.
    discounts = 1 / np.log2(np.arange(2, k + 2))
    best, n_rankable = _best_gains(query, gallery, at, discounts)
    values, n_short = np.full(len(query), np.nan), 0
    for rows, block in iter_blocks(neighbors, len(query), len(gallery), _WHO):
        found = (column[block] for column in gallery.T)
        n_agree, n_both = _agreement(query[rows].T, found, block.shape)
        gains = n_agree / n_both.clip(min=1)
        is_in = (n_both > 0) & (block >= 0) & (block != at[rows, None])
        rank = np.cumsum(is_in, axis=1, dtype=np.int32)
        n_ranked = rank[:, -1] if rank.shape[1] else np.zeros(len(rank), int)
        is_short = n_ranked < np.minimum(k, n_rankable[rows])
        n_short += int((is_short & (best[rows] > 0)).sum())
        is_in &= rank <= k
        discounted = np.where(is_in, gains * discounts[rank.clip(1, k) - 1], 0.0)
        values[rows] = discounted.sum(axis=1)
    refuse_short(n_short, len(query), k, _WHO)
    has_best = best > 0
    values[has_best] /= best[has_best]
    values[~has_best] = np.nan
    return finish(values, int((query < 0).all(axis=1).sum()), average, _WHO)


def _agreement(
    query: Iterable[np.ndarray], items: Iterable[np.ndarray], shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of tasks with equal labels, and with both labels observed."""
    # Labels are given by task: (n_queries,), and (n_items,) or (n_queries, n_items).
    n_agree, n_both = np.zeros(shape, np.int16), np.zeros(shape, np.int16)
    for asked, found in zip(query, items, strict=True):
        is_both = (asked >= 0)[:, None] & (found >= 0)
        n_both += is_both
        n_agree += is_both & (asked[:, None] == found)
    return n_agree, n_both


def _best_gains(
    query: np.ndarray, gallery: np.ndarray, at: np.ndarray, discounts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best DCG of each query, and the number of items that can be ranked."""
    # Gains depend only on labels, and there are few distinct rows of labels. Therefore
    # both results are computed once for queries with equal labels (and equal labels of
    # the query in the gallery). Items are counted by the number of agreeing tasks and
    # of tasks with both labels. There are few such pairs, so no ranking is sorted.
    items, kind, counts = np.unique(
        gallery, axis=0, return_inverse=True, return_counts=True
    )
    own = np.where(at >= 0, kind.reshape(-1)[at], -1)
    asked, which = np.unique(np.column_stack([query, own]), axis=0, return_inverse=True)
    n_tasks = query.shape[1]
    # There are few possible gains, so items are counted by gain instead of sorted.
    agree, both = np.divmod(np.arange((n_tasks + 1) ** 2), n_tasks + 1)
    gains = np.where(both > 0, agree / both.clip(min=1), -1.0)
    order = np.argsort(-gains, kind="stable")[: (both > 0).sum()]
    total = np.concatenate([[0.0], np.cumsum(discounts)])
    best, n_rankable = np.empty(len(asked)), np.empty(len(asked), int)
    step = max(1, _BLOCK_SIZE // max(len(items), len(gains)))
    for start in range(0, len(asked), step):
        part = slice(start, start + step)
        n = _count_pairs(asked[part], items, counts)[:, order].cumsum(axis=1)
        # In the best ranking, items with the same gain have adjacent ranks.
        shares = np.diff(total[n.clip(max=len(discounts))], axis=1, prepend=0.0)
        best[part], n_rankable[part] = shares @ gains[order], n[:, -1]
    which = which.reshape(-1)
    return best[which], n_rankable[which]


def _count_pairs(
    asked: np.ndarray, items: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Count the items with each n_agree * (n_tasks + 1) + n_both, without the query."""
    n_tasks, shape = items.shape[1], (len(asked), len(items))
    n_agree, n_both = _agreement(asked[:, :-1].T, items.T, shape)
    n_pairs = (n_tasks + 1) ** 2
    pair = n_agree * (n_tasks + 1) + n_both
    place = pair + n_pairs * np.arange(len(asked))[:, None]
    weights = np.broadcast_to(counts, shape).ravel()
    found = np.bincount(place.ravel(), weights, minlength=n_pairs * len(asked))
    found = found.reshape(len(asked), n_pairs).astype(int)
    mine = np.flatnonzero(asked[:, -1] >= 0)
    found[mine, pair[mine, asked[mine, -1]]] -= 1
    return found
