"""The parts of the page that show what was measured: scores, gains, curves, costs."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from sklearn_mtl.comparison.report._html_table import html_table
from sklearn_mtl.comparison.report._svg import gain_plot
from sklearn_mtl.comparison.report._svg_curve import curve_plot
from sklearn_mtl.comparison.report._words import (
    effect_word,
    gain_and_interval,
    metric_label,
    number,
    seconds,
)
from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison.results._rows import BEST_SINGLE
from sklearn_mtl.comparison.results._tables import COSTS

if TYPE_CHECKING:
    from sklearn_mtl.comparison._comparison import Comparison

__all__ = ["costs", "curve_picture", "curves", "gain_pair", "gain_parts", "scores"]

_AGAINST = {TWIN: "gain from sharing", BEST_SINGLE: "gain over best single"}
_RIVALS = {TWIN: "against its twin", BEST_SINGLE: "against the best single row"}
_HOW_COSTS_ARE_MEASURED = (
    "Mean seconds of a fit and of predicting its test part; size of the fitted model "
    "when pickled; and by how much the resident memory of the process grew at most "
    "during a fit (median over the splits)."
)


def scores(comparison: Comparison) -> list[str]:
    """Return the table of mean scores."""
    table = comparison.table
    names = [*(task.name for task in comparison.tasks), MEAN]
    roles = {model.name: model.role for model in comparison.models}
    roles[BEST_SINGLE] = "best"
    rows = [
        [model, *(number(table.loc[model, name]) for name in names)]
        for model in table.index
    ]
    return [
        f'<p class="note">Mean test score over the splits, greater is better; the best '
        f"of each column is marked. {escape(_metrics(comparison))} "
        f"{escape(comparison.mean_note)}</p>",
        html_table(
            ["model", *names],
            rows,
            label="scores",
            row_classes=[roles[model] for model in table.index],
            best_columns=range(1, len(names) + 1),
        ),
    ]


def _metrics(comparison: Comparison) -> str:
    """Return the metric of all tasks, or that of each."""
    labels = [metric_label(task.metric, task.period) for task in comparison.tasks]
    if len(set(labels)) == 1:
        return f"The score is {labels[0]}."
    pairs = zip(comparison.tasks, labels, strict=True)
    return f"Scores: {', '.join(f'{task.name}: {label}' for task, label in pairs)}."


def gain_parts(comparison: Comparison, model: str) -> list[str]:
    """Return the picture and the table of the gains of one shared model."""
    gains = [gain for gain in comparison.gains if gain.model == model]
    pair = gain_pair(gains, comparison.confidence, "task")
    return [pair, _counts(comparison, model)]


def gain_pair(gains: Sequence[Gain], confidence: float, what: str) -> str:
    """Return the picture and the table of gains beside each other."""
    found = {(gain.against, gain.task): gain for gain in gains}
    against = list(dict.fromkeys(gain.against for gain in gains))
    names = list(dict.fromkeys(gain.task for gain in gains))
    rows = [[name, *(_words(found[kind, name]) for kind in against)] for name in names]
    header = [what, *(_AGAINST[kind] for kind in against)]
    table = html_table(header, rows, label=f"gains of {gains[0].model}", stacks=True)
    return f'<div class="pair">{gain_plot(gains, confidence)}{table}</div>'


def _words(gain: Gain) -> str:
    return f"{gain_and_interval(gain.interval)}\n{effect_word(gain)}"


def _counts(comparison: Comparison, model: str) -> str:
    """Return wins, ties and losses, and the relative reduction of errors if defined."""
    counts = comparison.counts
    n_tasks, told = len(comparison.tasks), []
    for row in counts[counts["model"] == model].itertuples():
        value, reason = comparison.error_reduction(model, row.against)
        change = "" if reason else f" and has {-value:+.1%} error on average (delta_m)"
        told.append(
            f"{_RIVALS[row.against]} it wins {row.win} of {n_tasks} tasks "
            f"and loses {row.loss}{change}"
        )
    return f'<p class="note">Beyond noise, {escape("; ".join(told))}.</p>'


def curves(comparison: Comparison) -> list[str]:
    """Return score against number of labels, averaged over tasks."""
    if comparison.curve is None:
        return []
    shared = [model.name for model in comparison.models if model.role == "shared"]
    note = (
        '<p class="note">Mean test score over tasks. The band is the interval of the '
        "gain: where the dashed curve leaves it, sharing makes a difference. Curves by "
        f"task stand under each task. {escape(comparison.mean_note)}</p>"
    )
    plots = "".join(
        f"<figure><figcaption>{escape(name)}</figcaption>"
        f"{curve_picture(comparison, name, MEAN)}"
        f"{_paragraph(comparison.labels_saved(name))}</figure>"
        for name in shared
    )
    return [note, f'<div class="plots">{plots}</div>']


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""


def curve_picture(comparison: Comparison, model: str, task: str) -> str:
    """Return the curves of one model and task."""
    frame = comparison.learning_curve
    rows = frame[(frame["model"] == model) & (frame["task"] == task)]
    return curve_plot(rows, f"Score of {model} against number of labels, {task}")


def costs(comparison: Comparison) -> list[str]:
    """Return seconds and memory of every model."""
    table = comparison.table[COSTS].drop(index=BEST_SINGLE, errors="ignore")
    rows = [
        [str(name), *map(seconds, row)]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return [
        f'<p class="note">{_HOW_COSTS_ARE_MEASURED}</p>',
        html_table(["model", *COSTS], rows, label="costs"),
    ]
