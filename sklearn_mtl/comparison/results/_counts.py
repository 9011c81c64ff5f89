"""Counts of wins, ties and losses, and the relative reduction of errors."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.comparison.results._gains import MEAN, Gain
from sklearn_mtl.comparison.results._rows import TaskRow
from sklearn_mtl.metrics import delta_m

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["count_frame", "error_reduction"]

_COLUMNS = {"win": "helps", "tie": "no evidence", "loss": "hurts", "unknown": "unknown"}


def count_frame(gains: Sequence[Gain]) -> pd.DataFrame:
    """Return wins, ties and losses over the tasks by shared model and reference."""
    import pandas as pd

    groups: dict[tuple[str, str], list[Gain]] = {}
    for gain in gains:
        if gain.task != MEAN:
            groups.setdefault((gain.model, gain.against), []).append(gain)
    rows = []
    for (model, against), own in groups.items():
        effects = Counter(gain.effect for gain in own)
        means = np.array([gain.interval.mean for gain in own])
        by_sign = int((means > 0).sum()), int((means < 0).sum())
        rows.append(
            (model, against, *(effects[e] for e in _COLUMNS.values()), *by_sign)
        )
    return pd.DataFrame(
        rows, columns=["model", "against", *_COLUMNS, "higher", "lower"]
    )


def error_reduction(
    tasks: Sequence[TaskRow], own: np.ndarray, other: np.ndarray
) -> tuple[float, str]:
    """Return `delta_m` of mean scores, and the reason if it is NaN.

    Shapes: own, other (n_tasks,).
    """
    names = [task.name for task in tasks]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UndefinedMetricWarning)
        value = delta_m(
            dict(zip(names, own.tolist(), strict=True)),
            dict(zip(names, other.tolist(), strict=True)),
            metric={task.name: task.metric for task in tasks},
        )
    return value, " ".join(str(warning.message) for warning in caught)
