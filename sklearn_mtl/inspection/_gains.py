"""Gains in score of tasks that are trained together."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from sklearn_mtl.inspection._task_sets import TaskSetScores
from sklearn_mtl.utils._ties import difference

__all__ = ["trained_gains"]

_COVERAGE = 3  # mean number of random sets that contain a pair

Tasks = tuple[int, ...]


def trained_gains(
    scores: TaskSetScores, n_tasks: int, max_sets: int | None, seed: int
) -> np.ndarray:
    """Return the mean gain of task j when it is trained with task i, at [i, j].

    Shapes: -> (n_tasks, n_tasks).
    """
    alone = [(t,) for t in range(n_tasks)]
    sets = _shared_sets(n_tasks, max_sets, seed)
    found = scores.score([*alone, *sets])
    total = np.zeros((n_tasks, n_tasks))
    count = np.zeros((n_tasks, n_tasks))
    for one in sets:
        gains = [
            _mean(difference(found[one][:, place], found[(t,)][:, 0]))
            for place, t in enumerate(one)
        ]
        for gain, t in zip(gains, one, strict=True):
            if not np.isnan(gain):
                total[list(one), t] += gain
                count[list(one), t] += 1
    values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    np.fill_diagonal(values, 0.0)
    return values


def _shared_sets(n_tasks: int, max_sets: int | None, seed: int) -> list[Tasks]:
    """Return all pairs, or fewer and larger sets if the pairs exceed `max_sets`."""
    pairs: list[Tasks] = list(combinations(range(n_tasks), 2))
    if max_sets is None or n_tasks + len(pairs) <= max_sets:
        return pairs
    n_sets = max(max_sets - n_tasks, 1)
    return _random_sets(n_tasks, n_sets, seed)


def _random_sets(n_tasks: int, n_sets: int, seed: int) -> list[Tasks]:
    """Return random sets of one size that contain each pair about 3 times."""
    wanted = _COVERAGE * n_tasks * (n_tasks - 1) / n_sets
    # A set of s tasks contains s (s - 1) ordered pairs: solve s (s - 1) = wanted.
    size = int(np.clip(np.ceil(0.5 + np.sqrt(0.25 + wanted)), 2, n_tasks))
    rng = np.random.default_rng(seed)
    seen = np.zeros((n_tasks, n_tasks))
    sets: list[Tasks] = []
    for _ in range(n_sets):
        one = _least_seen(seen, size, rng)
        seen[np.ix_(one, one)] += 1
        sets.append(tuple(sorted(one)))
    return list(dict.fromkeys(sets))


def _least_seen(seen: np.ndarray, size: int, rng: np.random.Generator) -> Sequence[int]:
    """Draw a set whose pairs are the least frequent so far, with ties at random."""
    # Counts are integers, so random numbers below one only break ties.
    start = rng.random(len(seen)) + seen.diagonal()
    chosen = [int(start.argmin())]
    while len(chosen) < size:
        together = seen[chosen].sum(axis=0) + rng.random(len(seen))
        together[chosen] = np.inf
        chosen.append(int(together.argmin()))
    return chosen


def _mean(values: np.ndarray) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no split has a score
        return float(np.nanmean(values))
