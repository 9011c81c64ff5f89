"""Collapsible sections of the page: tasks, problems and how to reproduce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.report._html_results import curves_of
from sklearn_mtl.comparison.report._html_table import HtmlTable, make_table
from sklearn_mtl.comparison.results._problems import summarise_problems
from sklearn_mtl.comparison.results._rows import TaskRow
from sklearn_mtl.comparison.results._words import (
    metric_label,
    number,
    second_label,
    second_value,
)
from sklearn_mtl.metrics import mean_over_tasks

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["problems", "reproduce", "tasks"]

_FACTS = {
    "n_samples": "samples",
    "n_rows_without_label": "samples without any label",
    "n_features": "features",
    "n_categorical_features": "categorical features",
    "inputs": "columns of the table",
    "n_groups": "groups",
    "missing_fraction": "fraction of labels hidden from training",
    "random_state": "seed",
    "folds": "folds",
}


def tasks(comparison: ComparisonResult) -> list[dict[str, Any]]:
    """Return the learning curves and the scores of every split for each task."""
    boxes = []
    for t, task in enumerate(comparison.tasks):
        classes = f", {task.n_classes} classes" if task.n_classes else ""
        chosen = comparison.chosen_counts()[task.name].items()
        boxes.append(
            {
                "name": task.name,
                "about": f"{task.kind}{classes}, {task.n_labels} labels",
                "drawn": curves_of(comparison, task.name),
                "table": _split_table(comparison, t, task),
                "chosen": ", ".join(f"{name} ({n})" for name, n in chosen),
            }
        )
    return boxes


def _split_table(comparison: ComparisonResult, t: int, task: TaskRow) -> HtmlTable:
    measured = comparison.measured
    header = ["model", metric_label(task.metric, task.period)]
    header += [] if task.second_metric is None else [second_label(task.second_metric)]
    header += [f"split {s + 1}" for s in range(comparison.n_splits)]
    rows = []
    for m, model in enumerate(comparison.models):
        scores = measured.scores[m, :, t]
        means = [_mean(scores)]
        if task.second_metric is not None:
            means.append(
                second_value(task.second_metric, _mean(measured.second_scores[m, :, t]))
            )
        rows.append([model.name, *map(number, [*means, *scores])])
    return make_table(header, rows, label=f"scores of {task.name}")


def _mean(values: np.ndarray) -> float:
    return float(mean_over_tasks(values))


def problems(comparison: ComparisonResult) -> list[tuple[str, str]]:
    """Return pairs of an error or warning and its traceback."""
    return [
        (line, trace or "") for line, trace in summarise_problems(comparison.problems)
    ]


def reproduce(comparison: ComparisonResult) -> dict[str, Any]:
    """Return the command or call, the versions, and the estimator of each model."""
    setting = comparison.setting
    code = str(setting.get("command") or "")
    if not code and setting.get("call"):
        code = f"from sklearn_mtl.comparison import compare\n\n{setting['call']}"
    facts = {label: setting.get(key) for key, label in _FACTS.items()}
    facts |= setting.get("versions", {})
    rows = [[label, str(value)] for label, value in facts.items() if value is not None]
    models = [(m.name, m.estimator) for m in comparison.models if m.estimator]
    table = make_table(["setting", "value"], rows, label="setting")
    return {"code": code, "table": table, "models": models}
