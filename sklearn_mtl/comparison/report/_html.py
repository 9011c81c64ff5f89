"""A comparison as one page that needs nothing else: no network, no script."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.report._html_affinity import affinity_section
from sklearn_mtl.comparison.report._html_details import problems, reproduce, tasks
from sklearn_mtl.comparison.report._html_results import (
    costs,
    curves,
    gain_table,
    gains,
    scores,
)
from sklearn_mtl.comparison.report._page import Part, page, render
from sklearn_mtl.comparison.results._rows import paired_names, shared_names
from sklearn_mtl.comparison.results._verdict import answer
from sklearn_mtl.utils._ties import first_highest

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["as_page", "as_summary"]

_TITLE = "Does learning these tasks together help?"


def as_page(comparison: ComparisonResult, affinity: Any = None) -> str:
    """Return the page."""
    shared = shared_names(comparison.models)
    names = [task.name for task in comparison.tasks]
    sharing = [
        Part(f"What sharing gains: {name}", "gains", gains(comparison, name))
        for name in shared
        if any(gain.model == name for gain in comparison.gains)
    ]
    parts = [
        Part("Scores", "scores", scores(comparison)),
        *sharing,
        Part("How many labels it takes", "curves", curves(comparison)),
        Part("Which tasks help which", "affinity", affinity_section(affinity, names)),
        Part("How to read this", "how_to_read", True),
        Part("What it costs", "costs", costs(comparison)),
        Part("Task by task", "tasks", tasks(comparison)),
        Part("Errors and warnings", "problems", problems(comparison)),
        Part("How to reproduce", "reproduce", reproduce(comparison)),
    ]
    return page(_TITLE, _opening(comparison, shared), parts)


def as_summary(comparison: ComparisonResult) -> str:
    """Return the verdict and the tables alone, for a notebook."""
    tables = [scores(comparison)["table"]]
    for name in shared_names(comparison.models):
        own = [gain for gain in comparison.gains if gain.model == name]
        if own:
            tables.append(gain_table(own, "task"))
    lines = comparison.verdict.split("\n")
    return render("summary.html", lines=lines, tables=tables)


def _opening(comparison: ComparisonResult, shared: list[str]) -> dict[str, Any]:
    """Return the answer in a sentence, that of the best shared model, and the facts."""
    lines = comparison.verdict.split("\n")
    said = {"answer": "", "lines": lines[:1], "facts": _facts(comparison)}
    if not shared:
        return said
    means = comparison.table["mean"]
    paired = paired_names(comparison.models) or shared
    best = paired[first_highest(means[paired].to_numpy(dtype=float))]
    first = lines[shared.index(best)]
    own = [gain for gain in comparison.gains if gain.model == best]
    others = [line for line in lines if line != first]
    return said | {"answer": answer(own), "first": first, "others": others}


def _facts(comparison: ComparisonResult) -> str:
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
