"""Scores of constant and perfect predictions, which put scores on a common scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sklearn_mtl.metrics import Metric, label_spreads, score_units
from sklearn_mtl.tasks import TaskSet, TokenLabels

__all__ = ["score_scales"]

_AS_THEY_ARE = (0.0, 1.0)
_N_QUANTILES = 9


def score_scales(
    metrics: Sequence[Metric],
    tasks: TaskSet,
    codes: np.ndarray,
    tokens: Mapping[int, TokenLabels],
) -> list[tuple[float, float]]:
    """Return the score of a constant prediction and its distance to the perfect score.

    If all tasks have the same metric and unit, no scale is needed, and the result is
    (0, 1) for every task.

    Shapes: codes (n_samples, n_tasks).
    """
    spreads = label_spreads(codes, [task.period for task in tasks.tasks])
    is_one_metric = len({metric.name for metric in metrics}) == 1
    if is_one_metric and (score_units(metrics, spreads) == 1).all():
        return [_AS_THEY_ARE] * len(metrics)
    columns = [
        tokens[t].codes if t in tokens else column for t, column in enumerate(codes.T)
    ]
    return [
        _scale(metric, column[~np.isnan(column)], task.n_classes)
        for metric, column, task in zip(metrics, columns, tasks.tasks, strict=True)
    ]


def _scale(metric: Metric, y: np.ndarray, n_classes: int) -> tuple[float, float]:
    """Return the scale of one task with observed labels y (n_observed,)."""
    if metric.needs == "spans":  # a constant tag, usually "O", marks no spans
        return _AS_THEY_ARE
    weight = np.ones(len(y))
    if n_classes:
        y = y.astype(np.intp)
    scores = [
        metric.sign * metric.function(y, given, weight)
        for given in _constants(metric, y, n_classes)
    ]
    best, perfect = float(np.max(scores)), 0.0 if metric.is_error else 1.0
    if not metric.is_error:
        # R2 of circular values is negative for every constant.
        best = max(best, 0.0)
    return (best, perfect - best) if perfect > best else _AS_THEY_ARE


def _constants(metric: Metric, y: np.ndarray, n_classes: int) -> Iterator[np.ndarray]:
    """Yield constant predictions in the form that the metric expects."""
    if not n_classes:
        quantiles = np.quantile(y, np.linspace(0, 1, _N_QUANTILES + 2)[1:-1])
        for value in (y.mean(), *quantiles):
            yield np.full(len(y), value)
        return
    shares = np.bincount(y, minlength=n_classes) / len(y)
    if metric.needs not in ("labels", "tags"):
        yield np.tile(shares, (len(y), 1))
        return
    # Binary F1 scores the second class, which need not be the majority class.
    for label in {int(shares.argmax()), n_classes - 1}:
        yield np.tile(np.arange(n_classes) == label, (len(y), 1)).astype(float)
