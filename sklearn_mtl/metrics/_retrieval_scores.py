"""Computation of retrieval metrics from rankings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._relevance import (
    Ranking,
    Rankings,
    iter_blocks,
    read_index,
    read_labels,
)

__all__ = [
    "Formula",
    "TaskMetric",
    "apply_formula",
    "average_precision_of",
    "average_precision_of_hits",
    "average_precision_of_relevant",
    "check_k",
    "finish",
    "hit_rate_of",
    "mean_of",
    "precision_of",
    "recall_of",
    "refuse_short",
    "score_task",
]

# Function of a ranking, cut at its depth, and k, that returns values (n_queries,).
Formula = Callable[[Ranking, int], np.ndarray]


@dataclass(frozen=True)
class TaskMetric:
    """A metric with name, formula and depth k; None means R."""

    name: str
    formula: Formula
    k: int | None


def precision_of(ranking: Ranking, k: int) -> np.ndarray:
    """Return hits / k."""
    return ranking.relevant.sum(axis=1) / k


def hit_rate_of(ranking: Ranking, k: int) -> np.ndarray:
    """Return whether there is a hit."""
    return np.asarray(ranking.relevant.any(axis=1), dtype=np.float64)


def recall_of(ranking: Ranking, k: int) -> np.ndarray:
    """Return hits / R."""
    return _divide(ranking.relevant.sum(axis=1), ranking.n_relevant)


def _precision_sum(ranking: Ranking) -> np.ndarray:
    """Return the sum over the hits of the precision at their rank."""
    hits = np.cumsum(ranking.relevant, axis=1, dtype=np.int32)
    precision = hits / ranking.rank.clip(min=1)
    return np.einsum("ij,ij->i", precision, ranking.relevant)


def average_precision_of(ranking: Ranking, k: int) -> np.ndarray:
    """Return the sum of precisions / min(R, k)."""
    return _divide(_precision_sum(ranking), np.minimum(ranking.n_relevant, k))


def average_precision_of_relevant(ranking: Ranking, k: int) -> np.ndarray:
    """Return the sum of precisions / R."""
    return _divide(_precision_sum(ranking), ranking.n_relevant)


def average_precision_of_hits(ranking: Ranking, k: int) -> np.ndarray:
    """Return the sum of precisions / hits; 0 without a hit."""
    n_hits = ranking.relevant.sum(axis=1)
    return _precision_sum(ranking) / n_hits.clip(min=1)


def _divide(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Divide, with 0 for queries without a relevant item, which become NaN later."""
    return values / by.clip(min=1)


def score_task(
    metric: TaskMetric,
    y_query: ArrayLike,
    y_gallery: ArrayLike,
    neighbors: Rankings,
    query_index: ArrayLike | None,
    average: str | None,
) -> Any:
    """Return the value of a metric for one task."""
    who, k = metric.name, metric.k
    labels = read_labels(y_query, y_gallery, who)
    if len(labels) > 1:
        raise TaskError(
            f"{who}: y has the tasks {[one.name for one in labels]}, but this metric "
            "scores one task. Select a column, or use retrieval_report."
        )
    task = labels[0]
    n_queries, n_items = len(task.query), len(task.gallery)
    at = read_index(query_index, n_queries, n_items, who)
    values, n_short = np.full(n_queries, np.nan), 0
    for rows, block in iter_blocks(neighbors, n_queries, n_items, who):
        ranking = Ranking.of_block(task, block, at, rows)
        values[rows], is_short = apply_formula(metric.formula, ranking, k)
        n_short += is_short.sum()
    refuse_short(n_short, n_queries, k, who)
    name = f"task {task.name!r}: "
    n_unlabelled = int((task.query < 0).sum())
    return finish(values, n_unlabelled, average, who, name, stacklevel=4)


def refuse_short(n_short: int, n_queries: int, k: int | None, who: str) -> None:
    """Raise if rankings end before the depth although the gallery has more items."""
    if n_short:
        raise ValueError(
            f"{who}: the rankings of {n_short} of {n_queries} queries are too short: "
            f"{'R' if k is None else k} items with a label are required. Search for "
            "more neighbours."
        )


def apply_formula(
    formula: Formula, ranking: Ranking, k: int | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the values of a metric for a block, and a mask of too short rankings.

    Shapes: -> values (n_queries,), is_short (n_queries,).
    """
    depth = ranking.n_relevant if k is None else np.full(len(ranking.relevant), k)
    values = formula(ranking.cut(depth), k or 0)
    has_value = ranking.n_relevant > 0
    return np.where(has_value, values, np.nan), ranking.is_short(depth) & has_value


def check_k(k: Any, who: str) -> None:
    """Raise if k is not a positive integer."""
    is_number = isinstance(k, Integral) and not isinstance(k, bool)
    if not (is_number and k >= 1):
        raise ValueError(f"{who}: k must be an integer of at least 1; got {k!r}.")


def finish(
    values: np.ndarray,
    n_unlabelled: int,
    average: str | None,
    who: str,
    name: str = "",
    stacklevel: int = 3,
) -> Any:
    """Warn if queries have no value, and average the others."""
    if average not in ("mean", None):
        raise ValueError(f"{who}: average must be 'mean' or None; got {average!r}.")
    n_without = int(np.isnan(values).sum())
    if n_without:
        warnings.warn(
            f"{who}: {name}{n_without} of {len(values)} queries have no value: "
            f"{n_unlabelled} have no label, and {n_without - n_unlabelled} have no "
            "relevant item in the gallery.",
            UndefinedMetricWarning,
            stacklevel=stacklevel,
        )
    return values if average is None else mean_of(values)


def mean_of(values: np.ndarray) -> float:
    """Return the mean of the values that are not NaN; NaN if all are NaN."""
    has_value = ~np.isnan(values)
    return float(values[has_value].mean()) if has_value.any() else float("nan")
