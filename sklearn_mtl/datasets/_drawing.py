"""Drawing of many small images on larger canvases by one interpolation."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates

__all__ = ["draw_scenes"]


def draw_scenes(
    pictures: np.ndarray,
    canvas: int,
    *,
    x: np.ndarray,
    y: np.ndarray,
    scale: np.ndarray,
    angle: np.ndarray,
) -> np.ndarray:
    """Draw each image on a separate canvas.

    The inverse map gives the position in the image for every pixel of the canvas. All
    pixels of all canvases are then computed by one call of bilinear interpolation.

    Shapes: pictures (n_scenes, height, width), x, y (n_scenes,), scale
    (n_scenes,), angle (n_scenes,) -> (n_scenes, canvas, canvas).
    """
    n_scenes, height, width = pictures.shape
    ticks = np.arange(canvas) - (canvas - 1) / 2
    right = ticks[None, None, :] - x[:, None, None]  # (n_scenes, 1, canvas)
    up = -ticks[None, :, None] - y[:, None, None]  # (n_scenes, canvas, 1)
    radians = np.deg2rad(angle)[:, None, None]
    cosine, sine = np.cos(radians), np.sin(radians)
    size = scale[:, None, None]
    column = (cosine * right + sine * up) / size + (width - 1) / 2
    row = (sine * right - cosine * up) / size + (height - 1) / 2
    which = np.broadcast_to(np.arange(n_scenes)[:, None, None], column.shape)
    return map_coordinates(
        pictures.astype(np.float64), [which, row, column], order=1, cval=0.0
    )
