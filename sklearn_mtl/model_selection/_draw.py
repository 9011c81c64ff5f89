"""Draw a stratified part of the samples, each with the same probability.

An assignment that keeps strata in proportion prefers some samples to others: those with
labels that fit best into a small part. But whatever it prefers, a part that is chosen
at random among parts of equal size holds each sample with the same probability.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklearn_mtl.model_selection._assign import assign_rows

__all__ = ["draw_rows"]

_MOST_PARTS = 10  # of one assignment; a smaller share is drawn from one of them


def draw_rows(
    strata: sparse.csr_array, n_drawn: int, rng: np.random.Generator
) -> np.ndarray:
    """Return which rows are drawn: every one with probability n_drawn / n_samples.

    Parameters
    ----------
    strata : csr_array of shape (n_samples, n_strata)
        Strata of the rows, which are kept in proportion.
    n_drawn : int
        Number of rows to draw.
    rng : Generator
        Source of all randomness.

    Returns
    -------
    ndarray of shape (n_samples,), bool
        True where a row is drawn.

    Notes
    -----
    With n rows, of which m are drawn, and k = round(n / m): k - 1 parts of m rows and
    one of r rows, the rest. With probability max(m, r) / n the rest is chosen, else one
    of the others. A rest that is too large is drawn from again, to a rest that is too
    small some of the other rows are added, so that each row has m / n in both cases.
    """
    drawn = np.zeros(strata.shape[0], dtype=bool)
    drawn[_draw(strata, np.arange(len(drawn)), n_drawn, rng)] = True
    return drawn


def _draw(
    strata: sparse.csr_array, rows: np.ndarray, m: int, rng: np.random.Generator
) -> np.ndarray:
    n = len(rows)
    if 2 * m > n:
        return np.setdiff1d(rows, _draw(strata, rows, n - m, rng))
    if m == 0:
        return rows[:0]
    if 4 * m * m < n:  # so many at random are in proportion to a quarter of a drawn row
        rows = rng.choice(rows, 4 * m * m, replace=False)
        return _draw(strata, rows, m, rng)
    k = (2 * n + m) // (2 * m)
    if k > _MOST_PARTS:
        sizes = np.diff(n * np.arange(_MOST_PARTS + 1) // _MOST_PARTS)
        part = assign_rows(strata[rows], sizes, rng, shuffle=True)
        # that of a random row, for the sizes differ by one
        return _draw(strata, rows[part == part[rng.integers(n)]], m, rng)
    rest = n - (k - 1) * m
    part = assign_rows(
        strata[rows], np.append(np.full(k - 1, m), rest), rng, shuffle=True
    )
    if rng.integers(n) >= max(rest, m):
        return rows[part == rng.integers(k - 1)]
    inside, outside = rows[part == k - 1], rows[part != k - 1]
    if rest >= m:
        return _draw(strata, inside, m, rng)
    return np.append(inside, _draw(strata, outside, m - rest, rng))
