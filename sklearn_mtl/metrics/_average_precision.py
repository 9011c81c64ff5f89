"""Average precision of rankings, with different denominators."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from sklearn_mtl.metrics._relevance import Rankings
from sklearn_mtl.metrics._retrieval_scores import (
    Formula,
    TaskMetric,
    average_precision_of,
    average_precision_of_hits,
    average_precision_of_relevant,
    check_k,
    score_task,
)

__all__ = ["average_precision_at_k", "map_at_r"]

_AVERAGE_PRECISIONS: dict[str, Formula] = {
    "min": average_precision_of,
    "relevant": average_precision_of_relevant,
    "hits": average_precision_of_hits,
}


def map_at_r(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    query_index: ArrayLike | None = None,
    average: str | None = "mean",
) -> Any:
    """Return the mean average precision at R, the number of relevant items.

    MAP@R = mean over queries of (1 / R) sum over i <= R of P@i rel_i [1]_. It depends
    on the ranks of the relevant items, evaluates as many items as are relevant, and is
    1 only for a perfect ranking.

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

    References
    ----------
    .. [1] K. Musgrave, S. Belongie, S.-N. Lim. "A metric learning reality check". ECCV
       2020, section 3.1.

    Examples
    --------
    >>> from sklearn_mtl.metrics import map_at_r
    >>> map_at_r([0], [0, 1, 0, 1, 0], [[1, 0, 2, 3, 4]])  # (1 / 2 + 2 / 3) / 3
    0.3889
    """
    metric = TaskMetric("map_at_r", average_precision_of_relevant, None)
    return score_task(metric, y_query, y_gallery, neighbors, query_index, average)


def average_precision_at_k(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    k: int = 10,
    normalize: str = "min",
    query_index: ArrayLike | None = None,
    average: str | None = "mean",
) -> Any:
    """Return the average precision of the first k items.

    The value is (1 / D) sum over i <= k of P@i rel_i. Papers define the denominator D
    differently; see `normalize`.

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
    normalize : {"min", "relevant", "hits"}, default="min"
        Denominator D. "min" is min(R, k): a perfect ranking has the value 1. "relevant"
        is R: for k = n_items the value is scikit-learn's average_precision_score, and
        for small k it is small. "hits" is the number of relevant items among the first
        k: a single hit at rank 1 is enough for the value 1.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 if it is not in the gallery.
    average : {"mean"} or None, default="mean"
        "mean" returns the mean; None returns the values of all queries.

    Returns
    -------
    float or ndarray of shape (n_queries,)
        Mean, or the value of each query with average=None.

    Raises
    ------
    ValueError
        If normalize is unknown, or as in `precision_at_k`.

    Examples
    --------
    >>> from sklearn_mtl.metrics import average_precision_at_k
    >>> ranking = [[0, 1, 2, 3]]
    >>> for normalize in ["min", "relevant", "hits"]:
    ...     average_precision_at_k(
    ...         [0], [0, 1, 1, 0, 0, 0], ranking, k=3, normalize=normalize
    ...     )
    0.3333
    0.25
    1.0
    """
    who = "average_precision_at_k"
    if normalize not in _AVERAGE_PRECISIONS:
        raise ValueError(
            f"{who}: normalize must be one of {list(_AVERAGE_PRECISIONS)}; got "
            f"{normalize!r}."
        )
    check_k(k, who)
    formula = _AVERAGE_PRECISIONS[normalize]
    metric = TaskMetric(who, formula, k)
    return score_task(metric, y_query, y_gallery, neighbors, query_index, average)
