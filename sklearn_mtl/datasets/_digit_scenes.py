"""Images of digits at random places, sizes and rotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl.datasets._drawing import draw_scenes
from sklearn_mtl.datasets._missing import hide_codes

__all__ = ["load_digit_scenes"]

_DIGITS = [str(digit) for digit in range(10)]
_PLACES = ["top left", "top right", "bottom left", "bottom right"]
_SIZES = ["small", "medium", "large"]
_TURNS = ["left", "upright", "right"]

# The ranges have gaps between them, so that no scene is on the border of two classes.
# Their width makes every task learnable but none trivial: with 1500 images, a random
# forest has an accuracy of about one half for digits and two thirds for rotations.
_SCALES = np.array([[0.8, 0.9], [0.95, 1.05], [1.1, 1.2]])
_ANGLES = np.array([[15.0, 30.0], [-7.0, 7.0], [-30.0, -15.0]])
_GAP = 0.4  # least distance of a digit's centre from the axes of the canvas, in pixels
_MARGIN = 5.6  # least distance from the border: half of the largest rotated digit
_MIN_CANVAS = 13

_TARGETS = {
    "classification": ("digit", "place", "size", "rotation"),
    "regression": ("x", "y", "scale", "angle"),
    "mixed": ("digit", "size", "x", "y", "angle"),
}
_CLASS_NAMES = {
    "digit": _DIGITS,
    "place": _PLACES,
    "size": _SIZES,
    "rotation": _TURNS,
}

_DESCR = """Digit scenes
------------
{n_samples} images of {canvas} x {canvas} pixels. Each image shows one of the
handwritten digits of scikit-learn (8 x 8 pixels, values 0 to 16) at a random place,
with a random size and rotation. {missing:.0%} of the labels of every task are hidden
(NaN).

Tasks: {tasks}.

digit: the digit, 10 classes. place: quadrant of its centre, 4 classes. size: small,
medium or large, 3 classes. rotation: rotated to the left, upright or rotated to the
right, 3 classes. x, y: position of the centre in pixels from the middle of the canvas,
to the right and upwards. scale: number of canvas pixels per pixel of the digit. angle:
rotation in degrees, counterclockwise.
"""


@dataclass(frozen=True)
class _Layout:
    """Parameters of all scenes, as arrays of shape (n_samples,)."""

    source: np.ndarray
    place: np.ndarray
    size: np.ndarray
    turn: np.ndarray
    x: np.ndarray
    y: np.ndarray
    scale: np.ndarray
    angle: np.ndarray


def load_digit_scenes(
    n_samples: int = 1500,
    *,
    targets: str = "classification",
    missing_fraction: float = 0.3,
    canvas: int = 14,
    noise: float = 0.5,
    random_state: int | np.random.RandomState | None = 0,
    as_frame: bool = False,
    return_X_y: bool = False,
) -> Any:
    """Load images of digits at random places, sizes and rotations.

    The targets are the digit, its place, its size and its rotation. The labels of the
    tasks are independent of each other, but all tasks need features of the same image,
    and what one task predicts makes the others harder. Nothing is downloaded: the
    digits are those of `sklearn.datasets.load_digits`.

    Parameters
    ----------
    n_samples : int, default=1500
        Number of images. Up to 1797 images all show different handwritten digits.
        Beyond that digits occur repeatedly, and `groups` identifies them.
    targets : {"classification", "regression", "mixed"}, default="classification"
        "classification": digit, place, size, rotation; "regression": x, y, scale,
        angle; "mixed": digit, size, x, y, angle. The images are the same.
    missing_fraction : float, default=0.3
        Fraction of the labels of each task to hide, in [0, 1).
    canvas : int, default=14
        Height and width of the images in pixels, at least 13.
    noise : float, default=0.5
        Standard deviation of the noise added to the pixels, whose range is 0 to 16.
    random_state : int, RandomState instance or None, default=0
        Seed of digits, places, sizes, rotations, noise and hidden labels.
    as_frame : bool, default=False
        Whether data and target are DataFrames, with names as class labels.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch
        Bunch with the attributes

        data : ndarray or DataFrame of shape (n_samples, canvas * canvas)
            Pixels from 0 to 16.
        target : ndarray or DataFrame of shape (n_samples, n_tasks)
            Class codes 0..K-1 or regression values, NaN where hidden. In a DataFrame,
            classification targets are categorical columns with the class names.
        complete_target : same as target
            Targets without hidden labels.
        images : ndarray of shape (n_samples, canvas, canvas)
            The data as images.
        groups : ndarray of shape (n_samples,)
            Index of the handwritten digit in `load_digits`.
        feature_names, task_names, task_types : list of str
            Names of the pixels, and names and types of the tasks.
        target_names : dict of str to list of str
            Names of the classes of each classification task.
        DESCR : str
            Description of the data set.

        If `return_X_y` is True, the tuple `(data, target)` is returned instead.

    Raises
    ------
    ValueError
        If `targets` is unknown, `n_samples` is less than 1, `canvas` is too small,
        `noise` is negative or `missing_fraction` is not in [0, 1).

    Examples
    --------
    >>> from sklearn_mtl.datasets import load_digit_scenes
    >>> scenes = load_digit_scenes(100, missing_fraction=0.4, as_frame=True)
    >>> scenes.data.shape
    (100, 196)
    >>> scenes.task_names
    ['digit', 'place', 'size', 'rotation']
    >>> scenes.complete_target.loc[0].tolist()
    [2, 'bottom right', 'large', 'upright']
    >>> round(float(scenes.target.isna().to_numpy().mean()), 2)
    0.4
    """
    _check_arguments(n_samples, targets, canvas, noise)
    rng = check_random_state(random_state)
    digits = load_digits()
    layout = _compose(n_samples, canvas, len(digits.target), rng)
    images = _draw(digits.images, layout, canvas, noise, rng)
    tasks = list(_TARGETS[targets])
    complete = np.stack([_truth(layout, digits.target)[name] for name in tasks], axis=1)
    is_class = [name in _CLASS_NAMES for name in tasks]
    target = complete.copy()
    target[hide_codes(complete, is_class, missing_fraction, rng)] = np.nan
    bunch = Bunch(
        data=images.reshape(n_samples, -1),
        target=target,
        complete_target=complete,
        images=images,
        groups=layout.source,
        feature_names=[f"pixel_{r}_{c}" for r in range(canvas) for c in range(canvas)],
        task_names=tasks,
        task_types=["multiclass" if c else "regression" for c in is_class],
        target_names={n: _CLASS_NAMES[n] for n in tasks if n in _CLASS_NAMES},
        DESCR=_DESCR.format(
            n_samples=n_samples,
            canvas=canvas,
            missing=missing_fraction,
            tasks=", ".join(tasks),
        ),
    )
    if as_frame:
        _make_frames(bunch)
    return (bunch.data, bunch.target) if return_X_y else bunch


def _check_arguments(n_samples: int, targets: str, canvas: int, noise: float) -> None:
    if n_samples < 1:
        raise ValueError(
            f"load_digit_scenes: n_samples is {n_samples}; it must be at least 1."
        )
    if targets not in _TARGETS:
        raise ValueError(
            f"load_digit_scenes: targets is {targets!r}; it must be one of "
            f"{sorted(_TARGETS)}."
        )
    if canvas < _MIN_CANVAS:
        raise ValueError(
            f"load_digit_scenes: canvas is {canvas}; it must be at least {_MIN_CANVAS} "
            "pixels, which the largest digits need."
        )
    if noise < 0:
        raise ValueError(
            f"load_digit_scenes: noise is {noise}; it must not be negative."
        )


def _compose(
    n_samples: int, canvas: int, n_digits: int, rng: np.random.RandomState
) -> _Layout:
    """Draw a handwritten digit, a place, a size and a rotation for every scene."""
    rounds = -(-n_samples // n_digits)
    # With complete permutations, all handwritten digits occur about equally often.
    source = np.concatenate([rng.permutation(n_digits) for _ in range(rounds)])
    source = source[:n_samples]
    place, size, turn = (rng.randint(k, size=n_samples) for k in (4, 3, 3))
    scale = rng.uniform(*_SCALES[size].T)
    angle = rng.uniform(*_ANGLES[turn].T)
    x, y = rng.uniform(_GAP, canvas / 2 - _MARGIN, size=(2, n_samples))
    x = np.where(place % 2, x, -x)
    y = np.where(place < 2, y, -y)
    return _Layout(source, place, size, turn, x, y, scale, angle)


def _draw(
    digits: np.ndarray,
    layout: _Layout,
    canvas: int,
    noise: float,
    rng: np.random.RandomState,
) -> np.ndarray:
    images = draw_scenes(
        digits[layout.source],
        canvas,
        x=layout.x,
        y=layout.y,
        scale=layout.scale,
        angle=layout.angle,
    )
    images += noise * rng.standard_normal(images.shape)
    # Rounding makes files with a table of the pixels smaller.
    return np.clip(images, 0, 16).round(1)


def _truth(layout: _Layout, digit: np.ndarray) -> dict[str, np.ndarray]:
    """Return all targets as floats."""
    return {
        "digit": digit[layout.source].astype(float),
        "place": layout.place.astype(float),
        "size": layout.size.astype(float),
        "rotation": layout.turn.astype(float),
        "x": layout.x,
        "y": layout.y,
        "scale": layout.scale,
        "angle": layout.angle,
    }


def _make_frames(bunch: Bunch) -> None:
    """Convert data and targets to DataFrames, with names as class labels."""
    import pandas as pd

    bunch.data = pd.DataFrame(bunch.data, columns=bunch.feature_names)
    for key in ("target", "complete_target"):
        columns = {}
        for name, codes in zip(bunch.task_names, bunch[key].T, strict=True):
            columns[name] = pd.Series(codes)
            if name in bunch.target_names:
                classes = range(10) if name == "digit" else bunch.target_names[name]
                codes = np.where(np.isnan(codes), -1, codes).astype(int)
                columns[name] = pd.Categorical.from_codes(codes, categories=classes)
        bunch[key] = pd.DataFrame(columns)
