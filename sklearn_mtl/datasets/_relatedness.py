"""Features and task coefficients with known relatedness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Related", "draw_related"]


@dataclass(frozen=True)
class Related:
    """Features and signals of related tasks.

    Attributes
    ----------
    X : ndarray of shape (n_samples, n_features)
        Standard normal features.
    task_groups : ndarray of shape (n_tasks,)
        Group of each task.
    signal : ndarray of shape (n_samples, n_tasks, n_outputs)
        Linear function of the features, or of the hidden features of the group, with
        standard deviation 1 (in the linear case, in expectation).
    coef : ndarray of shape (n_tasks, n_outputs, n_features) or None
        Coefficients of the features; None with hidden features.
    """

    X: np.ndarray
    task_groups: np.ndarray
    signal: np.ndarray
    coef: np.ndarray | None


def draw_related(
    shape: tuple[int, int, int, int],
    *,
    n_informative: int,
    n_groups: int | Sequence[int],
    relatedness: float,
    nonlinear: bool,
    rng: np.random.RandomState,
    who: str,
) -> Related:
    """Draw features and signals of related tasks."""
    n_samples, n_features, n_tasks, n_outputs = shape
    _check(n_features, n_informative, relatedness, who)
    task_groups = _groups(n_groups, n_tasks, who)
    X = rng.standard_normal((n_samples, n_features))
    informative = rng.permutation(n_features)[:n_informative]
    directions = _directions(task_groups, n_outputs, n_informative, relatedness, rng)
    if nonlinear:
        hidden = _hidden_features(X[:, informative], task_groups, rng)
        signal = np.einsum("tnd,tkd->ntk", hidden[task_groups], directions)
        return Related(X, task_groups, signal / signal.std(axis=0), None)
    coef = np.zeros((n_tasks, n_outputs, n_features))
    coef[..., informative] = directions
    return Related(X, task_groups, np.einsum("nd,tkd->ntk", X, coef), coef)


def _check(n_features: int, n_informative: int, relatedness: float, who: str) -> None:
    if not 1 <= n_informative <= n_features:
        raise ValueError(
            f"{who}: n_informative is {n_informative}; it must be between 1 and "
            f"n_features = {n_features}."
        )
    if not 0 <= relatedness <= 1:
        raise ValueError(f"{who}: relatedness is {relatedness}; it must be in [0, 1].")


def _groups(n_groups: int | Sequence[int], n_tasks: int, who: str) -> np.ndarray:
    """Return the group of each task: consecutive tasks, or the given groups."""
    if isinstance(n_groups, int | np.integer):
        if not 1 <= n_groups <= n_tasks:
            raise ValueError(
                f"{who}: n_groups is {n_groups}; it must be between 1 and n_tasks = "
                f"{n_tasks}."
            )
        return np.arange(n_tasks) * int(n_groups) // n_tasks
    given = np.asarray(n_groups)
    if given.shape != (n_tasks,):
        raise ValueError(
            f"{who}: n_groups has {given.size} values, but there are {n_tasks} tasks."
        )
    return np.unique(given, return_inverse=True)[1]


def _directions(
    task_groups: np.ndarray,
    n_outputs: int,
    n_informative: int,
    relatedness: float,
    rng: np.random.RandomState,
) -> np.ndarray:
    """Return unit coefficients that mix directions of the group and of the task."""
    n_tasks = len(task_groups)
    size = (n_outputs, n_informative)
    common = rng.standard_normal((task_groups.max() + 1, *size))
    own = rng.standard_normal((n_tasks, *size))
    # With square roots as weights, the variances of the two parts add up to 1.
    mixed = relatedness**0.5 * common[task_groups] + (1 - relatedness) ** 0.5 * own
    return mixed / np.linalg.norm(mixed, axis=2, keepdims=True)


def _hidden_features(
    X: np.ndarray, task_groups: np.ndarray, rng: np.random.RandomState
) -> np.ndarray:
    """Return hidden features of each group (n_groups, n_samples, n_hidden)."""
    n_groups, n_hidden = task_groups.max() + 1, X.shape[1]
    projections = rng.standard_normal((n_groups, n_hidden, n_hidden))
    projections *= 2 / np.linalg.norm(projections, axis=1, keepdims=True)
    return np.tanh(np.einsum("nd,gdh->gnh", X, projections))
