"""A comparison as one page that needs nothing else: no network, no script."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl._version import __version__
from sklearn_mtl.comparison.report._html_affinity import affinity_table, read_affinity
from sklearn_mtl.comparison.report._html_details import details, problems, reproduce
from sklearn_mtl.comparison.report._html_results import (
    costs,
    curves,
    gain_parts,
    scores,
)
from sklearn_mtl.comparison.report._style import CSS
from sklearn_mtl.comparison.results._verdict import answer
from sklearn_mtl.utils._ties import first_highest

if TYPE_CHECKING:
    from sklearn_mtl.comparison._comparison import Comparison

__all__ = ["as_page", "document", "section"]

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
_ABOUT_AFFINITY = {
    "gain": (
        "How much the task of a row helps that of a column: above zero it helps, below "
        "it is in the way."
    ),
    "gradient": (
        "Cosine of the gradients of two tasks: above zero they pull the shared "
        "parameters the same way, below they pull against each other."
    ),
    "label": (
        "How strongly the labels of two tasks are associated, from 0 to 1. It has no "
        "sign, for a task and its opposite need the same inputs."
    ),
}


def as_page(comparison: Comparison, affinity: Any = None) -> str:
    """Return the page."""
    shared = [model.name for model in comparison.models if model.role == "shared"]
    parts = [
        ("Scores", scores(comparison)),
        *((f"What sharing gains: {n}", gain_parts(comparison, n)) for n in shared),
        ("How many labels it takes", curves(comparison)),
        ("Which tasks help which", _affinity(comparison, affinity)),
        ("How to read this", [_HOW_TO_READ]),
        ("What it costs", costs(comparison)),
        ("Task by task", details(comparison)),
        ("Errors and warnings", problems(comparison)),
        ("How to reproduce", reproduce(comparison)),
    ]
    return document(_TITLE, _opening(comparison, shared), parts)


def document(title: str, opening: str, parts: Iterable[tuple[str, list[str]]]) -> str:
    """Return a complete page: title, what is said first, links, sections."""
    shown = [(name, content) for name, content in parts if content]
    links = "".join(
        f'<li><a href="#s{i}">{escape(name)}</a></li>'
        for i, (name, _) in enumerate(shown)
    )
    body = "\n".join(section(f"s{i}", *part) for i, part in enumerate(shown))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        # An empty icon: otherwise browsers ask the network for one.
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f"<header>\n<h1>{escape(title)}</h1>\n{opening}\n</header>\n"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n'
        f"<main>\n{body}\n</main>\n"
        f"<footer>sklearn-mtl {escape(__version__)}</footer>\n</body>\n</html>\n"
    )


def section(name: str, title: str, content: Iterable[str]) -> str:
    """Return a section that links lead to."""
    body = "\n".join(content)
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">\n'
        f'<h2 id="{name}-title">{escape(title)}</h2>\n{body}\n</section>'
    )


def _opening(comparison: Comparison, shared: list[str]) -> str:
    """Return the answer in a sentence, that of the best shared model, and the facts."""
    lines = comparison.verdict.split("\n")
    facts = f'<p class="facts">{escape(_facts(comparison))}</p>'
    if not shared:
        return f'<p class="verdict">{escape(lines[0])}</p>\n{facts}'
    means = comparison.table["mean"]
    best = shared[first_highest(means[shared].to_numpy(dtype=float))]
    first = lines[shared.index(best)]
    gains = [gain for gain in comparison.gains if gain.model == best]
    others = "".join(f"<li>{escape(line)}</li>" for line in lines if line != first)
    rest = f'\n<ul class="others">{others}</ul>' if others else ""
    return (
        f'<div class="verdict"><p class="answer">{answer(gains)}.</p>\n'
        f"<p>{escape(first)}</p></div>{rest}\n{facts}"
    )


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


def _affinity(comparison: Comparison, affinity: Any) -> list[str]:
    if affinity is None:
        return []
    known = [task.name for task in comparison.tasks]
    names, values, method = read_affinity(affinity, known)
    note = _ABOUT_AFFINITY.get(method, _ABOUT_AFFINITY["gain"])
    return [f'<p class="note">{note}</p>', affinity_table(names, values)]
