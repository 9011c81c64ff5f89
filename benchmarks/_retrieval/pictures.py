"""Two sets of images with two tasks each: related and unrelated tasks."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Of Fashion-MNIST's ten classes: tops, legs and dresses, shoes, bags.
GROUPS = np.array([0, 1, 0, 1, 0, 2, 0, 2, 3, 2])
FASHION_ROWS = 6000
N_QUERIES = 1000
N_SCARCE = 500
N_HELD_OUT = 3
# a group depends on its classes
N_TASKS_HELD_OUT = {"fashion": 1, "overlap": 2}

STEM = "multi_mnist_fashion"
PROBLEMS = {"fashion": ["class", "group"], "overlap": ["digit", "garment"]}
SETTINGS = ("full", "scarce", "held out")


@dataclass(frozen=True)
class Split:
    """Training images, gallery and queries.

    Attributes
    ----------
    image_shape : tuple of int
        Channels, height and width.
    X_train, y_train : ndarray
        For the nets; NaN where a label is hidden.
    X_gallery, y_gallery : ndarray
        Searched; NaN in a task that is not asked of an item.
    X_query, y_query : ndarray
        Other pictures; NaN in a task that is not asked of a query.
    """

    image_shape: tuple[int, int, int]
    X_train: np.ndarray
    y_train: np.ndarray
    X_gallery: np.ndarray
    y_gallery: np.ndarray
    X_query: np.ndarray
    y_query: np.ndarray


def why_not(problem: str, folder: Path) -> str | None:
    """Return why a problem cannot be measured, or None."""
    place = folder / ("fashion_mnist" if problem == "fashion" else f"{STEM}.npz")
    return None if place.exists() else f"{place} is not there"


def load_split(problem: str, setting: str, seed: int, folder: Path) -> Split:
    """Return the images of a problem in a setting.

    "full": all labels. "scarce": 500 labels of each task, on samples drawn separately
    for each task. "held out": three classes of each task (of Fashion-MNIST: of the ten)
    are in no training image, and gallery and queries of the task have only these.
    """
    rng = np.random.default_rng(seed)
    shape, (X, y), (Q, q) = _read(problem, folder, rng)
    if setting == "full":
        return Split(shape, X, y, X, y, Q, q)
    if setting == "scarce":
        labels = _hide_all_but(y, N_SCARCE, rng)
        is_used = ~np.isnan(labels).all(axis=1)
        return Split(shape, X[is_used], labels[is_used], X, y, Q, q)
    n_tasks = N_TASKS_HELD_OUT[problem]
    held = draw_classes(y, n_tasks, N_HELD_OUT, rng)
    is_new = is_held(y, held)
    is_used = ~is_new.any(axis=1)
    # labels that are not held out, or related to them like a group, are not queried
    y_new = np.where(is_new, y, np.nan)
    q_new = np.where(is_held(q, held), q, np.nan)
    return Split(shape, X[is_used], y[is_used], X, y_new, Q, q_new)


def _hide_all_but(y: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    labels = np.full(y.shape, np.nan)
    for t in range(y.shape[1]):
        kept = rng.choice(len(y), n, replace=False)
        labels[kept, t] = y[kept, t]
    return labels


def draw_classes(
    y: np.ndarray, n_tasks: int, n_classes: int, rng: np.random.Generator
) -> list[np.ndarray]:
    """Return some classes of each of the first tasks."""
    columns = y[:, :n_tasks].T
    return [rng.choice(np.unique(y_t), n_classes, replace=False) for y_t in columns]


def is_held(y: np.ndarray, held: list[np.ndarray]) -> np.ndarray:
    """Say which labels (n, n_tasks) are among the classes of their task."""
    found = np.zeros(y.shape, bool)
    for t, classes in enumerate(held):
        found[:, t] = np.isin(y[:, t], classes)
    return found


def _read(problem: str, folder: Path, rng: np.random.Generator):
    """Return the shape of an image, the training part and the queries."""
    if problem == "overlap":
        with np.load(folder / f"{STEM}.npz") as held:
            X, y, is_train = held["X"], held["Y"].astype(float), held["is_train"]
        parts = (X[is_train], y[is_train]), (X[~is_train], y[~is_train])
        shape, n_train = (1, 36, 36), int(is_train.sum())
    else:
        parts = tuple(_read_idx(folder / "fashion_mnist", p) for p in ("train", "t10k"))
        shape, n_train = (1, 28, 28), FASHION_ROWS
    sizes = (n_train, N_QUERIES)
    chosen = [
        rng.choice(len(part[0]), size, replace=False)
        for part, size in zip(parts, sizes, strict=True)
    ]
    (X, y), (Q, q) = parts
    return shape, (X[chosen[0]], y[chosen[0]]), (Q[chosen[1]], q[chosen[1]])


def _read_idx(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return images (n, 784) and labels (n, 2) from the format of Fashion-MNIST."""
    with gzip.open(folder / f"{part}-images-idx3-ubyte.gz") as file:
        X = np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(folder / f"{part}-labels-idx1-ubyte.gz") as file:
        label = np.frombuffer(file.read(), np.uint8, offset=8)
    return X, np.column_stack([label, GROUPS[label]]).astype(float)
