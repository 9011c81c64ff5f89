"""The critical-difference diagram as SVG text."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.comparison.report._svg_axes import WIDTH, place
from sklearn_mtl.comparison.report._words import shorten

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["alike", "rank_plot"]

_LEFT, _RIGHT, _TOP, _STEP, _BAR = 122, 16, 8, 26, 10


def alike(p_values: np.ndarray, alpha: float) -> list[tuple[int, int]]:
    """Return the longest runs of models that are not told apart.

    Shapes: p_values (n_models, n_models).
    """
    runs: list[tuple[int, int]] = []
    reached = 0
    for first, row in enumerate(p_values):
        told_apart = np.flatnonzero(row[first:] <= alpha)
        length = told_apart[0] if len(told_apart) else len(row) - first
        last = first + int(length) - 1
        if last > max(first, reached):
            runs.append((first, last))
            reached = last
    return runs


def rank_plot(
    mean_ranks: pd.Series, runs: Sequence[tuple[int, int]], shared: Collection[str]
) -> str:
    """Return an SVG element: a row a model, and at the side a bar a run.

    The rows are in the order of the ranks, so that a run is a piece of the side. Unlike
    the diagram of the paper it has room for names on a narrow screen.

    Shapes: mean_ranks (n_models,).
    """
    n_models = len(mean_ranks)
    end = WIDTH - _RIGHT - _BAR * len(runs)
    bottom = _TOP + _STEP * n_models
    rows = "".join(
        _row(str(name), _x(rank, n_models, end), _y(i), rank, name in shared)
        for i, (name, rank) in enumerate(mean_ranks.items())
    )
    bars = "".join(
        f'<line class="bar" x1="{end + 16 + _BAR * i}" x2="{end + 16 + _BAR * i}" '
        f'y1="{_y(first) - 5}" y2="{_y(last) + 5}"/>'
        for i, (first, last) in enumerate(runs)
    )
    title = "Mean ranks; bars join models that are not told apart"
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {bottom + 40}" role="img" '
        f'aria-label="{title}"><title>{title}</title>{_axis(n_models, end, bottom)}'
        f"{rows}{bars}</svg>"
    )


def _x(rank: float, n_models: int, end: float) -> float:
    return place(rank, (1.0, float(n_models)), (_LEFT, end))


def _y(row: int) -> float:
    return _TOP + _STEP * (row + 0.5)


def _axis(n_models: int, end: float, bottom: float) -> str:
    ticks = [(rank, _x(rank, n_models, end)) for rank in range(1, n_models + 1)]
    marks = "".join(
        f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>'
        f'<text class="tick" x="{x:.1f}" y="{bottom + 14}">{rank}</text>'
        for rank, x in ticks
    )
    middle = (_LEFT + end) / 2
    return f'{marks}<text class="tick" x="{middle}" y="{bottom + 32}">mean rank</text>'


def _row(name: str, x: float, y: float, rank: float, is_shared: bool) -> str:
    kind = "twin" if is_shared else "apart"
    mark = f'<circle cx="{x:.1f}" cy="{y}" r="4"/>'
    if not is_shared:
        mark = f'<rect x="{x - 3.5:.1f}" y="{y - 3.5}" width="7" height="7"/>'
    return (
        f'<text class="task" x="{_LEFT - 12}" y="{y + 4}">{escape(shorten(name, 18))}'
        f'</text><g class="{kind}"><title>{escape(name)}: {rank:.2f}</title>{mark}</g>'
    )
