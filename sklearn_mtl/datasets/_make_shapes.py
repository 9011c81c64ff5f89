"""Images of one coloured shape with exactly known targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl.datasets._missing import check_fraction, hide_codes
from sklearn_mtl.datasets._shapes import SHAPES, Poses, bounding_boxes, coverage

__all__ = ["make_shapes"]

_COLOURS = {
    "blue": (0.25, 0.4, 1.0),
    "green": (0.2, 0.85, 0.3),
    "red": (1.0, 0.25, 0.2),
    "yellow": (1.0, 0.9, 0.2),
}
_BOX = ("left", "top", "right", "bottom")
_TASKS = ("shape", "colour", "x", "y", "scale", "rotation", *_BOX)
_CLASS_NAMES = {"shape": list(SHAPES), "colour": list(_COLOURS)}
_GROUND, _GLEAM = (0.0, 0.25), (0.75, 1.0)  # grey of background, brightness of shapes
_PATCH = 0.5  # grey of the patch that hides a part


def make_shapes(
    n_samples: int = 500,
    *,
    size: int = 24,
    tasks: Sequence[str] = _TASKS,
    shapes: Sequence[str] = tuple(SHAPES),
    scale: tuple[float, float] = (0.2, 0.4),
    noise: float = 0.05,
    occlusion: float = 0.0,
    missing_fraction: float | Sequence[float] = 0.0,
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> Any:
    """Draw images of one coloured shape at a random place, size and rotation.

    Each image shows a disc, half disc, tee or triangle on a grey background. The tasks
    include classes, coordinates, an angle and a bounding box, and their true values are
    known exactly.

    Parameters
    ----------
    n_samples : int, default=500
        Number of images.
    size : int, default=24
        Height and width of the images in pixels, at least 8.
    tasks : sequence of str, default=all
        Columns of y in this order:

        - "shape" and "colour", with 4 classes each
        - "x" and "y", centre of the circle around the shape, in pixels from the left
          and from the top
        - "scale", radius of this circle in pixels
        - "rotation", counterclockwise, in degrees in [0, 360); missing for discs
        - "left", "top", "right" and "bottom" of the bounding box, in pixels from the
          left and from the top
    shapes : sequence of str, default=all
        Shapes to draw, from "disc", "half disc", "tee" and "triangle".
    scale : tuple of float, default=(0.2, 0.4)
        Smallest and largest radius of the circle around a shape, as a fraction of
        `size`, in (0, 0.5].
    noise : float, default=0.05
        Standard deviation of the noise added to the pixels, whose range is 0 to 1.
    occlusion : float, default=0.0
        Fraction of the area of the bounding box that is hidden by a grey patch at a
        random place within the box, in [0, 1).
    missing_fraction : float or sequence of float of length n_tasks, default=0.0
        Fraction of the labels to hide, in [0, 1).
    return_X_y : bool, default=True
        Whether to return `(X, y)` instead of a Bunch that also has the true values.
    random_state : int, RandomState instance or None, default=None
        Seed of the random numbers.

    Returns
    -------
    tuple of ndarray, or Bunch
        X of shape (n_samples, 3 * size * size) has dtype uint8 and contains the red,
        green and blue channel, each row by row, as expected by
        ``Conv((3, size, size))``. y of shape (n_samples, n_tasks) contains class codes
        and regression values, with NaN for missing labels. The Bunch has X, y and

        y_complete : ndarray of shape (n_samples, n_tasks)
            y without hidden labels.
        images : ndarray of shape (n_samples, size, size, 3)
            The images with channels last, as expected by plotting functions.
        image_shape : tuple of int
            The shape (3, size, size).
        task_names, task_types : list of str
            Names and types of the tasks.
        target_names : dict of str to list of str
            Names of the classes of each classification task.

    Raises
    ------
    ValueError
        If a task is unknown or occurs twice, or another parameter is out of its range.

    See Also
    --------
    load_digit_scenes : Images of handwritten digits at random places.

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_shapes
    >>> made = make_shapes(100, return_X_y=False, random_state=0)
    >>> made.X.shape, made.y.shape
    ((100, 1728), (100, 10))
    >>> dict(zip(made.task_names[:4], made.y[0, :4].round(1).tolist()))
    {'shape': 0.0, 'colour': 1.0, 'x': 10.5, 'y': 15.2}
    """
    tasks, shapes = list(tasks), list(shapes)
    _check_names(tasks, _TASKS, "tasks")
    _check_names(shapes, SHAPES, "shapes")
    _check_numbers(n_samples, size, scale, noise, occlusion)
    check_fraction(missing_fraction, len(tasks), "missing_fraction", "make_shapes")
    rng = check_random_state(random_state)
    shape = np.array([list(SHAPES).index(name) for name in shapes])
    shape = shape[rng.randint(len(shapes), size=n_samples)]
    colour = rng.randint(len(_COLOURS), size=n_samples)
    poses = _pose(shape, size, scale, rng)
    boxes = bounding_boxes(poses)
    pictures = _paint(poses, colour, size, rng)
    if occlusion:
        _hide_part(pictures, boxes, occlusion, rng)
    pictures += noise * rng.standard_normal(pictures.shape)
    images = (255 * pictures.clip(0, 1)).round().astype(np.uint8)
    complete = _truth(shape, colour, poses, boxes, tasks)
    is_class = [name in _CLASS_NAMES for name in tasks]
    y = complete.copy()
    y[hide_codes(complete, is_class, missing_fraction, rng)] = np.nan
    X = images.transpose(0, 3, 1, 2).reshape(n_samples, -1)
    if return_X_y:
        return X, y
    return Bunch(
        X=X,
        y=y,
        y_complete=complete,
        images=images,
        image_shape=(3, size, size),
        task_names=tasks,
        task_types=["multiclass" if c else "regression" for c in is_class],
        target_names={n: _CLASS_NAMES[n] for n in tasks if n in _CLASS_NAMES},
    )


def _check_names(given: list[str], known: Iterable[str], parameter: str) -> None:
    allowed = list(known)
    if not given or set(given) - set(allowed) or len(set(given)) < len(given):
        raise ValueError(
            f"make_shapes: {parameter} is {given}; it must contain at least one of "
            f"{allowed}, each at most once."
        )


def _check_numbers(
    n_samples: int,
    size: int,
    scale: tuple[float, float],
    noise: float,
    occlusion: float,
) -> None:
    if n_samples < 1 or size < 8:
        raise ValueError(
            "make_shapes: n_samples must be at least 1 and size at least 8; got "
            f"{n_samples} and {size}."
        )
    if not 0 < scale[0] <= scale[1] <= 0.5:
        raise ValueError(
            "make_shapes: scale must be two ascending numbers in (0, 0.5]; got "
            f"{scale}."
        )
    if not noise >= 0 or not 0 <= occlusion < 1:
        raise ValueError(
            "make_shapes: noise must be at least 0 and occlusion in [0, 1); got "
            f"{noise} and {occlusion}."
        )


def _pose(
    shape: np.ndarray,
    size: int,
    scale: tuple[float, float],
    rng: np.random.RandomState,
) -> Poses:
    """Draw poses such that each shape is entirely inside its image."""
    n_samples = len(shape)
    radius = size * rng.uniform(*scale, size=n_samples)
    x, y = radius + (size - 2 * radius) * rng.uniform(size=(2, n_samples))
    angle = rng.uniform(0, 360, size=n_samples)
    return Poses(np.array(list(SHAPES))[shape], x, y, radius, angle)


def _paint(
    poses: Poses, colour: np.ndarray, size: int, rng: np.random.RandomState
) -> np.ndarray:
    """Return images (n_samples, size, size, 3) in the unit range."""
    ground, gleam = (
        rng.uniform(*span, size=(len(colour), 1, 1, 1)) for span in (_GROUND, _GLEAM)
    )
    paint = gleam * np.array(list(_COLOURS.values()))[colour][:, None, None]
    share = coverage(poses, size)[..., None]
    return ground + share * (paint - ground)


def _hide_part(
    pictures: np.ndarray,
    boxes: np.ndarray,
    occlusion: float,
    rng: np.random.RandomState,
) -> None:
    """Draw a patch with the proportions of the box at a random place in each box."""
    low, side = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    # `occlusion` is a fraction of the area, and its square root one of each side.
    part = np.sqrt(occlusion)
    low = low + (1.0 - part) * side * rng.uniform(size=low.shape)
    centres = np.arange(pictures.shape[1]) + 0.5
    start, stop = low[..., None], (low + part * side)[..., None]
    across, down = np.moveaxis((centres >= start) & (centres < stop), 1, 0)
    pictures[down[:, :, None] & across[:, None, :]] = _PATCH


def _truth(
    shape: np.ndarray,
    colour: np.ndarray,
    poses: Poses,
    boxes: np.ndarray,
    tasks: list[str],
) -> np.ndarray:
    has_direction = np.array([one.has_direction for one in SHAPES.values()])[shape]
    known = {
        "shape": shape,
        "colour": colour,
        "x": poses.x,
        "y": poses.y,
        "scale": poses.radius,
        "rotation": np.where(has_direction, poses.angle, np.nan),
        **dict(zip(_BOX, boxes.T, strict=True)),
    }
    return np.column_stack([known[name] for name in tasks]).astype(float)
