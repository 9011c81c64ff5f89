"""Comparisons on several data sets as one page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.comparison.report._html import document
from sklearn_mtl.comparison.report._html_details import reproduce
from sklearn_mtl.comparison.report._html_results import gain_pair
from sklearn_mtl.comparison.report._html_table import html_table
from sklearn_mtl.comparison.report._svg_ranks import alike, rank_plot
from sklearn_mtl.comparison.report._words import listed, number

if TYPE_CHECKING:
    from sklearn_mtl.comparison._datasets_comparison import DatasetsComparison

__all__ = ["as_page"]

_TITLE = "Does learning tasks together help on these data sets?"


def as_page(found: DatasetsComparison) -> str:
    """Return the page."""
    lines = found.verdict.split("\n")
    opening = "\n".join(f'<p class="verdict">{escape(line)}</p>' for line in lines)
    shared = list(dict.fromkeys(gain.model for gain in found.gains))
    first = next(iter(found.comparisons.values()))
    parts = [
        ("Scores", _scores(found)),
        ("Mean ranks", _ranks(found, shared)),
        *(
            (f"What sharing gains: {model}", _gains(found, model, first.confidence))
            for model in shared
        ),
        ("Data set by data set", _details(found)),
    ]
    return document(_TITLE, opening, parts)


def _scores(found: DatasetsComparison) -> list[str]:
    """Return models by data sets, for names of models are the longer ones."""
    table = found.table.T
    rows = [
        [str(name), *map(number, row)]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    note = (
        '<p class="note">Mean test score over splits and tasks; the best of each data '
        "set is marked.</p>"
    )
    columns = range(1, len(table.columns) + 1)
    header = ["model", *map(str, table.columns)]
    return [note, html_table(header, rows, label="scores", best_columns=columns)]


def _ranks(found: DatasetsComparison, shared: list[str]) -> list[str]:
    ranks = found.mean_ranks
    if len(ranks) < 2 or not len(found.ranks):
        return []
    runs = _runs(found)
    plot = rank_plot(ranks, runs or [], shared)
    return [f'<p class="note">{escape(text)}</p>' for text in _about(found, runs)] + [
        plot
    ]


def _runs(found: DatasetsComparison) -> list[tuple[int, int]] | None:
    """Return the models that are not told apart; None without the tests' package."""
    try:
        return alike(found.p_values.to_numpy(), found.alpha)
    except ImportError:
        return None


def _about(found: DatasetsComparison, runs: list[tuple[int, int]] | None) -> list[str]:
    n_datasets, n_models = found.ranks.shape
    texts = [
        f"Mean ranks of {n_models} models on {n_datasets} data sets, 1 is the best; "
        "circles learn all tasks together."
    ]
    _, p_value = found.friedman
    if np.isfinite(p_value):
        texts[0] += f" Friedman's test that all rank alike: p = {p_value:.2g}."
    if runs is None:
        texts.append("The models were not tested pairwise: scikit-posthocs is missing.")
    else:
        texts[0] += (
            " The bars at the side join models that Nemenyi's test does not tell apart "
            f"(critical difference {found.critical_difference:.2f})."
        )
    if found.not_ranked:
        texts.append(
            f"Not ranked, for a model has no score there: {listed(found.not_ranked)}."
        )
    return texts


def _gains(found: DatasetsComparison, model: str, confidence: float) -> list[str]:
    gains = [gain for gain in found.gains if gain.model == model]
    note = (
        '<p class="note">Mean gain over the tasks of each data set; the words hold '
        "after Holm's correction for the number of data sets.</p>"
    )
    return [note, gain_pair(gains, confidence, "data set")]


def _details(found: DatasetsComparison) -> list[str]:
    """Return a closed box for each data set: its verdict, and how to do it again."""
    boxes = []
    for name, made in found.comparisons.items():
        verdict = "".join(f"<p>{escape(line)}</p>" for line in made.verdict.split("\n"))
        again = "".join(reproduce(made))
        boxes.append(
            f"<details><summary>{escape(name)}: {len(made.tasks)} tasks</summary>"
            f"{verdict}{again}</details>"
        )
    return boxes
