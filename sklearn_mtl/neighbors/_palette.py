"""Colours and markers that every kind of colour vision tells apart."""

__all__ = ["COLORS", "MARKERS", "MISSING", "style_of"]

# M. Okabe, K. Ito, "Color Universal Design", 2008; without black, which frames and
# axes have.
COLORS = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#56B4E9",
    "#D55E00",
    "#F0E442",
)
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
MISSING = "#BBBBBB"


def style_of(number: int) -> tuple[str, str]:
    """Return color and marker of the n-th class: 49 differ, neighbours in both."""
    n = len(COLORS)
    return COLORS[number % n], MARKERS[(number + number // n) % n]
