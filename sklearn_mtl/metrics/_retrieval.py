"""Precision, recall and hits of rankings, each with its formula in its name."""

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
    """Return the share of the first k items that have the query's label.

    P@k = (1 / k) sum over i <= k of rel_i, where rel_i says whether the item of rank i
    has the label of the query. The query itself, by its position, and items without a
    label are not in the ranking: those behind them move up. Between items of equal
    distance the ranking that is given decides; that of NeighborRetriever goes by index.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries; NaN, None or pandas.NA where missing.
    y_gallery : array-like of shape (n_items,)
        Labels of the items; NaN, None or pandas.NA where missing.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        Positions in the gallery, best first, as `kneighbors` returns them; -1 where
        nothing was found. An iterable gives the rows block by block.
    k : int, default=10
        How many items to look at.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 where it is not in it; None where no
        query is.
    average : {"mean"} or None, default="mean"
        The mean over the queries that have a value, or the values (n_queries,).

    Returns
    -------
    float or ndarray of shape (n_queries,)
        The mean, or with average=None the value of each query: NaN where it has no
        label, or no item of the gallery is relevant.

    Raises
    ------
    TaskError
        If there are several tasks, or labels that are no classes.
    ValueError
        If neighbors is no ranking, or too short for k once items are dropped.

    Warns
    -----
    UndefinedMetricWarning
        How many queries have no value.

    See Also
    --------
    retrieval_report : All metrics for all tasks.
    recall_at_k : Divided by the number of relevant items.

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
    """Return the share of queries with a relevant item among the first k.

    Of one query it is 1 if there is an i <= k with rel_i = 1, else 0; often called
    recall@k in papers on metric learning.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries.
    y_gallery : array-like of shape (n_items,)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        As in `precision_at_k`, which has the rules for all.
    k : int, default=10
        How many items to look at.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 where it is not in it.
    average : {"mean"} or None, default="mean"
        The mean, or the value of each query.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        The mean, or with average=None the value of each query.

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
    """Return the share of the relevant items that are among the first k.

    (1 / R) sum over i <= k of rel_i, with R relevant items in the gallery, the query
    itself not counted. It cannot be 1 where R > k.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries.
    y_gallery : array-like of shape (n_items,)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        As in `precision_at_k`, which has the rules for all.
    k : int, default=10
        How many items to look at.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 where it is not in it.
    average : {"mean"} or None, default="mean"
        The mean, or the value of each query.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        The mean, or with average=None the value of each query.

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

    (1 / R) sum over i <= R of rel_i, which is precision and recall at once; it is 1 for
    a perfect ranking whatever R is.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,)
        Labels of the queries.
    y_gallery : array-like of shape (n_items,)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        As in `precision_at_k`, which has the rules for all; of at least R items.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 where it is not in it.
    average : {"mean"} or None, default="mean"
        The mean, or the value of each query.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        The mean, or with average=None the value of each query.

    Examples
    --------
    >>> from sklearn_mtl.metrics import r_precision
    >>> r_precision([0], [0, 1, 0, 1], [[0, 1, 2, 3]])
    0.5
    """
    metric = TaskMetric("r_precision", recall_of, None)
    return score_task(metric, y_query, y_gallery, neighbors, query_index, average)
