"""What the pictures of the page share: round ticks and places on an axis."""

from __future__ import annotations

import numpy as np

__all__ = ["WIDTH", "place", "round_ticks"]

# One unit is one CSS pixel on a phone of 360 pixels; larger screens scale it up.
WIDTH = 360


def round_ticks(values: np.ndarray) -> np.ndarray:
    """Return round numbers around all finite values, about five of them.

    Shapes: -> (n_ticks,).
    """
    seen = values[np.isfinite(values)]
    if not len(seen):
        seen = np.array([0.0, 1.0])
    rough = max(float(np.ptp(seen)), 1e-3) / 4
    power = 10.0 ** np.floor(np.log10(rough))
    step = power * next(m for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    first, last = np.floor(seen.min() / step), np.ceil(seen.max() / step)
    return np.arange(first, max(last, first + 1) + 1) * step


def place(
    value: float, ends: tuple[float, float], pixels: tuple[float, float]
) -> float:
    """Return where a value lies between two pixels."""
    share = (value - ends[0]) / max(ends[1] - ends[0], 1e-12)
    return pixels[0] + (pixels[1] - pixels[0]) * share
