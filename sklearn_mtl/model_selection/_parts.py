"""Stratified folds and splits of targets that are already encoded."""

from __future__ import annotations

import numpy as np
from sklearn.utils import check_random_state

from sklearn_mtl.model_selection._assign import (
    assign_groups,
    assign_rows,
    keep_every_task,
)
from sklearn_mtl.model_selection._draw import draw_groups, draw_rows
from sklearn_mtl.model_selection._strata import build_strata
from sklearn_mtl.tasks import TaskSet

__all__ = [
    "TEST",
    "TRAIN",
    "draw_parts",
    "equal_sizes",
    "generator",
    "kfold_trains",
    "make_folds",
]

TRAIN, TEST = 0, 1  # parts of `draw_parts`


def make_folds(
    task_set: TaskSet,
    codes: np.ndarray,
    n_folds: int,
    *,
    rng: np.random.Generator,
    n_bins: int = 5,
    shuffle: bool = True,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Divide samples into folds with all classes of all tasks in proportion.

    Shapes: codes (n_samples, n_tasks), group (n_samples,) -> (n_samples,).
    """
    sizes = equal_sizes(len(codes), n_folds)
    share = sizes.min() / sizes.sum()
    strata = build_strata(task_set, codes, n_bins, share)
    if group is not None:
        return assign_groups(strata, group, sizes, rng, shuffle=shuffle)
    part = assign_rows(strata, sizes, rng, shuffle=shuffle)
    return keep_every_task(~np.isnan(codes), part, kfold_trains(n_folds), rng)


def draw_parts(
    task_set: TaskSet,
    codes: np.ndarray,
    sizes: np.ndarray,
    *,
    rng: np.random.Generator,
    n_bins: int = 5,
    group: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a training and a test part with all classes of all tasks in proportion.

    Each sample, or group, is in a part with the same probability. The exceptions are
    the only labels of a task, which are in the training part, and groups that are
    larger than the part.

    Shapes: codes (n_samples, n_tasks), sizes (2,) or (3,), group
    (n_samples,) -> (n_samples,).
    """
    strata = build_strata(task_set, codes, n_bins, sizes.min() / sizes.sum())
    part = np.full(len(codes), TRAIN)
    left = np.arange(len(codes))
    for number in range(len(sizes) - 1, TRAIN, -1):
        if group is None:
            some = strata if len(left) == len(codes) else strata[left]
            drawn = draw_rows(some, sizes[number], rng)
        else:
            numbers = np.unique(group[left], return_inverse=True)[1]
            drawn = draw_groups(strata[left], numbers, sizes[number], rng)
        part[left[drawn]] = number
        left = left[~drawn]
    if group is not None:
        return part
    trains = np.arange(len(sizes)) == TRAIN
    return keep_every_task(~np.isnan(codes), part, trains[None], rng)


def equal_sizes(n_samples: int, n_parts: int) -> np.ndarray:
    """Return sizes of parts that differ by at most one, in descending order."""
    sizes = np.full(n_parts, n_samples // n_parts)
    sizes[: n_samples % n_parts] += 1
    return sizes


def kfold_trains(n_parts: int) -> np.ndarray:
    """Return the parts in the training set of each fold: all parts but one."""
    return ~np.eye(n_parts, dtype=bool)


def generator(random_state: int | np.random.RandomState | None) -> np.random.Generator:
    """Return a private generator; a RandomState instance advances, an int does not."""
    return np.random.default_rng(check_random_state(random_state).randint(2**31))
