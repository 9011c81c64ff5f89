"""Targets as tables with selectable rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.tasks import (
    TaskNames,
    TaskSet,
    align_weights,
    as_pandas_or_array,
    order_of_columns,
    task_name,
    weightless_labels,
)
from sklearn_mtl.utils._frames import column_names, is_pandas, is_series
from sklearn_mtl.utils._typing import TargetsLike

__all__ = ["as_table", "drop_weightless", "in_task_order", "take_tasks"]


def as_table(y: Any, who: str) -> Any:
    """Return the targets as a pandas DataFrame or a 2D array."""
    y = as_pandas_or_array(y, who)
    if is_series(y):
        return y.to_frame(name="task0" if y.name in (None, "") else y.name)
    return y[:, None] if y.ndim == 1 else y


def take_tasks(table: Any, columns: Sequence[int]) -> Any:
    """Return the given columns of a DataFrame or an array."""
    chosen = list(columns)
    return table.iloc[:, chosen] if is_pandas(table) else table[:, chosen]


def in_task_order(y: TargetsLike | None, tasks: TaskSet, what: str, who: str) -> Any:
    """Return the targets with the columns of a DataFrame in task order."""
    if tasks.is_1d:
        return y
    table = as_table(y, who)
    order = order_of_columns(column_names(table), tasks, what, who)
    return table if order is None else take_tasks(table, order)


def drop_weightless(y: TargetsLike, sample_weight: ArrayLike | None, who: str) -> Any:
    """Return y with missing labels where the weight is 0, or y if no weight is 0."""
    if sample_weight is None:
        return y
    table = as_table(y, who)
    labels = column_names(table)
    if labels is None:
        tasks = TaskNames([f"task{t}" for t in range(table.shape[1])], False)
    else:
        tasks = TaskNames([task_name(label) for label in labels])
    weights = align_weights(sample_weight, table.shape, who, tasks)
    weightless = weightless_labels(weights, table.shape)
    if weightless is None:
        return y
    if is_pandas(table):
        return table.mask(weightless)
    is_number = table.dtype.kind in "iuf"
    out = table.astype(np.float64 if is_number else object)
    out[weightless] = np.nan
    return out
