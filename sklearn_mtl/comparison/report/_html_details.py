"""The parts of the page that one opens: tasks, problems, how to do it again."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.comparison.report._html_results import curve_picture
from sklearn_mtl.comparison.report._html_table import html_table
from sklearn_mtl.comparison.report._words import (
    metric_label,
    number,
    second_label,
    second_value,
)
from sklearn_mtl.comparison.results._problems import told_once
from sklearn_mtl.comparison.results._rows import TaskRow
from sklearn_mtl.metrics import mean_over_tasks

if TYPE_CHECKING:
    from sklearn_mtl.comparison._comparison import Comparison

__all__ = ["details", "problems", "reproduce"]

_FACTS = {
    "n_samples": "rows",
    "n_rows_without_label": "rows without any label",
    "n_features": "inputs",
    "n_categorical_features": "inputs that are categories",
    "n_groups": "groups",
    "missing_fraction": "share of labels hidden from training",
    "random_state": "seed",
    "folds": "folds",
}


def details(comparison: Comparison) -> list[str]:
    """Return a closed box for each task, with the scores of every split."""
    return [_task(comparison, t, task) for t, task in enumerate(comparison.tasks)]


def _task(comparison: Comparison, t: int, task: TaskRow) -> str:
    measured = comparison.measured
    rows = []
    for m, model in enumerate(comparison.models):
        scores = measured.scores[m, :, t]
        second = second_value(task.beside or "", _mean(measured.beside[m, :, t]))
        cells = [number(_mean(scores)), number(second)]
        rows.append([model.name, *cells, *(number(score) for score in scores)])
    splits = [f"split {s + 1}" for s in range(comparison.n_splits)]
    metric = metric_label(task.metric, task.period)
    second_metric = second_label(task.beside or "")
    header = ["model", metric, second_metric, *splits]
    if task.beside is None:
        header, rows = _without(header, 2), [_without(row, 2) for row in rows]
    classes = f", {task.n_classes} classes" if task.n_classes else ""
    about = f"{task.kind}{classes}, {task.n_labels} labels"
    chosen = comparison.chosen_counts()[task.name]
    best = ", ".join(f"{name} ({n})" for name, n in chosen.items())
    note = (
        f'<p class="note">Best single row, by split: {escape(best)}.</p>'
        if best
        else ""
    )
    return (
        f"<details><summary>{escape(task.name)}: {escape(about)}</summary>"
        f"{_curves(comparison, task.name)}"
        f"{html_table(header, rows, label=f'scores of {task.name}')}{note}</details>"
    )


def _curves(comparison: Comparison, task: str) -> str:
    if comparison.curve is None:
        return ""
    plots = "".join(
        f"<figure><figcaption>{escape(model.name)}</figcaption>"
        f"{curve_picture(comparison, model.name, task)}</figure>"
        for model in comparison.models
        if model.role == "shared"
    )
    return f'<div class="plots">{plots}</div>'


def _mean(values: np.ndarray) -> float:
    return float(mean_over_tasks(values))


def _without(row: list[str], place: int) -> list[str]:
    return row[:place] + row[place + 1 :]


def problems(comparison: Comparison) -> list[str]:
    """Return errors, which open to their traceback, and warnings."""
    parts = []
    for line, trace in told_once(comparison.problems):
        title = escape(line)
        if trace:
            box = f"<pre>{escape(trace)}</pre>"
            parts.append(f"<details><summary>{title}</summary>{box}</details>")
        else:
            parts.append(f'<p class="note">{title}</p>')
    return parts


def reproduce(comparison: Comparison) -> list[str]:
    """Return the command or call, versions, and what each row is."""
    setting = comparison.setting
    parts = []
    if setting.get("command"):
        parts.append(f"<pre>{escape(str(setting['command']))}</pre>")
    elif setting.get("call"):
        code = f"from sklearn_mtl.comparison import compare\n\n{setting['call']}"
        parts.append(f"<pre>{escape(code)}</pre>")
    facts = {label: setting.get(key) for key, label in _FACTS.items()}
    facts |= setting.get("versions", {})
    rows = [[label, str(value)] for label, value in facts.items() if value is not None]
    if rows:
        parts.append(html_table(["setting", "value"], rows, label="setting"))
    models = [[model.name, model.estimator] for model in comparison.models]
    terms = "".join(
        f"<dt><b>{escape(name)}</b></dt><dd><pre>{escape(text)}</pre></dd>"
        for name, text in models
        if text
    )
    if terms:
        box = f"<summary>The models</summary><dl>{terms}</dl>"
        parts.append(f"<details>{box}</details>")
    return parts
