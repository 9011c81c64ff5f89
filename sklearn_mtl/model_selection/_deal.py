"""First assignment of samples or groups to parts: rarest stratum first.

This is the iterative stratification of Sechidis et al. (2011), but it assigns a whole
stratum at a time instead of one sample at a time. Within a stratum, their rule (the
part that needs the label most is next) determines the number of samples for each part.
These numbers are computed at once, and only the order of the samples is left to choose.
The samples of a stratum are assigned in the order of their other labels. This
distributes samples with equal labels, and thus pairs of labels, over the parts;
Szymanski and Kajdanowicz (2017) achieve the same by stratifying pairs.

Only whole numbers are compared, so all processors find the same ties.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

__all__ = ["deal_groups", "deal_rows"]


def deal_rows(
    strata: sparse.csr_array,
    sizes: np.ndarray,
    order: np.ndarray | None,
    seed: int,
) -> np.ndarray:
    """Assign samples to parts of exact sizes.

    Shapes: strata (n_samples, n_strata), sizes (n_parts,), order
    (n_samples,) -> (n_samples,).
    """
    rng = np.random.default_rng(seed)
    n_samples = strata.shape[0]
    by_stratum = strata.tocsc()
    left = np.diff(by_stratum.indptr).astype(np.int64)
    wanted = np.outer(sizes, left)  # (n_parts, n_strata), in units of 1 / n_samples
    room = sizes.astype(np.intp).copy()
    part = np.full(n_samples, -1, dtype=np.intp)
    # samples with equal labels have equal signatures, so they are sorted together
    marks = rng.integers(2**63, size=strata.shape[1])
    rank = np.arange(n_samples)
    if order is not None:
        rank = _rank(np.lexsort((order, _sum_by_row(strata, marks))))
    while left.any():
        # The rarest first: later, other strata would already have placed its samples.
        rarest = int(np.argmin(np.where(left > 0, left, n_samples + 1)))
        begin, end = by_stratum.indptr[rarest : rarest + 2]
        rows = by_stratum.indices[begin:end]
        rows = rows[part[rows] < 0]
        rows = rows[np.argsort(rank[rows])]
        dealt = _deal(wanted[:, rarest], room, len(rows), n_samples, rng)
        part[rows] = dealt if order is None else _mixed(dealt, rng)
        # only in the strata of these samples, because there may be very many strata
        given = strata[rows]
        owner = np.repeat(part[rows], np.diff(given.indptr))
        np.subtract.at(wanted, (owner, given.indices), n_samples)
        np.subtract.at(left, given.indices, 1)
        left[rarest] = 0
        room -= np.bincount(part[rows], minlength=len(sizes))
    rest = np.flatnonzero(part < 0)
    rest = rest[np.argsort(rank[rest])]
    dealt = np.repeat(np.arange(len(room)), room)
    part[rest] = dealt if order is None else _mixed(dealt, rng)
    return part


def deal_groups(
    strata: sparse.csr_array, targets: np.ndarray, priority: np.ndarray
) -> np.ndarray:
    """Assign groups to parts one after the other, each where it is needed most.

    Shapes: strata (n_groups, n_strata), targets (n_parts, n_strata),
    priority (n_groups,) -> (n_groups,).
    """
    missing = targets.copy()
    part = np.empty(strata.shape[0], dtype=np.intp)
    for group in np.argsort(-priority, kind="stable"):
        at = slice(strata.indptr[group], strata.indptr[group + 1])
        columns, values = strata.indices[at], strata.data[at]
        part[group] = np.argmax(missing[:, columns] @ values)
        missing[part[group], columns] -= values
    return part


def _deal(
    wanted: np.ndarray, room: np.ndarray, n: int, unit: int, rng: np.random.Generator
) -> np.ndarray:
    """Return the sorted parts of n samples; a sample counts as `unit` in `wanted`."""
    most = np.minimum(room, n)
    parts = np.repeat(np.arange(len(room)), most)
    turn = np.concatenate([np.arange(m) for m in most])
    # a part with j samples still needs wanted - j; ties go to the part with more room
    free = room[parts] - turn
    missing = unit * turn - wanted[parts]
    chosen = np.lexsort((rng.random(len(parts)), -free, missing))[:n]
    return np.sort(parts[chosen])


def _mixed(parts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return sorted parts in an evenly mixed order."""
    counts = np.bincount(parts)
    # The i-th of the c samples of a part has time (i + 1/2) / c.
    time = np.concatenate([(np.arange(c) + 0.5) / c for c in counts if c] or [[]])
    return parts[np.lexsort((rng.random(len(parts)), time))]


def _sum_by_row(strata: sparse.csr_array, marks: np.ndarray) -> np.ndarray:
    """Return the sum of the marks of the strata of each sample, modulo 2**64."""
    sums = np.zeros(strata.nnz + 1, marks.dtype)
    np.take(marks, strata.indices, out=sums[1:], mode="wrap")  # without a buffer
    np.cumsum(sums, out=sums)
    return np.diff(sums[strata.indptr])


def _rank(order: np.ndarray) -> np.ndarray:
    rank = np.empty(len(order), dtype=np.intp)
    rank[order] = np.arange(len(order))
    return rank
