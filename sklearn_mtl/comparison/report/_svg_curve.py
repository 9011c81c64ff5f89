"""Score against number of labels as SVG text, shared and twin."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from sklearn_mtl.comparison.report._svg_axes import WIDTH, place, round_ticks
from sklearn_mtl.comparison.report._words import number

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["curve_plot"]

_LEFT, _RIGHT, _TOP, _BOTTOM, _HEIGHT = 50, 20, 12, 190, 262
# Labels of the horizontal axis that are closer than this would touch.
_CLOSE = 30


@dataclass(frozen=True)
class _Panel:
    """Places of labels and scores; the horizontal axis is logarithmic.

    Attributes
    ----------
    labels : ndarray of shape (n_shares,)
        Numbers of labels, growing.
    ticks : ndarray of shape (n_ticks,)
        Round scores around all that is drawn.
    """

    labels: np.ndarray
    ticks: np.ndarray

    @property
    def x(self) -> list[float]:
        logs = np.log(np.maximum(self.labels, 1.0))
        ends = (float(logs[0]), float(logs[-1]))
        return [place(v, ends, (_LEFT + 10, WIDTH - _RIGHT)) for v in logs.tolist()]

    def y(self, score: float) -> float:
        ends = (float(self.ticks[0]), float(self.ticks[-1]))
        return place(score, ends, (_BOTTOM, _TOP))

    def points(self, scores: np.ndarray) -> list[tuple[float, float]]:
        """Return the points of a curve that have a score."""
        pairs = zip(self.x, scores.tolist(), strict=True)
        return [(x, self.y(score)) for x, score in pairs if np.isfinite(score)]


def curve_plot(rows: pd.DataFrame, title: str) -> str:
    """Return an SVG element with the two curves of one model and task."""
    shared, twin, low, high = (
        rows[name].to_numpy() for name in ("score", "twin", "low", "high")
    )
    ends = np.stack([twin + low, twin + high])
    panel = _Panel(rows["labels"].to_numpy(), _ticks(np.stack([shared, twin]), ends))
    low, high = np.clip(ends, panel.ticks[0], panel.ticks[-1])
    body = [
        _axes(panel),
        _band(panel, low, high),
        _curve(panel, twin, "apart", "one model a task"),
        _curve(panel, shared, "twin", "all together"),
        _legend(),
    ]
    text = escape(title)
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{text}"><title>{text}</title>{"".join(body)}</svg>'
    )


def _ticks(curves: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return ticks for the curves and as much of the band again on either side.

    A few labels may give a band that is many times as wide, and curves that look flat.
    """
    seen = curves[np.isfinite(curves)]
    if not len(seen):
        return round_ticks(seen)
    span = max(float(np.ptp(seen)), 0.02)
    near = np.clip(ends, seen.min() - span, seen.max() + span)
    return round_ticks(np.concatenate([curves, near]).ravel())


def _axes(panel: _Panel) -> str:
    parts = []
    for tick in panel.ticks.tolist():
        y = panel.y(tick)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT + 6}" y1="{y:.1f}" '
            f'y2="{y:.1f}"/><text class="task" x="{_LEFT - 6}" y="{y + 4:.1f}">'
            f"{tick:.3g}</text>"
        )
    last = -np.inf
    for x, n_labels in zip(panel.x, panel.labels.tolist(), strict=True):
        if x - last >= _CLOSE:
            parts.append(
                f'<text class="tick" x="{x:.1f}" y="{_BOTTOM + 16}">'
                f"{n_labels:.0f}</text>"
            )
            last = x
    middle = (_LEFT + WIDTH) / 2
    parts.append(
        f'<text class="tick" x="{middle}" y="{_BOTTOM + 32}">'
        "labels of a task that were learned from</text>"
    )
    return "".join(parts)


def _band(panel: _Panel, low: np.ndarray, high: np.ndarray) -> str:
    edge = panel.points(high) + panel.points(low)[::-1]
    if not edge:
        return ""
    return f'<polygon class="band" points="{_path(edge)}"/>'


def _curve(panel: _Panel, scores: np.ndarray, kind: str, words: str) -> str:
    points = panel.points(scores)
    told = zip(panel.x, panel.labels.tolist(), scores.tolist(), strict=True)
    marks = "".join(
        f"<g><title>{words}, {n:.0f} labels: {number(score)}</title>"
        f"{_mark(kind, x, panel.y(score))}</g>"
        for x, n, score in told
        if np.isfinite(score)
    )
    return f'<g class="{kind}"><polyline points="{_path(points)}"/>{marks}</g>'


def _mark(kind: str, x: float, y: float) -> str:
    if kind == "twin":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6"/>'
    return f'<rect x="{x - 3.2:.1f}" y="{y - 3.2:.1f}" width="6.4" height="6.4"/>'


def _path(points: list[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _legend() -> str:
    parts, y = [], _BOTTOM + 54
    for kind, x, words in (
        ("twin", _LEFT + 14, "all together"),
        ("apart", _LEFT + 130, "one model a task"),
    ):
        parts.append(
            f'<g class="{kind}">{_mark(kind, x, y - 4)}</g>'
            f'<text class="key" x="{x + 10}" y="{y}">{words}</text>'
        )
    return "".join(parts)
