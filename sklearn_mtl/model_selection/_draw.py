"""Stratified subsets of the samples that contain each sample with equal probability.

An assignment that keeps strata in proportion prefers some samples for a small part:
those with labels that fit best. Nevertheless, a part that is chosen at random among
parts of equal size contains each sample with the same probability.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from sklearn_mtl.model_selection._assign import assign_groups, assign_rows

__all__ = ["draw_groups", "draw_rows"]

# Maximum number of parts of one assignment. A smaller subset is drawn from one of them.
_MOST_PARTS = 10

# function from items and sizes of parts in samples to the part of each item
Assign = Callable[[np.ndarray, np.ndarray], np.ndarray]


def draw_rows(
    strata: sparse.csr_array, n_drawn: int, rng: np.random.Generator
) -> np.ndarray:
    """Return a mask of drawn samples, each with probability n_drawn / n_samples.

    Shapes: strata (n_samples, n_strata) -> (n_samples,).

    Notes
    -----
    To draw m of n samples with k = round(n / m), the samples are divided into k - 1
    parts of m samples and a rest of r samples. The rest is chosen with probability
    max(m, r) / n, otherwise one of the parts. If the rest is too large, m samples are
    drawn from it. If it is too small, m - r of the other samples are added. In both
    cases the probability of each sample is m / n.
    """

    def assign(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        is_all = len(rows) == strata.shape[0]  # then in order; a copy takes memory
        return assign_rows(strata if is_all else strata[rows], sizes, rng, shuffle=True)

    drawn = np.zeros(strata.shape[0], dtype=bool)
    drawn[_draw(np.arange(len(drawn)), len(drawn), n_drawn, assign, rng)] = True
    return drawn


def draw_groups(
    strata: sparse.csr_array, group: np.ndarray, n_drawn: int, rng: np.random.Generator
) -> np.ndarray:
    """Return a mask of the samples of drawn groups, each with the same probability.

    A group of more than n_drawn samples is not drawn if the other groups have enough
    samples. A single group is not drawn.

    Shapes: strata (n_samples, n_strata), group (n_samples,) ->
    (n_samples,).
    """

    def assign(groups: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        groups = np.sort(groups)
        rows = np.flatnonzero(np.isin(group, groups))
        number = np.searchsorted(groups, group[rows])
        shares = sizes * (len(rows) / sizes.sum())
        part = np.empty(len(groups), dtype=np.intp)
        part[number] = assign_groups(strata[rows], number, shares, rng, shuffle=True)
        return part

    counts = np.bincount(group)
    if len(counts) < 2:
        return np.zeros(len(group), dtype=bool)
    groups = np.flatnonzero(counts <= n_drawn)
    if counts[groups].sum() < n_drawn:
        groups = np.arange(len(counts))
    n = int(counts[groups].sum())
    least = -(-n // len(groups))  # mean size of a group, rounded up
    drawn = _draw(groups, n, max(n_drawn, least), assign, rng)
    n_groups = np.clip(len(drawn), 1, len(counts) - 1)  # at least one, but not all
    if len(drawn) != n_groups:
        drawn = rng.choice(groups, n_groups, replace=False)
    return np.isin(group, drawn)


def _draw(
    items: np.ndarray, n: int, m: int, assign: Assign, rng: np.random.Generator
) -> np.ndarray:
    """Return drawn items with m of the n samples, or about as many."""
    # Drawing the complement gives the same probabilities.
    if 2 * m > n:
        return np.setdiff1d(items, _draw(items, n, n - m, assign, rng))
    if m * len(items) < n:  # less than one group
        return rng.choice(items, int(rng.integers(n) < m * len(items)))
    if 4 * m * m < n == len(items):
        # a random subset of this size deviates by a quarter of a drawn sample
        items, n = rng.choice(items, 4 * m * m, replace=False), 4 * m * m
    # k is n / m, rounded: k - 1 parts of m samples, and the rest.
    k = (2 * n + m) // (2 * m)
    if k > _MOST_PARTS:
        sizes = np.diff(n * np.arange(_MOST_PARTS + 1) // _MOST_PARTS)
        chosen = np.searchsorted(np.cumsum(sizes), rng.integers(n), side="right")
        items = items[assign(items, sizes) == chosen]
        return _draw(items, int(sizes[chosen]), m, assign, rng)
    rest = n - (k - 1) * m
    part = assign(items, np.append(np.full(k - 1, m), rest))
    # Each item is drawn with probability m / n, also those of the rest.
    if rng.integers(n) >= max(rest, m):
        return items[part == rng.integers(k - 1)]
    inside, outside = items[part == k - 1], items[part != k - 1]
    if rest >= m:
        return _draw(inside, rest, m, assign, rng)
    return np.append(inside, _draw(outside, n - rest, m - rest, assign, rng))
