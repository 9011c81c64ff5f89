"""HTML report of a comparison: a self-contained page without scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.report._html_affinity import (
    affinity_section,
    affinity_title,
)
from sklearn_mtl.comparison.report._html_details import problems, reproduce, tasks
from sklearn_mtl.comparison.report._html_results import (
    compared,
    costs,
    curves,
    gain_table,
    gains,
    scores,
)
from sklearn_mtl.comparison.report._next_steps import next_steps
from sklearn_mtl.comparison.report._page import Part, page, render
from sklearn_mtl.comparison.results._gains import TWIN
from sklearn_mtl.comparison.results._rows import paired_names, shared_names
from sklearn_mtl.comparison.results._verdict import (
    SHARING,
    WHICH_MODEL,
    sharing_in_short,
    which_model,
)

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._result import ComparisonResult

__all__ = ["as_page", "as_summary"]

_TITLE = "Which model should I use, and does sharing help?"


def as_page(comparison: ComparisonResult, affinity: Any = None) -> str:
    """Return the page."""
    shared = shared_names(comparison.models)
    names = [task.name for task in comparison.tasks]
    sharing = [
        Part(_gains_title(comparison, name), "gains", gains(comparison, name))
        for name in shared
        if comparison.gains_of(name)
    ]
    parts = [
        Part("Compared models", "compared", compared(comparison)),
        Part("Scores", "scores", scores(comparison)),
        *sharing,
        Part("Learning curves", "curves", curves(comparison)),
        Part(affinity_title(affinity), "affinity", affinity_section(affinity, names)),
        Part("Time and size", "costs", costs(comparison)),
        Part("Details by task", "tasks", tasks(comparison)),
        Part("How the numbers are computed", "how_to_read", True),
        Part("Errors and warnings", "problems", problems(comparison)),
        Part("How to reproduce", "reproduce", reproduce(comparison)),
        Part("Next steps", "next_steps", next_steps(comparison)),
    ]
    return page(_TITLE, _opening(comparison), parts)


def _gains_title(comparison: ComparisonResult, name: str) -> str:
    """Return the title of the gains of a shared model, which may have no twin."""
    has_twin = name in paired_names(comparison.models)
    what = "Gain from sharing" if has_twin else "Compared with one model per task"
    return f"{what}: {name}"


def as_summary(comparison: ComparisonResult) -> str:
    """Return the verdict and the tables for a notebook."""
    found = [comparison.gains_of(name) for name in shared_names(comparison.models)]
    gained = [gain_table(gains, "task") for gains in found if gains]
    tables = [scores(comparison)["table"], *gained]
    lines = comparison.verdict.split("\n")
    return render("summary.html", lines=lines, tables=tables)


def _opening(comparison: ComparisonResult) -> dict[str, Any]:
    """Return the answers to the two questions, and the size of the comparison."""
    use, why = which_model(comparison.recommendation)
    answers = [
        {"question": WHICH_MODEL, "answer": use, "lines": [why]},
        {
            "question": SHARING,
            "answer": _short_answers(comparison),
            "lines": comparison.sharing,
        },
    ]
    return {"answers": answers, "lines": [], "facts": _facts(comparison)}


def _short_answers(comparison: ComparisonResult) -> str:
    """Return a short answer for each shared model that has a twin."""
    told = []
    for model in paired_names(comparison.models):
        own = comparison.gains_of(model)
        short = sharing_in_short([gain for gain in own if gain.against == TWIN])
        told.append(f"{model}: {short}")
    return "; ".join(told) or "It was not measured"


def _facts(comparison: ComparisonResult) -> str:
    setting = comparison.setting
    named = [
        (setting.get("n_samples"), "samples"),
        (setting.get("n_features"), "features"),
        (len(comparison.tasks), "tasks"),
        (comparison.n_splits, "splits"),
    ]
    facts = ", ".join(f"{value} {word}" for value, word in named if value is not None)
    hidden = np.asarray(setting.get("missing_fraction", 0.0))  # () or (n_tasks,)
    if not hidden.any():
        return f"{facts}."
    much = "up to " if hidden.ndim else ""
    return f"{facts}; {much}{hidden.max():.0%} of the labels hidden from training."
