"""Draw a stratified part of the samples, each with the same probability.

An assignment that keeps strata in proportion prefers some samples to others: those with
labels that fit best into a small part. But whatever it prefers, a part that is chosen
at random among parts of equal size holds each sample with the same probability.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

from sklearn_mtl.model_selection._assign import assign_groups, assign_rows

__all__ = ["draw_groups", "draw_rows"]

_MOST_PARTS = 10  # of one assignment; a smaller share is drawn from one of them

# what are assigned, and sizes of parts in rows -> the part of each
Assign = Callable[[np.ndarray, np.ndarray], np.ndarray]


def draw_rows(
    strata: sparse.csr_array, n_drawn: int, rng: np.random.Generator
) -> np.ndarray:
    """Return which rows are drawn: every one with probability n_drawn / n_samples.

    Shapes: strata (n_samples, n_strata) -> (n_samples,).

    Notes
    -----
    With n rows, of which m are drawn, and k = round(n / m): k - 1 parts of m rows and
    one of r rows, the rest. With probability max(m, r) / n the rest is chosen, else one
    of the others. A rest that is too large is drawn from again, to a rest that is too
    small some of the other rows are added, so that each row has m / n in both cases.
    """

    def assign(rows: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        return assign_rows(strata[rows], sizes, rng, shuffle=True)

    drawn = np.zeros(strata.shape[0], dtype=bool)
    drawn[_draw(np.arange(len(drawn)), len(drawn), n_drawn, assign, rng)] = True
    return drawn


def draw_groups(
    strata: sparse.csr_array, group: np.ndarray, n_drawn: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the rows of some groups: each group is drawn with the same probability.

    But a group of more than n_drawn rows is not drawn where the others have enough, and
    neither is a single group.

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
    least = -(-n // len(groups))  # of one group
    drawn = _draw(groups, n, max(n_drawn, least), assign, rng)
    n_groups = np.clip(len(drawn), 1, len(counts) - 1)  # neither none nor all
    if len(drawn) != n_groups:
        drawn = rng.choice(groups, n_groups, replace=False)
    return np.isin(group, drawn)


def _draw(
    items: np.ndarray, n: int, m: int, assign: Assign, rng: np.random.Generator
) -> np.ndarray:
    """Return the items that are drawn: m of their n rows, or about as many."""
    # The complement is drawn with the same guarantee.
    if 2 * m > n:
        return np.setdiff1d(items, _draw(items, n, n - m, assign, rng))
    if m * len(items) < n:  # less than one group
        return rng.choice(items, int(rng.integers(n) < m * len(items)))
    if 4 * m * m < n == len(items):
        # so many at random are in proportion to a quarter of a drawn row
        items, n = rng.choice(items, 4 * m * m, replace=False), 4 * m * m
    # n / m, rounded: k - 1 parts of m rows, and one of the rest.
    k = (2 * n + m) // (2 * m)
    if k > _MOST_PARTS:
        sizes = np.diff(n * np.arange(_MOST_PARTS + 1) // _MOST_PARTS)
        chosen = np.searchsorted(np.cumsum(sizes), rng.integers(n), side="right")
        items = items[assign(items, sizes) == chosen]
        return _draw(items, int(sizes[chosen]), m, assign, rng)
    rest = n - (k - 1) * m
    part = assign(items, np.append(np.full(k - 1, m), rest))
    # Both ways each item is drawn with probability m / n, also one of the odd part.
    if rng.integers(n) >= max(rest, m):
        return items[part == rng.integers(k - 1)]
    inside, outside = items[part == k - 1], items[part != k - 1]
    if rest >= m:
        return _draw(inside, rest, m, assign, rng)
    return np.append(inside, _draw(outside, n - rest, m - rest, assign, rng))
