"""Rows of pixels as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["as_pictures"]


def as_pictures(X: Any, image_shape: tuple[int, ...] | None, who: str) -> np.ndarray:
    """Return pictures as matplotlib draws them.

    Parameters
    ----------
    X : array-like of shape (n, n_pixels) or (n, ...)
        Flat rows, or pictures.
    image_shape : tuple of int or None
        (height, width), (channels, height, width) or (height, width, channels).
    who : str
        Who asks; messages begin with it.

    Returns
    -------
    ndarray of shape (n, height, width) or (n, height, width, 3)
        With 1, 3 or 4 channels, the last two in the unit range or uint8 as they came.

    Raises
    ------
    ValueError
        If the shape is neither given nor known.
    """
    pictures = np.asarray(X)
    if pictures.ndim == 2 and image_shape is None:
        side = int(np.sqrt(pictures.shape[1]))
        image_shape = (side, side)
        if side * side != pictures.shape[1]:
            raise ValueError(
                f"{who}: rows of {pictures.shape[1]} values are no square picture; "
                "give image_shape=(height, width) or (channels, height, width)."
            )
    shape = tuple(image_shape or pictures.shape[1:])
    if int(np.prod(shape)) != int(np.prod(pictures.shape[1:])) or len(shape) > 3:
        raise ValueError(
            f"{who}: pictures of shape {pictures.shape[1:]} are none of image_shape "
            f"{shape}."
        )
    pictures = pictures.reshape(len(pictures), *shape)
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        pictures = np.moveaxis(pictures, 1, -1)
    if pictures.ndim == 4 and pictures.shape[-1] == 1:
        pictures = pictures[..., 0]
    return pictures
