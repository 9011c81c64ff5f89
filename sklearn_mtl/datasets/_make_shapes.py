"""Pictures of one coloured shape, of which everything is known."""

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
_GROUND, _GLEAM = (0.0, 0.25), (0.75, 1.0)  # grey of the ground, brightness of shapes
_PATCH = 0.5  # grey of what hides a part


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
    """Draw pictures of one coloured shape at a random place, size and rotation.

    Each is a disc, half disc, tee or triangle on grey ground. What it is, where, how
    large and how turned are classes, numbers, an angle and a box of one picture: tasks
    of every kind with a truth that is known exactly.

    Parameters
    ----------
    n_samples : int, default=500
        Number of pictures.
    size : int, default=24
        Height and width in pixels, at least 8.
    tasks : sequence of str, default=all
        Columns of y, in their order, of "shape" and "colour" (4 classes each), "x" and
        "y" (centre of the circle around the shape, in pixels from the left and the
        top), "scale" (radius of that circle), "rotation" (degrees in [0, 360),
        counterclockwise; missing for a disc, which has none), and the box "left",
        "top", "right", "bottom" (pixels from the left and the top).
    shapes : sequence of str, default=all
        Which are drawn, of "disc", "half disc", "tee" and "triangle".
    scale : tuple of float, default=(0.2, 0.4)
        Smallest and largest radius of the circle around a shape, as a share of `size`;
        at most 0.5, where only the middle is left for it.
    noise : float, default=0.05
        Standard deviation of the noise on every value; the whole range is 1.
    occlusion : float, default=0.0
        Share of the area of the box that a grey patch hides, somewhere in it, in [0,
        1).
    missing_fraction : float or sequence of float of length n_tasks, default=0.0
        Share of the labels that is hidden, in [0, 1).
    return_X_y : bool, default=True
        Whether to return `(X, y)`; otherwise a Bunch with the truth beside them.
    random_state : int, RandomState instance or None, default=None
        Draws everything.

    Returns
    -------
    tuple of ndarray, or Bunch
        X of shape (n_samples, 3 * size * size), uint8: red, green and blue, each row by
        row, as ``Conv((3, size, size))`` takes them; and y of shape (n_samples,
        n_tasks), class codes and values, NaN where missing. The Bunch has X, y and

        y_complete : ndarray of shape (n_samples, n_tasks)
            y without anything hidden.
        images : ndarray of shape (n_samples, size, size, 3)
            The pictures with channels last, as they are plotted.
        image_shape : tuple of int
            (3, size, size).
        task_names, task_types : list of str
            Names and kinds.
        target_names : dict of str to list of str
            Names of the classes.

    Raises
    ------
    ValueError
        If a task is unknown or named twice, or a size, share or noise is out of its
        range.

    See Also
    --------
    load_digit_scenes : Handwritten digits at random places.

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
    check_fraction(missing_fraction, len(tasks), "missing_fraction")
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
            f"make_shapes: {parameter} is {given}; give some of {allowed}, each once."
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
            "make_shapes: n_samples must be at least 1 and size at least 8; found "
            f"{n_samples} and {size}."
        )
    if not 0 < scale[0] <= scale[1] <= 0.5:
        raise ValueError(
            "make_shapes: scale must be two ascending numbers in (0, 0.5]; found "
            f"{scale}."
        )
    if not noise >= 0 or not 0 <= occlusion < 1:
        raise ValueError(
            "make_shapes: noise must be at least 0 and occlusion in [0, 1); found "
            f"{noise} and {occlusion}."
        )


def _pose(
    shape: np.ndarray,
    size: int,
    scale: tuple[float, float],
    rng: np.random.RandomState,
) -> Poses:
    """Put each shape where it is wholly seen."""
    n_samples = len(shape)
    radius = size * rng.uniform(*scale, size=n_samples)
    x, y = radius + (size - 2 * radius) * rng.uniform(size=(2, n_samples))
    angle = rng.uniform(0, 360, size=n_samples)
    return Poses(np.array(list(SHAPES))[shape], x, y, radius, angle)


def _paint(
    poses: Poses, colour: np.ndarray, size: int, rng: np.random.RandomState
) -> np.ndarray:
    """Return pictures (n_samples, size, size, 3) in the unit range."""
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
    """Lay a patch of the same proportions somewhere into each box."""
    low, side = boxes[:, :2], boxes[:, 2:] - boxes[:, :2]
    # The share is one of the area, its root one of each side.
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
