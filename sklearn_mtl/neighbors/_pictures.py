"""Conversion of samples to images and drawing of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from matplotlib.axes import Axes


__all__ = ["as_pictures", "draw_picture", "span_of"]


def as_pictures(X: Any, image_shape: tuple[int, ...] | None, who: str) -> np.ndarray:
    """Return images in the layout of matplotlib.

    Shapes: X (n, n_pixels) or (n, ...) -> (n, height, width) or (n, height,
    width, 3).
    """
    pictures = np.asarray(X.toarray() if sparse.issparse(X) else X)
    if pictures.ndim == 2 and image_shape is None:
        side = int(np.sqrt(pictures.shape[1]))
        image_shape = (side, side)
        if side * side != pictures.shape[1]:
            raise ValueError(
                f"{who}: samples with {pictures.shape[1]} values are not square "
                "images; pass image_shape=(height, width) or (channels, height, "
                "width)."
            )
    shape = tuple(image_shape or pictures.shape[1:])
    if int(np.prod(shape)) != int(np.prod(pictures.shape[1:])) or len(shape) > 3:
        raise ValueError(
            f"{who}: samples of shape {pictures.shape[1:]} do not match image_shape="
            f"{shape}."
        )
    pictures = pictures.reshape(len(pictures), *shape)
    if len(shape) == 3 and shape[0] in (1, 3, 4):
        pictures = np.moveaxis(pictures, 1, -1)
    if pictures.ndim == 4 and pictures.shape[-1] == 1:
        pictures = pictures[..., 0]
    if pictures.ndim == 4 and pictures.shape[-1] not in (3, 4):
        raise ValueError(
            f"{who}: images of shape {shape} cannot be drawn; they must have 1, 3 or 4 "
            "channels, as the first or last axis."
        )
    return pictures


def span_of(*pictures: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest value of all non-empty arrays of images."""
    some = [one for one in pictures if one.size]
    return min(float(one.min()) for one in some), max(float(one.max()) for one in some)


def draw_picture(axis: Axes, picture: np.ndarray, span: tuple[float, float]) -> None:
    """Draw an image with the colour range `span`, which all images share."""
    low, high = span
    is_coloured = picture.ndim == 3
    if is_coloured and picture.dtype.kind == "f" and (low < 0 or high > 1):
        picture = (picture - low) / (high - low)
    axis.imshow(picture, cmap="gray_r", vmin=low, vmax=high)
    axis.set(xticks=[], yticks=[])
