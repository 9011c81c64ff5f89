"""Sections of the page with scores, gains, learning curves and costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sklearn_mtl.comparison.plots._curve import SampleEfficiencyDisplay
from sklearn_mtl.comparison.plots._gain import TaskGainDisplay
from sklearn_mtl.comparison.report._html_table import (
    Cell,
    HtmlTable,
    layout_for,
    make_table,
)
from sklearn_mtl.comparison.report._pictures import draw
from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison.results._intervals import Interval
from sklearn_mtl.comparison.results._rows import SELECTED, shares_nothing
from sklearn_mtl.comparison.results._tables import COSTS
from sklearn_mtl.comparison.results._words import (
    CURVE_INTERVALS,
    about_curve,
    effect_word,
    gain_and_interval,
    listed,
    metric_label,
    number,
    seconds,
    shorten,
)

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = [
    "compared",
    "costs",
    "curves",
    "curves_of",
    "gain_pair",
    "gain_table",
    "gains",
    "scores",
]

_AGAINST = {TWIN: "gain from sharing", SELECTED: "gain over automatically selected"}
_RIVALS = {TWIN: "its twin", SELECTED: "the automatically selected model"}
_KINDS = {
    "shared": "One model that learns all tasks together.",
    "twin": "Twin: the same estimator, fitted separately to each task.",
    "single": "One model per task.",
    "dummy": "Baseline that ignores the inputs.",
}
_SELECTED_IS = (
    "The single-task model with the best score in an inner cross-validation of the "
    "training set, selected separately for each task."
)
# Longer names leave too little space for the plot on a phone.
_NAME_WIDTH = 18


def compared(comparison: ComparisonResult) -> dict[str, Any]:
    """Return a description of the models by role."""
    kinds = []
    for role, about in _KINDS.items():
        names = [row.name for row in comparison.models if row.role == role]
        if names:
            kinds.append((about, ", ".join(names)))
    if SELECTED in comparison.table.index:
        kinds.append((_SELECTED_IS, SELECTED))
    return {"n_splits": comparison.n_splits, "kinds": kinds}


def scores(comparison: ComparisonResult) -> dict[str, Any]:
    """Return the table of mean scores, with the second scores below them."""
    names = [*(task.name for task in comparison.tasks), MEAN]
    table = comparison.table[names]
    roles = {model.name: model.role for model in comparison.models}
    roles[SELECTED] = "best"
    notes = _notes(comparison)
    rows: list[list[str | Cell]] = [
        [model]
        + [
            Cell(number(value), note=notes.get((model, name), ""))
            for name, value in row.items()
        ]
        for model, row in table.iterrows()
    ]
    made = make_table(
        ["model", *names[:-1], comparison.mean_name],
        rows,
        label="scores",
        kinds=[roles[model] for model in table.index],
        values=table.to_numpy(),
        layout=layout_for(len(names)),
    )
    note = comparison.mean_note
    return {"metrics": _metrics(comparison), "mean_note": note, "table": made}


def _notes(comparison: ComparisonResult) -> dict[tuple[str, str], str]:
    """Return notes such as "log-loss 0.431" by model and task with a second score."""
    table = comparison.second_table
    labels = {
        task.name: metric_label(task.second_metric.removeprefix("neg_"))
        for task in comparison.tasks
        if task.second_metric is not None
    }
    return {
        (model, task): f"{labels[task]} {number(table.loc[model, task])}"
        for model in table.index
        for task in table.columns
    }


def _metrics(comparison: ComparisonResult) -> str:
    """Return a sentence on the metrics of the tasks."""
    labels = [metric_label(task.metric, task.period) for task in comparison.tasks]
    if len(set(labels)) == 1:
        return f"The score is {labels[0]}."
    pairs = zip(comparison.tasks, labels, strict=True)
    return f"Scores: {', '.join(f'{task.name}: {label}' for task, label in pairs)}."


def gains(comparison: ComparisonResult, model: str) -> dict[str, Any]:
    """Return the plot and the table of the gains of one shared model."""
    own = comparison.gains_of(model)
    pair = gain_pair(own, comparison.confidence, "task")
    over: list[list[str | Cell]] = [
        [gain.against, _words(gain)] for gain in comparison.mean_gains(model)
    ]
    title = f"{comparison.mean_name} gain"
    rows = make_table(["over", title], over, label=f"mean gains of {model}")
    against = {gain.against for gain in own}
    return {
        "model": model,
        "has_twin": TWIN in against,
        "is_selected": SELECTED in against,
        "pair": pair,
        "counts": _counts(comparison, model),
        "rows": rows,
        "mean_note": comparison.mean_note,
    }


def gain_pair(gains: Sequence[Gain], confidence: float, what: str) -> dict[str, Any]:
    """Return the plot and the table of the given gains of one model."""
    short = [replace(gain, task=shorten(gain.task, _NAME_WIDTH)) for gain in gains]
    display = TaskGainDisplay(short, confidence=confidence)
    height = 1.3 + 0.36 * len(display.task_names_)
    alt = (
        f"Gains of {gains[0].model} by {what}, with {confidence:.0%} intervals. "
        f"{_effects([gain for gain in gains if gain.against == TWIN])}"
    )
    return {
        "picture": draw(display, alt.strip(), height=height),
        "table": gain_table(gains, what),
    }


def _effects(gains: Sequence[Gain]) -> str:
    """Return a sentence on where sharing helps and where it hurts."""
    told: dict[str, list[str]] = {}
    for gain in gains:
        told.setdefault(gain.effect, []).append(gain.task)
    said = [f"{effect} on {listed(names)}" for effect, names in told.items()]
    return f"Sharing: {'; '.join(said)}." if said else ""


def gain_table(gains: Sequence[Gain], what: str) -> HtmlTable:
    """Return a table of the gains of one model with intervals and effects."""
    found = {(gain.against, gain.task): gain for gain in gains}
    against = list(dict.fromkeys(gain.against for gain in gains))
    names = list(dict.fromkeys(gain.task for gain in gains))
    rows: list[list[str | Cell]] = [
        [name, *(_words(found[kind, name]) for kind in against)] for name in names
    ]
    header = [what, *(_AGAINST[kind] for kind in against)]
    return make_table(header, rows, label=f"gains of {gains[0].model}", layout="stacks")


def _words(gain: Gain) -> Cell:
    return Cell(gain_and_interval(gain.adjusted), effect_word(gain))


def _counts(comparison: ComparisonResult, model: str) -> str:
    """Return significant wins and losses, and the change of the errors if defined."""
    counts = comparison.counts
    n_tasks, told = len(comparison.tasks), []
    for row in counts[counts["model"] == model].itertuples():
        value, reason = comparison.error_reduction(model, row.against)
        change = "" if reason else f"; errors change by {-value:+.1%} (mean, delta_m)"
        told.append(
            f"It is significantly better than {_RIVALS[row.against]} on {row.win} of "
            f"{n_tasks} tasks and significantly worse on {row.loss}{change}."
        )
    return " ".join(told)


def curves(comparison: ComparisonResult) -> dict[str, Any] | None:
    """Return the learning curves of the mean over tasks."""
    if comparison.curve is None:
        return None
    drawn = curves_of(comparison, MEAN)
    for one in drawn:
        one["saved"] = comparison.labels_saved(one["title"])
    notes = [comparison.mean_note, CURVE_INTERVALS]
    paired = [row for row in comparison.models if row.twin is not None]
    notes += [about_curve(row, comparison.tasks) for row in paired]
    return {"notes": " ".join(filter(None, notes)), "drawn": drawn}


def curves_of(comparison: ComparisonResult, task: str) -> list[dict[str, Any]]:
    """Return plots and tables of the curves of models that share parameters."""
    if comparison.curve is None:
        return []
    frame = comparison.learning_curve
    made = []
    for row in comparison.models:
        is_alone = task in row.alone or shares_nothing(row, comparison.tasks)
        if row.twin is None or is_alone:
            continue
        model = row.name
        rows = frame[(frame["model"] == model) & (frame["task"] == task)]
        display = SampleEfficiencyDisplay(
            *(rows[name] for name in ("labels", "score", "twin")),
            gain_low=rows["low"],
            gain_high=rows["high"],
            name=shorten(model, _NAME_WIDTH),
        )
        picture = draw(display, _about_curve(display, model, task), height=3.0)
        table = _curve_table(rows, f"scores of {model} by labels, {task}")
        made.append({"title": model, "picture": picture, "table": table, "saved": ""})
    return made


def _about_curve(display: SampleEfficiencyDisplay, model: str, task: str) -> str:
    what = "mean over tasks" if task == MEAN else f"task {task}"
    ends = [
        f"with {display.n_labels[place]:.0f} labels {number(display.shared[place])} "
        f"versus {number(display.twin[place])}"
        for place in (0, -1)
    ]
    return (
        f"Scores of {model} and its twin against the number of labels, {what}: "
        f"{', '.join(ends)}."
    )


def _curve_table(rows: Any, label: str) -> HtmlTable:
    values = rows[["labels", "score", "twin", "gain", "low", "high"]].to_numpy()
    cells = [
        [
            f"{labels:.0f}",
            number(score),
            number(twin),
            gain_and_interval(Interval(*gain)),
        ]
        for labels, score, twin, *gain in values.tolist()
    ]
    header = ["labels", "shared", "twin", "gain"]
    return make_table(header, cells, label=label)


def costs(comparison: ComparisonResult) -> dict[str, Any]:
    """Return a table of the times and the size of each model."""
    table = comparison.table[COSTS].drop(index=SELECTED, errors="ignore")
    rows = [
        [str(name), *map(seconds, row)]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return {"table": make_table(["model", *COSTS], rows, label="costs")}
