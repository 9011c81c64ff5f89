"""HTML report of comparisons on several data sets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.comparison.plots._ranks import CriticalDifferenceDisplay
from sklearn_mtl.comparison.report._html_details import reproduce
from sklearn_mtl.comparison.report._html_results import gain_pair
from sklearn_mtl.comparison.report._html_table import HtmlTable, layout_for, make_table
from sklearn_mtl.comparison.report._page import Part, page, render
from sklearn_mtl.comparison.report._pictures import Picture, draw
from sklearn_mtl.comparison.results._words import listed, number, shorten

if TYPE_CHECKING:
    from sklearn_mtl.comparison.results._datasets_result import DatasetsResult

__all__ = ["as_page", "as_summary"]

_TITLE = "Does learning tasks together help on these data sets?"
_NAME_WIDTH = 14


def as_page(found: DatasetsResult) -> str:
    """Return the page."""
    shared = list(dict.fromkeys(gain.model for gain in found.gains))
    sharing = [
        Part(f"Gain from sharing: {name}", "gains_by_data_set", _gains(found, name))
        for name in shared
    ]
    parts = [
        Part("Scores", "scores_by_data_set", {"table": _scores(found)}),
        Part("Mean ranks", "ranks", _ranks(found)),
        *sharing,
        Part("Details by data set", "data_sets", _details(found)),
    ]
    lines = found.verdict.split("\n")
    return page(_TITLE, {"answers": [], "lines": lines, "facts": ""}, parts)


def as_summary(found: DatasetsResult) -> str:
    """Return the verdict and the scores for a notebook."""
    lines = found.verdict.split("\n")
    return render("summary.html", lines=lines, tables=[_scores(found)])


def _scores(found: DatasetsResult) -> HtmlTable:
    """Return scores with one row per model, because models have longer names."""
    table = found.table.T
    rows = [
        [str(name), *map(number, row)]
        for name, row in zip(table.index, table.to_numpy(), strict=True)
    ]
    header = ["model", *map(str, table.columns)]
    return make_table(
        header,
        rows,
        label="scores",
        values=table.to_numpy(),
        layout=layout_for(len(table.columns)),
    )


def _ranks(found: DatasetsResult) -> dict[str, Any] | None:
    """Return the ranks as a table, and as a plot if scikit-posthocs is installed."""
    ranks = found.mean_ranks
    if len(ranks) < 2 or not len(found.ranks):
        return None
    try:
        picture = _rank_picture(found)
    except ImportError:
        picture = None
    rows = [[str(name), f"{rank:.2f}"] for name, rank in ranks.items()]
    table = make_table(["model", "mean rank"], rows, label="mean ranks")
    about = _about(found, is_tested=picture is not None)
    return {"about": about, "picture": picture, "table": table}


def _rank_picture(found: DatasetsResult) -> Picture:
    names = _short(found.mean_ranks.index)
    told = listed([f"{name} {rank:.2f}" for name, rank in found.mean_ranks.items()])
    display = CriticalDifferenceDisplay(
        found.mean_ranks,
        found.p_values,
        model_names=list(names.values()),
        alpha=found.alpha,
        critical_difference=found.critical_difference,
        highlighted=[names[gain.model] for gain in found.gains if gain.model in names],
    )
    alt = (
        f"Mean ranks (1 is the best): {told}. Bars connect models that do not differ "
        "significantly."
    )
    return draw(display, alt, height=1.3 + 0.3 * len(names))


def _short(names: Iterable[str]) -> dict[str, str]:
    """Return unique names that are short enough for the diagram on a phone."""
    short = {name: shorten(name, _NAME_WIDTH) for name in names}
    if len(set(short.values())) < len(short):
        return {name: f"{i} {text}" for i, (name, text) in enumerate(short.items(), 1)}
    return short


def _about(found: DatasetsResult, *, is_tested: bool) -> list[str]:
    n_datasets, n_models = found.ranks.shape
    texts = [
        f"Mean ranks of {n_models} models on {n_datasets} data sets (1 is the best). "
        "Shared models are blue."
    ]
    _, p_value = found.friedman
    if np.isfinite(p_value):
        texts[0] += f" Friedman's test for equal ranks: p = {p_value:.2g}."
    if not is_tested:
        texts.append(
            "The models were not tested pairwise, because scikit-posthocs is not "
            "installed."
        )
    else:
        texts[0] += (
            " Bars connect models that do not differ significantly in Nemenyi's test "
            f"(critical difference {found.critical_difference:.2f})."
        )
    if found.not_ranked:
        texts.append(
            "Data sets without ranks, because a model has no score: "
            f"{listed(found.not_ranked)}."
        )
    return texts


def _gains(found: DatasetsResult, model: str) -> dict[str, Any]:
    gains = [gain for gain in found.gains if gain.model == model]
    return {"pair": gain_pair(gains, found.confidence, "data set")}


def _details(found: DatasetsResult) -> list[dict[str, Any]]:
    """Return the verdict on each data set, and the call that reproduces it."""
    return [
        {
            "name": name,
            "n_tasks": len(made.tasks),
            "lines": made.verdict.split("\n"),
            "how": reproduce(made),
        }
        for name, made in found.comparisons.items()
    ]
