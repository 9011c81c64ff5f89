"""DataFrames with the results of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison.results._rows import (
    SELECTED,
    Measured,
    ModelRow,
    TaskRow,
    skills,
)
from sklearn_mtl.comparison.results._words import second_value
from sklearn_mtl.metrics import mean_over_tasks

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "COSTS",
    "RESERVED",
    "gain_frame",
    "score_frame",
    "second_frame",
    "summary_frame",
]

COSTS = ["fit seconds", "predict seconds", "model MB"]
_MEGABYTE = 1e6
_DECISION = ["p_adjusted", "effect", "n_splits"]
_GAIN_COLUMNS = {
    TWIN: "gain from sharing",
    SELECTED: "gain over automatically selected",
}
_ENDS = ("", " low", " high")
#: Columns of the table of scores that are not tasks.
RESERVED = frozenset(
    ["model", MEAN, *COSTS]
    + [f"{title}{end}" for title in _GAIN_COLUMNS.values() for end in _ENDS]
)


def summary_frame(
    models: Sequence[ModelRow],
    tasks: Sequence[TaskRow],
    measured: Measured,
    gains: Sequence[Gain],
) -> pd.DataFrame:
    """Return one row per model: scores, their mean, mean gains with intervals, costs.

    The row "automatically selected" follows the models that it is selected from.
    """
    import pandas as pd

    counts = measured.in_means
    rows = {
        model.name: _scores(measured.scores[m], tasks, counts) + _costs(measured, m)
        for m, model in enumerate(models)
    }
    best = _scores(measured.selected(), tasks, counts) + [np.nan] * len(COSTS)
    rows = _with_selected(rows, models, measured, best)
    columns = [task.name for task in tasks] + [MEAN]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=[*columns, *COSTS])
    table.index.name = "model"
    for against, title in _GAIN_COLUMNS.items():
        _add_gains(table, title, [gain for gain in gains if gain.against == against])
    return table[[name for name in table if name not in COSTS] + COSTS]


def second_frame(
    models: Sequence[ModelRow], tasks: Sequence[TaskRow], measured: Measured
) -> pd.DataFrame:
    """Return one row per model: the mean second score of each task that has one."""
    import pandas as pd

    def means(values: np.ndarray) -> list[float]:
        by_task = mean_over_tasks(values.T).tolist()  # over splits
        return [
            second_value(task.second_metric, value)
            for task, value in zip(tasks, by_task, strict=True)
            if task.second_metric is not None
        ]

    rows = {
        model.name: means(measured.second_scores[m]) for m, model in enumerate(models)
    }
    rows = _with_selected(
        rows, models, measured, means(measured.selected("second_scores"))
    )
    columns = [task.name for task in tasks if task.second_metric is not None]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
    return table.rename_axis(index="model")


def gain_frame(gains: Sequence[Gain]) -> pd.DataFrame:
    """Return one row per gain."""
    import pandas as pd

    rows = [
        {
            "model": gain.model,
            "against": gain.against,
            "task": gain.task,
            "gain": gain.interval.mean,
            "low": gain.interval.low,
            "high": gain.interval.high,
            "p_value": gain.interval.p_value,
            "adjusted_low": gain.adjusted.low,
            "adjusted_high": gain.adjusted.high,
            "p_adjusted": gain.p_adjusted,
            "effect": gain.effect,
            "n_splits": gain.interval.n_splits,
        }
        for gain in gains
    ]
    columns = "model against task gain low high p_value adjusted_low adjusted_high"
    return pd.DataFrame(rows, columns=[*columns.split(), *_DECISION])


def score_frame(
    models: Sequence[ModelRow], tasks: Sequence[TaskRow], measured: Measured
) -> pd.DataFrame:
    """Return one row for each model, split, task and metric."""
    import pandas as pd

    n_models, n_splits, n_tasks = measured.scores.shape
    m, s, t = np.indices((n_models, n_splits, n_tasks)).reshape(3, -1)
    both = []
    for metrics, values in (
        ([task.metric for task in tasks], measured.scores),
        ([task.second_metric for task in tasks], measured.second_scores),
    ):
        part = {
            "model": [models[i].name for i in m],
            "split": s,
            "task": [tasks[i].name for i in t],
            "metric": [metrics[i] for i in t],
            "score": values.ravel(),
        }
        both.append(pd.DataFrame(part))
    both[1] = both[1][both[1]["metric"].notna()]
    return pd.concat(both, ignore_index=True)


def _scores(
    scores: np.ndarray, tasks: Sequence[TaskRow], in_means: np.ndarray
) -> list[float]:
    """Return the mean score of each task, followed by their mean over tasks."""
    by_task = mean_over_tasks(scores.T)  # over the last axis: the splits
    return [*by_task, float(mean_over_tasks(skills(by_task, tasks)[in_means]))]


def _costs(measured: Measured, m: int) -> list[float]:
    """Return mean times of a model in seconds and its mean size in megabytes."""
    means = [
        float(mean_over_tasks(values[m]))
        for values in (measured.fit_seconds, measured.predict_seconds)
    ]
    size = float(mean_over_tasks(measured.model_bytes[m])) / _MEGABYTE
    return [*means, size]


def _with_selected(
    rows: dict[str, list[float]],
    models: Sequence[ModelRow],
    measured: Measured,
    values: list[float],
) -> dict[str, list[float]]:
    """Insert the row of the selected model after the models it is selected from."""
    if not (measured.chosen >= 0).any():
        return rows
    last = max(m for m, model in enumerate(models) if model.is_candidate)
    items = list(rows.items())
    items.insert(last + 1, (SELECTED, values))
    return dict(items)


def _add_gains(table: Any, title: str, gains: Sequence[Gain]) -> None:
    means = {gain.model: gain.adjusted for gain in gains if gain.task == MEAN}
    for end, part in zip(_ENDS, ("mean", "low", "high"), strict=True):
        table[f"{title}{end}"] = [
            getattr(means[name], part) if name in means else np.nan
            for name in table.index
        ]
