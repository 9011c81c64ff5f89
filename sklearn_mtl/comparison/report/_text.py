"""Text report of a comparison."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sklearn_mtl.comparison.report._next_steps import next_steps
from sklearn_mtl.comparison.report._text_table import in_blocks, layout, text_width
from sklearn_mtl.comparison.results._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison.results._intervals import Interval
from sklearn_mtl.comparison.results._problems import summarise_problems
from sklearn_mtl.comparison.results._rows import (
    SELECTED,
    ModelRow,
    TaskRow,
    shared_names,
    shares_nothing,
)
from sklearn_mtl.comparison.results._verdict import (
    SHARING,
    WHICH_MODEL,
    which_model,
)
from sklearn_mtl.comparison.results._words import (
    CURVE_INTERVALS,
    about_curve,
    effect_word,
    gain_and_interval,
    metric_label,
    number,
    second_label,
    seconds,
    shorten,
)

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["to_text"]

_NAME_WIDTH = 28
_AGAINST = {TWIN: "from sharing", SELECTED: "over automatically selected"}


def to_text(comparison: ComparisonResult, width: int = 100) -> str:
    """Return the whole comparison as text of at most `width` columns."""
    parts = [_tasks(comparison), _scores(comparison, width)]
    parts += [_second_scores(comparison, width)]
    parts += ["\n".join(_wrap(comparison.mean_note, width))]
    shared = shared_names(comparison.models)
    parts += [_gains(comparison, name, width) for name in shared]
    parts += [_curve(comparison, model) for model in comparison.models]
    parts += [_problems(comparison, width), _verdict(comparison, width)]
    parts += [_next(comparison)]
    return "\n\n".join(part for part in parts if part)


def _tasks(comparison: ComparisonResult) -> str:
    rows = [
        [
            shorten(task.name, _NAME_WIDTH),
            task.kind,
            str(task.n_labels),
            str(task.n_classes or "-"),
            _metrics(task),
        ]
        for task in comparison.tasks
    ]
    header = ["task", "type", "labels", "classes", "score"]
    return layout(header, rows, "llrrl")


def _metrics(task: TaskRow) -> str:
    second = (task.second_metric or "").removeprefix("neg_")
    first = metric_label(task.metric, task.period)
    return first + (f", {metric_label(second)}" if second else "")


def _scores(comparison: ComparisonResult, width: int) -> str:
    table = comparison.table
    columns = [*(task.name for task in comparison.tasks), MEAN, "fit seconds"]
    names = {MEAN: comparison.mean_name, "fit seconds": "fit s"}
    header = ["mean score", *(names.get(name, name) for name in columns)]
    rows = [
        [_row_name(comparison, model)]
        + [_cell(column, table.loc[model, column]) for column in columns]
        for model in table.index
    ]
    return _table(header, rows, width)


def _second_scores(comparison: ComparisonResult, width: int) -> str:
    """Return the second scores of every model, such as the log-loss."""
    table = comparison.second_table
    if not len(table.columns):
        return ""
    labels = [
        second_label(task.second_metric)
        for task in comparison.tasks
        if task.second_metric
    ]
    header = [", ".join(dict.fromkeys(labels)), *table.columns]
    rows = [
        [_row_name(comparison, name), *map(number, values)]
        for name, values in zip(table.index, table.to_numpy(), strict=True)
    ]
    return _table(header, rows, width)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Return one row per model, or one row per task if this is too wide."""
    header = [header[0], *(shorten(name, _NAME_WIDTH) for name in header[1:])]
    wide = layout(header, rows, "l" + "r" * (len(header) - 1))
    if text_width(wide) <= width:
        return wide
    flipped = [list(column) for column in zip(header, *rows, strict=True)]
    return in_blocks(flipped, width)


def _row_name(comparison: ComparisonResult, model: str) -> str:
    """Return the name of a model, with a note if splits are missing from its mean."""
    if model == SELECTED:
        return model
    n_scored, n_splits = comparison.n_scored(model), comparison.n_splits
    lost = f" ({n_scored} of {n_splits} splits)" if n_scored < n_splits else ""
    return shorten(model, _NAME_WIDTH) + lost


def _cell(column: str, value: float) -> str:
    return seconds(value) if column == "fit seconds" else number(value)


def _gains(comparison: ComparisonResult, model: str, width: int) -> str:
    """Return the gains of a shared model on each task."""
    gains = comparison.gains_of(model)
    if not gains:
        return ""
    found = {(gain.against, gain.task): gain for gain in gains}
    against = list(dict.fromkeys(gain.against for gain in gains))
    title = shorten(f"{model}: gain", _NAME_WIDTH)
    header = [title, *(cell for kind in against for cell in (_AGAINST[kind], ""))]
    rows = [
        [shorten(comparison.mean_name if task == MEAN else task, _NAME_WIDTH)]
        + [cell for kind in against for cell in _gain(found[kind, task])]
        for task in [*(task.name for task in comparison.tasks), MEAN]
    ]
    # drop the words first if space is short, because the intervals imply them
    kept = [[0, 1, 2, 3, 4], [0, 1, 2, 3], [0, 1, 3], [0, 1, 2]]
    for columns in kept:
        shown = [i for i in columns if i < len(header)]
        text = layout(
            [header[i] for i in shown],
            [[row[i] for i in shown] for row in rows],
            "l" * len(shown),
        )
        if text_width(text) <= width:
            break
    return f"{text}\n\n{_over_rows(comparison, model)}".rstrip()


def _gain(gain: Gain) -> list[str]:
    return [gain_and_interval(gain.adjusted), effect_word(gain)]


def _over_rows(comparison: ComparisonResult, model: str) -> str:
    """Return the mean gain over every single-task model."""
    gains = comparison.mean_gains(model)
    if not gains:
        return ""
    rows = [[shorten(gain.against, _NAME_WIDTH), *_gain(gain)] for gain in gains]
    title = shorten(f"{model}: {comparison.mean_name} gain over", 2 * _NAME_WIDTH)
    return layout([title, "", ""], rows, "lll")


def _curve(comparison: ComparisonResult, model: ModelRow) -> str:
    """Return the learning curve of the mean over tasks."""
    if comparison.curve is None or model.twin is None:
        return ""
    name, about = model.name, about_curve(model, comparison.tasks)
    if shares_nothing(model, comparison.tasks):
        return about
    frame = comparison.learning_curve
    rows = frame[(frame["model"] == name) & (frame["task"] == MEAN)]
    lines = [
        [f"{row.labels:.0f}", number(row.score), number(row.twin)]
        + [gain_and_interval(Interval(row.gain, row.low, row.high))]
        for row in rows.itertuples()
    ]
    header = ["labels of a task", shorten(name, _NAME_WIDTH), "twin", "from sharing"]
    table = layout(header, lines, "rrrl")
    parts = [table, comparison.labels_saved(name), about, CURVE_INTERVALS]
    return "\n".join(filter(None, parts))


def _problems(comparison: ComparisonResult, width: int) -> str:
    lines = [line for line, _ in summarise_problems(comparison.problems)]
    return "\n".join(part for line in lines for part in _wrap(line, width))


def _verdict(comparison: ComparisonResult, width: int) -> str:
    answers = {
        WHICH_MODEL: [". ".join(which_model(comparison.recommendation))],
        SHARING: comparison.sharing,
    }
    parts = [
        "\n".join([question, *_wrap("\n".join(lines), width)])
        for question, lines in answers.items()
    ]
    note = (
        f"Intervals: {comparison.confidence:.0%}, corrected for overlapping training "
        "sets (Nadeau & Bengio 2003) and adjusted for the number of comparisons (Holm)."
    )
    return "\n\n".join([*parts, "\n".join(_wrap(note, width))])


def _next(comparison: ComparisonResult) -> str:
    """Return the code that fits the recommended model, without line wrapping."""
    steps = next_steps(comparison)
    if steps is None:
        return ""
    blocks = [text for text in (steps.shell, steps.python) if text]
    shown = [textwrap.indent(text, "  ") for text in blocks]
    return "\n".join([steps.what, "\n\n".join(shown)])


def _wrap(text: str, width: int) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += textwrap.wrap(paragraph, width, break_on_hyphens=False) or [""]
    return lines
