"""The Displays' pictures for a page: drawn for light and for dark, as data URIs."""

from __future__ import annotations

import warnings
from base64 import b64encode
from io import BytesIO
from typing import Any, NamedTuple

__all__ = ["Picture", "draw"]

# A phone is 360 CSS pixels wide; an inch has 96 of them.
_WIDTH, _PIXELS = 3.75, 96
# Of matplotlib's default style, whatever the caller's is, for the same page everywhere.
_STYLE = {
    "axes.facecolor": "none",
    "figure.facecolor": "none",
    "font.size": 9,  # 12 CSS pixels
    # Text stays text: small, and in the reader's fonts, which know more scripts.
    "svg.fonttype": "none",
    "svg.hashsalt": "sklearn-mtl",
    "text.parse_math": False,  # "$" in a name is a dollar
}
_INK = {"light": ("#16191d", "#55606c"), "dark": ("#e9ecef", "#a7b0ba")}
_SAME_BYTES = dict.fromkeys(["Creator", "Date", "Format", "Type"])


class Picture(NamedTuple):
    """A picture twice, what it shows in words, and its size in CSS pixels."""

    light: str
    dark: str
    alt: str
    width: int
    height: int


def draw(display: Any, alt: str, *, height: float) -> Picture:
    """Draw a Display without pyplot; its legend goes below. Height in inches."""
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
        # matplotlib measures with its own font; the browser has others to draw with
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
