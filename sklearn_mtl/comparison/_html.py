"""A comparison as one page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.comparison._gains import MEAN, TWIN, Gain
from sklearn_mtl.comparison._html_details import details, problems, reproduce
from sklearn_mtl.comparison._html_table import html_table
from sklearn_mtl.comparison._rows import BEST_SINGLE
from sklearn_mtl.comparison._style import CSS
from sklearn_mtl.comparison._svg import gain_plot
from sklearn_mtl.comparison._words import (
    effect_word,
    gain_and_interval,
    metric_label,
    number,
    seconds,
)

if TYPE_CHECKING:
    from sklearn_mtl.comparison._comparison import Comparison

__all__ = ["as_page"]

_AGAINST = {TWIN: "gain from sharing", BEST_SINGLE: "gain over best single"}
_TITLE = "Does learning these tasks together help?"
_HOW_TO_READ = """
<p><b>Gain from sharing</b> is the score of a model that learns all tasks together minus
that of its twin: the same estimator, one for each task, on the same rows. Only the twin
tells what sharing does; a gain over another kind of model may come from the model.</p>
<p><b>Gain over best single</b> compares with the best of the models that learn each
task apart. Which one that is, is chosen for every task inside the training rows, never
by the test scores, so that the choice itself gains nothing.</p>
<p>Intervals hold the expected gain with the stated confidence, each by itself, and are
corrected for training sets that overlap (Nadeau and Bengio, Machine Learning 52, 2003,
239-281). The words "helps" and "hurts" are used where that holds after Holm's
correction for the number of tasks; "no evidence" does not mean that there is no
effect.</p>
"""


def as_page(comparison: Comparison) -> str:
    """Return the page.

    Parameters
    ----------
    comparison : Comparison
        What is shown.

    Returns
    -------
    str
        A complete HTML document.
    """
    shared = [model.name for model in comparison.models if model.role == "shared"]
    lines = comparison.verdict.split("\n")
    sections = [
        "\n".join(f'<p class="verdict">{escape(line)}</p>' for line in lines),
        f'<p class="facts">{escape(_facts(comparison))}</p>',
        _section("Scores", [_scores(comparison)]),
        *(_section(f"What sharing gains: {n}", _gain(comparison, n)) for n in shared),
        _section("How to read this", [_HOW_TO_READ]),
        _section("Task by task", details(comparison)),
        _section("Errors and warnings", problems(comparison)),
        _section("How to reproduce", reproduce(comparison)),
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        # An empty icon: otherwise browsers ask the network for one.
        '<link rel="icon" href="data:,">\n'
        f"<title>{_TITLE}</title>\n<style>{CSS}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{_TITLE}</h1>\n" + "\n".join(sections) + "\n</main>\n</body>\n</html>\n"
    )


def _section(title: str, content: Iterable[str]) -> str:
    body = "\n".join(content)
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}\n</section>" if body else ""


def _facts(comparison: Comparison) -> str:
    setting = comparison.setting
    named = [
        (setting.get("n_samples"), "rows"),
        (setting.get("n_features"), "inputs"),
        (len(comparison.tasks), "tasks"),
        (comparison.n_splits, "splits"),
    ]
    facts = ", ".join(f"{value} {word}" for value, word in named if value is not None)
    hidden = np.asarray(setting.get("missing_fraction", 0.0))  # one, or one a task
    if not hidden.any():
        return f"{facts}."
    much = "up to " if hidden.ndim else ""
    return f"{facts}; {much}{hidden.max():.0%} of the labels hidden from training."


def _scores(comparison: Comparison) -> str:
    table = comparison.table
    names = [*(task.name for task in comparison.tasks), MEAN]
    roles = {model.name: model.role for model in comparison.models}
    roles[BEST_SINGLE] = "best"
    rows = []
    for model in table.index:
        cells = [number(table.loc[model, name]) for name in names]
        rows.append([model, *cells, seconds(table.loc[model, "fit seconds"])])
    metrics = ", ".join(
        f"{task.name}: {metric_label(task.metric)}" for task in comparison.tasks
    )
    note = f"Mean test score over the splits, greater is better ({metrics})."
    return f'<p class="note">{escape(note)}</p>\n' + html_table(
        ["model", *names, "fit s"],
        rows,
        row_classes=[roles[model] for model in table.index],
    )


def _gain(comparison: Comparison, model: str) -> list[str]:
    gains = [gain for gain in comparison.gains if gain.model == model]
    found = {(gain.against, gain.task): gain for gain in gains}
    against = list(dict.fromkeys(gain.against for gain in gains))
    rows = [
        [task, *(_words(found[kind, task]) for kind in against)]
        for task in [*(task.name for task in comparison.tasks), MEAN]
    ]
    table = html_table(["task", *(_AGAINST[kind] for kind in against)], rows)
    return [gain_plot(gains, comparison.confidence), table]


def _words(gain: Gain) -> str:
    return f"{gain_and_interval(gain.interval)}\n{effect_word(gain)}"
