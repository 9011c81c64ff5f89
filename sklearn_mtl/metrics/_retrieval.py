"""Precision, recall and hit rate of rankings."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from sklearn_mtl.metrics._relevance import Rankings
from sklearn_mtl.metrics._retrieval_scores import (
    TaskMetric,
    check_k,
    hit_rate_of,
    precision_of,
    recall_of,
    score_task,
)

__all__ = ["hit_rate_at_k", "precision_at_k", "r_precision", "recall_at_k"]


def precision_at_k(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    k: int = 10,
    query_index: ArrayLike | None = None,
    average: str | None = "mean",
) -> Any:
    """Return the proportion of the first k items that have the label of the query.

    P@k = (1 / k) sum over i <= k of rel_i, where rel_i is 1 if the item of rank i has
    the label of the query, and 0 otherwise. Items without a label, and the query itself
    (given by `query_index`), are removed, and the following items move up. The given
    ranking also decides the order of ties; NeighborRetriever orders them by index.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries; NaN, None or pandas.NA where missing.
    y_gallery : array-like of shape (n_items,)
        Labels of the items; NaN, None or pandas.NA where missing.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        Positions in the gallery, best first, as returned by `kneighbors`; -1 where
        nothing was found. An iterable yields the rows in blocks.
    k : int, default=10
        Number of ranked items to evaluate.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 if it is not in the gallery. None
        means that no query is in the gallery.
    average : {"mean"} or None, default="mean"
        "mean" returns the mean over the queries with a value; None returns the values
        of all queries.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        Mean, or the value of each query with average=None. It is NaN if the query has
        no label, or if no item of the gallery is relevant.

    Raises
    ------
    TaskError
        If there are several tasks, or labels are not classes.
    ValueError
        If neighbors is not a valid ranking, or has fewer than k items after removal.

    Warns
    -----
    UndefinedMetricWarning
        If queries have no value. The message has their number.

    See Also
    --------
    retrieval_report : All metrics for all tasks.
    recall_at_k : Number of hits divided by the number of relevant items.

    Examples
    --------
    >>> from sklearn_mtl.metrics import precision_at_k
    >>> precision_at_k(["a", "b"], ["a", "b", "a"], [[0, 1, 2], [0, 1, 2]], k=2)
    0.5
    """
    check_k(k, "precision_at_k")
    metric = TaskMetric("precision_at_k", precision_of, k)
    return score_task(metric, y_query, y_gallery, neighbors, query_index, average)


def hit_rate_at_k(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    k: int = 10,
    query_index: ArrayLike | None = None,
    average: str | None = "mean",
) -> Any:
    """Return the proportion of queries with a relevant item among the first k.

    The value of a query is 1 if rel_i = 1 for some i <= k, and 0 otherwise. Papers on
    metric learning often call this metric recall@k.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries.
    y_gallery : array-like of shape (n_items,)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        As in `precision_at_k`.
    k : int, default=10
        Number of ranked items to evaluate.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 if it is not in the gallery.
    average : {"mean"} or None, default="mean"
        "mean" returns the mean; None returns the values of all queries.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        Mean, or the value of each query with average=None.

    Examples
    --------
    >>> from sklearn_mtl.metrics import hit_rate_at_k
    >>> hit_rate_at_k([0, 1], [0, 0, 1], [[2, 1, 0], [0, 1, 2]], k=2)
    0.5
    """
    check_k(k, "hit_rate_at_k")
    metric = TaskMetric("hit_rate_at_k", hit_rate_of, k)
    return score_task(metric, y_query, y_gallery, neighbors, query_index, average)


def recall_at_k(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    k: int = 10,
    query_index: ArrayLike | None = None,
    average: str | None = "mean",
) -> Any:
    """Return the proportion of the relevant items that are among the first k.

    The value is (1 / R) sum over i <= k of rel_i, where R is the number of relevant
    items in the gallery without the query itself. It is less than 1 if R > k.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries.
    y_gallery : array-like of shape (n_items,)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        As in `precision_at_k`.
    k : int, default=10
        Number of ranked items to evaluate.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 if it is not in the gallery.
    average : {"mean"} or None, default="mean"
        "mean" returns the mean; None returns the values of all queries.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        Mean, or the value of each query with average=None.

    Examples
    --------
    >>> from sklearn_mtl.metrics import recall_at_k
    >>> recall_at_k([0], [0, 1, 0, 0, 0], [[0, 1, 2]], k=2)
    0.25
    """
    check_k(k, "recall_at_k")
    metric = TaskMetric("recall_at_k", recall_of, k)
    return score_task(metric, y_query, y_gallery, neighbors, query_index, average)


def r_precision(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    query_index: ArrayLike | None = None,
    average: str | None = "mean",
) -> Any:
    """Return the precision at R, the number of relevant items of the query.

    The value is (1 / R) sum over i <= R of rel_i, which is both the precision and the
    recall at R. It is 1 for a perfect ranking for every R.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries.
    y_gallery : array-like of shape (n_items,)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        As in `precision_at_k`, with at least R items.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 if it is not in the gallery.
    average : {"mean"} or None, default="mean"
        "mean" returns the mean; None returns the values of all queries.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        Mean, or the value of each query with average=None.

    Examples
    --------
    >>> from sklearn_mtl.metrics import r_precision
    >>> r_precision([0], [0, 1, 0, 1], [[0, 1, 2, 3]])
    0.5
    """
    metric = TaskMetric("r_precision", recall_of, None)
    return score_task(metric, y_query, y_gallery, neighbors, query_index, average)
