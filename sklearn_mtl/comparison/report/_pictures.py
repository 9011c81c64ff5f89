"""Plots of the page as data URIs, in a light and a dark version."""

from __future__ import annotations

import warnings
from base64 import b64encode
from io import BytesIO
from typing import Any, NamedTuple

__all__ = ["Picture", "draw"]

# 3.75 inches of 96 CSS pixels fill the width of a phone, 360 CSS pixels.
_WIDTH, _PIXELS = 3.75, 96
# Changes to matplotlib's default style. The caller's style must not change the page.
_STYLE = {
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "font.size": 9,  # 12 CSS pixels
    # Text instead of paths: smaller files, and the browser's fonts cover more scripts.
    "svg.fonttype": "none",
    "svg.hashsalt": "sklearn-mtl",
    "text.parse_math": False,  # "$" in a name is a dollar sign
}
_INK = {"light": ("#16191d", "#55606c"), "dark": ("#e9ecef", "#a7b0ba")}
_SAME_BYTES = dict.fromkeys(["Creator", "Date", "Format", "Type"])


class Picture(NamedTuple):
    """Light and dark version of a plot, its alt text, and its size in CSS pixels."""

    light: str
    dark: str
    alt: str
    width: int
    height: int


def draw(display: Any, alt: str, *, height: float) -> Picture:
    """Draw a Display without pyplot, its legend below; the height is in inches."""
    light, dark = (_data_uri(display, mode, height) for mode in _INK)
    size = round(_WIDTH * _PIXELS), round(height * _PIXELS)
    return Picture(light, dark, alt, *size)


def _data_uri(display: Any, mode: str, height: float) -> str:
    from matplotlib import style
    from matplotlib.figure import Figure

    with (
        style.context(["default", _STYLE | _colors(mode)]),
        warnings.catch_warnings(),
    ):
        # matplotlib only measures the text; the browser draws it with its own fonts
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        ax = display.plot(ax=figure.add_subplot()).ax_
        if ax.get_legend() is not None:
            ax.get_legend().remove()
            handles = ax.get_legend_handles_labels()
            figure.legend(*handles, loc="outside lower center", frameon=False)
        written = BytesIO()
        figure.savefig(written, format="svg", metadata=_SAME_BYTES)
    return f"data:image/svg+xml;base64,{b64encode(written.getvalue()).decode()}"


def _colors(mode: str) -> dict[str, str]:
    ink, soft = _INK[mode]
    return {
        "axes.edgecolor": soft,
        "axes.labelcolor": ink,
        "text.color": ink,
        "xtick.color": soft,
        "ytick.color": soft,
        "ytick.labelcolor": ink,
    }
