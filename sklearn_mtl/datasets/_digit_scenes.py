"""Digits at random places, sizes and rotations: tasks that are truly different."""

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

# Ranges with gaps between them, so that no scene stands on the border of two classes.
# Their width was chosen so that every task is learnable and none is solved: with 1500
# pictures a forest reads about half of the digits and two thirds of the rotations.
_SCALES = np.array([[0.8, 0.9], [0.95, 1.05], [1.1, 1.2]])
_ANGLES = np.array([[15.0, 30.0], [-7.0, 7.0], [-30.0, -15.0]])
_GAP = 0.4  # a digit's centre keeps this far, in pixels, from the axes of the canvas
_MARGIN = 5.6  # and this far from the border: half of the largest, turned digit
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
{n_samples} pictures of {canvas} x {canvas} pixels. Each shows one of the handwritten
digits that scikit-learn bundles (8 x 8 pixels, values 0 to 16), pasted at a random
place, in a random size and turned by a random angle. {missing:.0%} of the labels of
every task are hidden (NaN).

Tasks: {tasks}.

digit: which digit, 10 classes. place: in which quarter its centre lies, 4 classes.
size: small, medium or large, 3 classes. rotation: turned to the left, upright or turned
to the right, 3 classes. x, y: the centre, in pixels from the middle of the canvas, to
the right and upwards. scale: canvas pixels for one pixel of the digit. angle: degrees,
counterclockwise.
"""


@dataclass(frozen=True)
class _Layout:
    """How every scene is composed; all arrays have shape (n_samples,)."""

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
    """Load digits pasted at random place, size and rotation, with several targets.

    What a digit is, where it is, how large and how turned are different questions about
    one picture, and each hinders the others: a good example for several tasks that
    are related by what they must look at rather than by their answers. Nothing is
    downloaded; the digits are those of `sklearn.datasets.load_digits`.

    Parameters
    ----------
    n_samples : int, default=1500
        Number of pictures. Up to 1797 every picture shows another handwritten digit;
        beyond that digits come again, and `groups` says which rows share one.
    targets : {"classification", "regression", "mixed"}, default="classification"
        "classification": digit, place, size, rotation; "regression": x, y, scale,
        angle; "mixed": digit, size, x, y, angle. The pictures are the same.
    missing_fraction : float, default=0.3
        Share of the labels of every task that is hidden, in [0, 1).
    canvas : int, default=14
        Side of the pictures in pixels, at least 13.
    noise : float, default=0.5
        Standard deviation of the noise on every pixel; pixels go from 0 to 16.
    random_state : int, RandomState instance or None, default=0
        Chooses digits, places, sizes, rotations, noise and hidden labels.
    as_frame : bool, default=False
        Whether data and target are DataFrames; then classes have readable names.
    return_X_y : bool, default=False
        Whether to return `(data, target)` instead of a Bunch.

    Returns
    -------
    Bunch
        With the attributes

        data : ndarray or DataFrame of shape (n_samples, canvas * canvas)
            Pixels from 0 to 16.
        target : ndarray or DataFrame of shape (n_samples, n_tasks)
            Class codes 0..K-1 or values, NaN where hidden. In a DataFrame classes are
            categories with their names.
        complete_target : same as target
            Without anything hidden.
        images : ndarray of shape (n_samples, canvas, canvas)
            The data as pictures.
        groups : ndarray of shape (n_samples,)
            Number of the handwritten digit in `load_digits`.
        feature_names, task_names, task_types : list of str
            Names of the pixels and of the tasks, and what each task is.
        target_names : dict of str to list of str
            Names of the classes of each classification task.
        DESCR : str
            Description.

        With `return_X_y=True` it is the tuple `(data, target)`.

    Raises
    ------
    ValueError
        If `targets` is unknown, `canvas` too small, `noise` negative or
        `missing_fraction` not in [0, 1).

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
            f"load_digit_scenes: n_samples is {n_samples}; at least 1 is needed."
        )
    if targets not in _TARGETS:
        raise ValueError(
            f"load_digit_scenes: targets is {targets!r}; allowed are "
            f"{sorted(_TARGETS)}."
        )
    if canvas < _MIN_CANVAS:
        raise ValueError(
            f"load_digit_scenes: canvas is {canvas}; the largest digit needs "
            f"{_MIN_CANVAS} pixels."
        )
    if noise < 0:
        raise ValueError(f"load_digit_scenes: noise is {noise}; it cannot be negative.")


def _compose(
    n_samples: int, canvas: int, n_digits: int, rng: np.random.RandomState
) -> _Layout:
    """Choose a handwritten digit, a place, a size and a rotation for every scene."""
    rounds = -(-n_samples // n_digits)
    # Whole permutations, so that all handwritten digits occur about equally often.
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
    # One decimal keeps a table of the pixels short when it is written to a file.
    return np.clip(images, 0, 16).round(1)


def _truth(layout: _Layout, digit: np.ndarray) -> dict[str, np.ndarray]:
    """Return every target there is, as floats."""
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
    """Turn data and targets into DataFrames, with names for the classes."""
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
