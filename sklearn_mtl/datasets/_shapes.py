"""Two-dimensional shapes, their poses, pixel coverage and bounding boxes.

A shape lies within the unit circle and points to the right. In an image, this circle
has a radius, a centre and a rotation. The pixel in row r and column c covers the square
from (c, r) to (c + 1, r + 1), with x to the right and y downwards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["SHAPES", "Poses", "bounding_boxes", "coverage"]

_SUBPIXELS = 3  # per side of a pixel; their mean gives smooth edges
_ROWS_AT_ONCE = 256


def _arc(start: float, stop: float) -> np.ndarray:
    angle = np.deg2rad(np.linspace(start, stop, 181))
    return np.column_stack([np.cos(angle), np.sin(angle)])


@dataclass(frozen=True)
class Shape:
    """A shape within the unit circle.

    Attributes
    ----------
    outline : ndarray of shape (n_points, 2)
        Points with the same convex hull as the shape.
    contains : callable
        Function that returns whether the points with coordinates u (in the direction of
        the shape) and v (to its left) are in the shape.
    has_direction : bool
        Whether rotating the shape changes it.
    """

    outline: np.ndarray
    contains: Callable[[np.ndarray, np.ndarray], np.ndarray]
    has_direction: bool = True


def _in_disc(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return u * u + v * v <= 1.0


def _in_half_disc(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return (u >= 0.0) & _in_disc(u, v)


def _in_triangle(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return (u >= -0.7) & (np.abs(v) <= (1.0 - u) * (0.7 / 1.7))


def _in_tee(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    side = np.abs(v)
    bar = (u >= 0.3) & (u <= 0.7) & (side <= 0.7)
    return bar | ((u >= -0.95) & (u < 0.3) & (side <= 0.2))


_TEE = [[0.7, 0.7], [0.7, -0.7], [0.3, 0.7], [0.3, -0.7], [-0.95, 0.2], [-0.95, -0.2]]

SHAPES = {
    "disc": Shape(_arc(-180, 180), _in_disc, has_direction=False),
    "half disc": Shape(_arc(-90, 90), _in_half_disc),
    "tee": Shape(np.array(_TEE), _in_tee),
    "triangle": Shape(np.array([[1, 0], [-0.7, 0.7], [-0.7, -0.7]]), _in_triangle),
}


@dataclass(frozen=True)
class Poses:
    """Shapes with their positions, as arrays of shape (n_samples,).

    Attributes
    ----------
    names : ndarray of str
        Names of the shapes.
    x, y : ndarray
        Centre of the circle around the shape, in pixels.
    radius : ndarray
        Radius of this circle, in pixels.
    angle : ndarray
        Rotation in degrees, counterclockwise in the displayed image.
    """

    names: np.ndarray
    x: np.ndarray
    y: np.ndarray
    radius: np.ndarray
    angle: np.ndarray

    def rows(self, index: np.ndarray) -> Poses:
        """Return the poses of the given samples."""
        parts = (self.names, self.x, self.y, self.radius, self.angle)
        return Poses(*(part[index] for part in parts))

    @property
    def ahead(self) -> tuple[np.ndarray, np.ndarray]:
        """Return cosine and sine of the angle."""
        radians = np.deg2rad(self.angle)
        return np.cos(radians), np.sin(radians)


def bounding_boxes(poses: Poses) -> np.ndarray:
    """Return left, top, right and bottom of each shape, (n_samples, 4)."""
    boxes = np.empty((len(poses.x), 4))
    for name in np.unique(poses.names):
        rows = np.flatnonzero(poses.names == name)
        part = poses.rows(rows)
        (cosine, sine), (u, v) = part.ahead, SHAPES[name].outline.T
        radius = part.radius[:, None]
        x = part.x[:, None] + radius * (np.outer(cosine, u) - np.outer(sine, v))
        y = part.y[:, None] - radius * (np.outer(sine, u) + np.outer(cosine, v))
        boxes[rows] = np.column_stack([x.min(1), y.min(1), x.max(1), y.max(1)])
    return boxes


def coverage(poses: Poses, size: int) -> np.ndarray:
    """Return the covered fraction of each pixel, (n_samples, size, size)."""
    covered = np.empty((len(poses.x), size, size))
    for name in np.unique(poses.names):
        rows = np.flatnonzero(poses.names == name)
        for some in np.array_split(rows, -(-len(rows) // _ROWS_AT_ONCE)):
            covered[some] = _coverage(SHAPES[name], poses.rows(some), size)
    return covered


def _coverage(shape: Shape, poses: Poses, size: int) -> np.ndarray:
    ticks = (np.arange(size * _SUBPIXELS) + 0.5) / _SUBPIXELS
    right = (ticks - poses.x[:, None])[:, None, :]  # (n, 1, fine)
    up = (poses.y[:, None] - ticks)[:, :, None]  # (n, fine, 1)
    cosine, sine = (part[:, None, None] for part in poses.ahead)
    radius = poses.radius[:, None, None]
    u = (cosine * right + sine * up) / radius
    v = (cosine * up - sine * right) / radius
    fine = shape.contains(u, v)
    return fine.reshape(-1, size, _SUBPIXELS, size, _SUBPIXELS).mean(axis=(2, 4))
