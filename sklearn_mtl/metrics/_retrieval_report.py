"""Report of all retrieval metrics of all tasks for one ranking."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.metrics import _retrieval_scores as of
from sklearn_mtl.metrics._relevance import (
    Ranking,
    Rankings,
    TaskLabels,
    iter_blocks,
    read_index,
    read_labels,
)

__all__ = ["retrieval_depth", "retrieval_report"]

_WHO = "retrieval_report"


def retrieval_report(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    *,
    k: int = 10,
    query_index: ArrayLike | None = None,
) -> dict[str, dict[str, float]]:
    """Score one ranking for all tasks.

    `pandas.DataFrame(report).T` is a table with one row per task. The values are the
    means of the functions with the same names.

    Parameters
    ----------
    y_query : array-like of shape (n_queries,) or (n_queries, n_tasks)
        Labels of the queries; NaN, None or pandas.NA where missing.
    y_gallery : array-like of shape (n_items,) or (n_items, n_tasks)
        Labels of the items.
    neighbors : array-like of shape (n_queries, n_ranked), or iterable of such arrays
        Positions in the gallery, best first; -1 where nothing was found. An iterable
        yields the rows in blocks, so that long rankings need not be in memory.
    k : int, default=10
        Depth of the metrics with a depth.
    query_index : array-like of shape (n_queries,), default=None
        Position of each query in the gallery, -1 if it is not in the gallery.

    Returns
    -------
    dict of str to dict of str to float
        Values by task name. For each task: "precision_at_1"; "precision_at_k",
        "hit_rate_at_k", "recall_at_k" and "average_precision_at_k" with the value of k
        in the key; "r_precision" and "map_at_r"; and the counts "n_queries",
        "n_unlabelled" (queries without a label) and "n_without_relevant" (queries with
        a label that no other item has). Queries in the last two counts are left out of
        the means.

    Raises
    ------
    TaskError
        If the tasks differ, or labels are not classes.
    ValueError
        If neighbors is not a valid ranking for these queries.

    Warns
    -----
    UndefinedMetricWarning
        If metrics are NaN because the rankings are too short for them.

    See Also
    --------
    sklearn_mtl.neighbors.NeighborRetriever.report : Report with a search of the
        required depth.
    ndcg_at_k : One number for all tasks.

    Examples
    --------
    >>> from sklearn_mtl.metrics import retrieval_report
    >>> y = [[0, "a"], [0, "b"], [1, "a"]]
    >>> report = retrieval_report(
    ...     y, y, [[1, 2], [0, 2], [0, 1]], k=1, query_index=[0, 1, 2]
    ... )
    >>> report["task0"]["map_at_r"], report["task1"]["precision_at_1"]
    (1.0, 0.5)
    >>> report["task1"]["n_without_relevant"]
    1
    """
    labels = read_labels(y_query, y_gallery, _WHO)
    of.check_k(k, _WHO)
    n_queries, n_items = len(labels[0].query), len(labels[0].gallery)
    at = read_index(query_index, n_queries, n_items, _WHO)
    metrics = _metrics(k)
    values = np.full((len(labels), len(metrics), n_queries), np.nan)
    short: dict[str, int] = dict.fromkeys(metrics, 0)
    for rows, block in iter_blocks(neighbors, n_queries, n_items, _WHO):
        for t, task in enumerate(labels):
            ranking = Ranking.of_block(task, block, at, rows)
            for m, (name, (formula, depth)) in enumerate(metrics.items()):
                values[t, m, rows], is_short = of.apply_formula(formula, ranking, depth)
                short[name] += int(is_short.sum())
    _warn_of_short({name: n for name, n in short.items() if n}, n_queries)
    return {
        task.name: {
            name: np.nan if short[name] else of.mean_of(values[t, m])
            for m, name in enumerate(metrics)
        }
        | _counts(task, at)
        for t, task in enumerate(labels)
    }


def _metrics(k: int) -> dict[str, tuple[of.Formula, int | None]]:
    """Return the formula and depth of each metric; None for R."""
    return {
        "precision_at_1": (of.precision_of, 1),
        f"precision_at_{k}": (of.precision_of, k),
        f"hit_rate_at_{k}": (of.hit_rate_of, k),
        f"recall_at_{k}": (of.recall_of, k),
        f"average_precision_at_{k}": (of.average_precision_of, k),
        "r_precision": (of.recall_of, None),
        "map_at_r": (of.average_precision_of_relevant, None),
    }


def _counts(task: TaskLabels, at: np.ndarray) -> dict[str, int]:
    has_label = task.query >= 0
    return {
        "n_queries": len(has_label),
        "n_unlabelled": int((~has_label).sum()),
        "n_without_relevant": int((has_label & (task.n_relevant(at) == 0)).sum()),
    }


def _warn_of_short(short: dict[str, int], n_queries: int) -> None:
    if short:
        warnings.warn(
            f"{_WHO}: {sorted(short)} are NaN: the rankings of up to "
            f"{max(short.values())} of {n_queries} queries are too short. Search for "
            "more neighbours.",
            UndefinedMetricWarning,
            stacklevel=3,
        )


def retrieval_depth(
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    k: int,
    query_index: ArrayLike | None = None,
) -> int:
    """Return the required length of rankings for `retrieval_report`.

    Shapes: y_query (n_queries,) or (n_queries, n_tasks), y_gallery
    (n_items,) or (n_items, n_tasks), query_index (n_queries,).
    """
    depth = 0
    labels = read_labels(y_query, y_gallery, _WHO)
    n_queries, n_items = len(labels[0].query), len(labels[0].gallery)
    at = read_index(query_index, n_queries, n_items, _WHO)
    for task in labels:
        n_relevant = int(task.n_relevant(at).max(initial=0))
        # Unlabelled items and the query itself have positions in a ranking but no
        # ranks.
        n_unlabelled = int((task.gallery < 0).sum())
        depth = max(depth, max(k, n_relevant) + n_unlabelled)
    return min(n_items, depth + bool((at >= 0).any()))
