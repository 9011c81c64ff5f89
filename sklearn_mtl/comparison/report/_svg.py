"""The gain plot as SVG text: no matplotlib, sharp on every screen, readable aloud."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from sklearn_mtl.comparison.report._svg_axes import WIDTH, place, round_ticks
from sklearn_mtl.comparison.report._words import gain_and_interval, shorten
from sklearn_mtl.comparison.results._gains import TWIN, Gain
from sklearn_mtl.comparison.results._intervals import Interval
from sklearn_mtl.comparison.results._rows import BEST_SINGLE

__all__ = ["gain_plot"]

_LEFT, _RIGHT, _TOP, _STEP = 112, 18, 10, 34
_LEGEND = {TWIN: "gain from sharing", BEST_SINGLE: "gain over best single"}
_MARKS = {TWIN: "twin", BEST_SINGLE: "best"}


def gain_plot(gains: Sequence[Gain], confidence: float) -> str:
    """Return an SVG element with the gains of one model."""
    names = list(dict.fromkeys(gain.task for gain in gains))
    lines = [against for against in _LEGEND if any(g.against == against for g in gains)]
    ticks = _ticks(gains)
    bottom = _TOP + _STEP * len(names)
    height = bottom + 30 + 16 * len(lines)
    body = [_axis(ticks, bottom), *(_row(name, i) for i, name in enumerate(names))]
    for gain in gains:
        middle = _TOP + _STEP * (names.index(gain.task) + 0.5)
        shift = 9 * (lines.index(gain.against) - (len(lines) - 1) / 2)
        body.append(_whisker(gain, middle + shift, ticks))
    body += [_key(against, bottom + 36 + 16 * i) for i, against in enumerate(lines)]
    title = f"Gains of {gains[0].model} by task, with {confidence:.0%} intervals"
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><title>{escape(title)}</title>'
        + "".join(body)
        + "</svg>"
    )


def _ticks(gains: Sequence[Gain]) -> np.ndarray:
    """Return round values around 0 and all intervals."""
    ends = [[g.interval.low, g.interval.mean, g.interval.high] for g in gains]
    return round_ticks(np.append(np.array(ends), 0.0))


def _x(value: float, ticks: np.ndarray) -> float:
    ends = (float(ticks[0]), float(ticks[-1]))
    return place(value, ends, (_LEFT, WIDTH - _RIGHT))


def _axis(ticks: np.ndarray, bottom: int) -> str:
    parts = []
    for tick in ticks:
        place = f"{_x(tick, ticks):.1f}"
        zero = " zero" if abs(tick) < 1e-12 else ""
        parts.append(
            f'<line class="grid{zero}" x1="{place}" x2="{place}" y1="{_TOP}" '
            f'y2="{bottom}"/><text class="tick" x="{place}" y="{bottom + 14}">'
            f"{_tick_label(tick)}</text>"
        )
    return "".join(parts)


def _tick_label(tick: float) -> str:
    return "0" if abs(tick) < 1e-12 else f"{tick:+.3g}"


def _row(name: str, i: int) -> str:
    middle = _TOP + _STEP * (i + 0.5)
    return (
        f'<text class="task" x="{_LEFT - 8}" y="{middle + 4:.1f}">'
        f"{escape(shorten(name, 18))}</text>"
    )


def _whisker(gain: Gain, y: float, ticks: np.ndarray) -> str:
    """Return the interval as a line and the gain as a mark, its numbers as title."""
    interval = gain.interval
    if np.isnan(interval.mean):
        return ""
    kind, x = _MARKS[gain.against], _x(interval.mean, ticks)
    if gain.against == TWIN:
        mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.6"/>'
    else:
        mark = f'<rect x="{x - 3.2:.1f}" y="{y - 3.2:.1f}" width="6.4" height="6.4"/>'
    words = f"{gain.task}: {_LEGEND[gain.against]} {gain_and_interval(interval)}"
    line = _line(interval, y, ticks)
    return f'<g class="{kind}"><title>{escape(words)}</title>{line}{mark}</g>'


def _line(interval: Interval, y: float, ticks: np.ndarray) -> str:
    if np.isnan(interval.low):
        return ""
    low, high = _x(interval.low, ticks), _x(interval.high, ticks)
    return f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _key(against: str, y: int) -> str:
    mark = '<circle cx="{0}" cy="{1}" r="3.6"/>'
    if against == BEST_SINGLE:
        mark = '<rect x="{2}" y="{3}" width="6.4" height="6.4"/>'
    drawn = mark.format(_LEFT + 4, y - 4, _LEFT + 0.8, y - 7.2)
    return (
        f'<g class="{_MARKS[against]}">{drawn}</g>'
        f'<text class="key" x="{_LEFT + 14}" y="{y}">{_LEGEND[against]}</text>'
    )
