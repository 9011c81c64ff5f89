"""Colours, markers and axes of the Displays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_mtl.utils._optional import import_optional

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = [
    "COLORS",
    "DIVERGING",
    "MARKERS",
    "MISSING",
    "SEQUENTIAL",
    "load_pyplot",
    "make_axes",
    "mark_of",
]

# M. Okabe and K. Ito, "Color universal design", 2008: distinct for every kind of colour
# vision. Yellow is omitted, because it is hardly visible on white.
COLORS = {
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "orange": "#E69F00",
    "black": "#000000",
}
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
MISSING = "#BBBBBB"
# ColorBrewer's purple to orange, to be centred on 0; suits colour-blind readers.
DIVERGING = "PuOr"
SEQUENTIAL = "cividis"


def mark_of(number: int) -> dict[str, Any]:
    """Return the colour and marker of the n-th series; all combinations differ."""
    lap, place = divmod(number, len(COLORS))
    marker = MARKERS[(place + lap) % len(MARKERS)]
    return {"color": list(COLORS.values())[place], "marker": marker}


def make_axes(
    ax: Axes | None, who: str, *, width: float = 6.4, height: float = 4.8
) -> Any:
    """Return the given axes, or those of a new figure."""
    if ax is not None:
        return ax
    size = (width, height)
    return load_pyplot(who).subplots(figsize=size, layout="constrained")[1]


def load_pyplot(who: str) -> Any:
    """Return matplotlib.pyplot, or raise ImportError with the command to install it."""
    return import_optional("matplotlib.pyplot", extra="plot", who=f"{who}.plot")
