"""Assignment of samples to parts: first assignment, exchanges, and lost tasks."""

from __future__ import annotations

import math

import numpy as np
from scipy import sparse

from sklearn_mtl.model_selection._deal import deal_groups, deal_rows
from sklearn_mtl.model_selection._swap import improve_by_swaps

__all__ = [
    "assign_groups",
    "assign_rows",
    "keep_every_task",
    "lost_tasks",
    "whole_numbers",
]

# numbers of samples to try when a task would have no labels for training
_N_GIVERS, _N_TAKERS = 8, 48
_EXACT_BITS = 52  # whole numbers up to 2 ** 53 are exact in floats


def assign_rows(
    strata: sparse.csr_array,
    sizes: np.ndarray,
    rng: np.random.Generator,
    *,
    shuffle: bool,
) -> np.ndarray:
    """Assign samples to parts of exact sizes with every stratum in proportion.

    Shapes: strata (n_samples, n_strata), sizes (n_parts,) -> (n_samples,).
    """
    n_samples = strata.shape[0]
    order = rng.permutation(n_samples) if shuffle else None
    part = deal_rows(strata, sizes, order, seed=int(rng.integers(2**31)))
    unit, strata, targets = whole_numbers(strata, sizes / n_samples)
    return improve_by_swaps(strata, part, targets, rng, unit=unit)


def assign_groups(
    strata: sparse.csr_array,
    group: np.ndarray,
    sizes: np.ndarray,
    rng: np.random.Generator,
    *,
    shuffle: bool,
) -> np.ndarray:
    """Assign whole groups to parts with all strata in proportion.

    The deviation of a stratum is divided by the square root of its size, so that
    frequent classes do not dominate rare ones. The number of samples is an additional
    stratum.

    Shapes: strata (n_samples, n_strata), group (n_samples,), sizes
    (n_parts,) -> (n_samples,).
    """
    n_groups = int(group.max()) + 1
    members = sparse.csr_array(
        (np.ones(len(group)), (group, np.arange(len(group)))),
        shape=(n_groups, len(group)),
    )
    rows = sparse.csr_array(np.ones((len(group), 1)))
    counts = (members @ sparse.hstack([strata, rows], format="csr")).tocsr()
    # Scaled by the root of its total, no stratum dominates the rare ones.
    scale = 1 / np.sqrt(np.maximum(counts.sum(axis=0), 1))
    scaled = sparse.csr_array(counts @ sparse.diags_array(scale))
    _, scaled, targets = whole_numbers(scaled, sizes / len(group))
    size = np.sqrt(scaled.power(2).sum(axis=1))
    # A factor of up to two gives different splits, and large groups still come early.
    priority = size * rng.uniform(0.5, 1, n_groups) if shuffle else size
    part = deal_groups(scaled, targets, priority)
    part = improve_by_swaps(scaled, part, targets, rng, may_move=True)
    return _fill_empty(part, np.bincount(group), len(sizes))[group]


def _fill_empty(part: np.ndarray, size: np.ndarray, n_parts: int) -> np.ndarray:
    """Move the smallest groups of parts with several groups to the empty parts."""
    # With two equal groups, an empty test part can have the smallest deviation.
    part = part.copy()
    while True:
        counts = np.bincount(part, minlength=n_parts)
        movable = np.flatnonzero(counts[part] > 1)
        if counts.all() or not len(movable):
            return part
        part[movable[np.argmin(size[movable])]] = np.argmin(counts)


def whole_numbers(
    strata: sparse.csr_array, shares: np.ndarray
) -> tuple[float, sparse.csr_array, np.ndarray]:
    """Scale strata and the targets of the parts to whole numbers.

    Shapes: strata (n_rows, n_strata), shares (n_parts,) -> strata (n_rows,
    n_strata), targets (n_parts, n_strata).
    """
    # |gain| <= 4 sum_c max |D_c| max u_c, where D_c is at most the stratum's total
    largest = np.zeros(strata.shape[1])
    np.maximum.at(largest, strata.indices, strata.data)  # `max` converts to CSC
    _, n_bits = math.frexp(4 * math.fsum(strata.sum(axis=0) * largest))
    unit = 2.0 ** max((_EXACT_BITS - n_bits) // 2, 0)
    data = unit * strata.data
    np.rint(data, out=data)
    whole = sparse.csr_array((data, strata.indices, strata.indptr), strata.shape)
    return unit, whole, np.rint(np.outer(shares, whole.sum(axis=0)))


def keep_every_task(
    observed: np.ndarray,
    part: np.ndarray,
    trains: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Exchange samples until every task has labels in every training set, if possible.

    Shapes: observed (n_samples, n_tasks), part (n_samples,), trains
    (n_splits, n_parts) -> (n_samples,).
    """
    part = part.copy()
    counts = _counts(observed, part, trains.shape[1])
    tried: set[int] = set()
    while True:
        lost = (trains @ counts == 0).any(axis=0) & (counts.sum(axis=0) > 0)
        todo = [t for t in np.flatnonzero(lost) if t not in tried]
        if not todo:
            return part
        task = int(todo[0])
        # Tried only once, because the search would not end if no exchange helps.
        tried.add(task)
        swap = _find_swap(observed, part, trains, counts, task, rng)
        if swap is not None:
            # Samples are exchanged because moving one would change the sizes of the
            # parts.
            part[swap] = part[swap[::-1]]
            counts = _counts(observed, part, trains.shape[1])


def lost_tasks(
    observed: np.ndarray, part: np.ndarray, trains: np.ndarray
) -> np.ndarray:
    """Return the tasks with labels that have no label in some training set.

    Shapes: observed (n_samples, n_tasks), part (n_samples,), trains
    (n_splits, n_parts) -> (n_lost,).
    """
    counts = _counts(observed, part, trains.shape[1])
    lost = (trains @ counts == 0).any(axis=0) & (counts.sum(axis=0) > 0)
    return np.flatnonzero(lost)


def _counts(observed: np.ndarray, part: np.ndarray, n_parts: int) -> np.ndarray:
    return np.stack([observed[part == p].sum(axis=0) for p in range(n_parts)])


def _find_swap(
    observed: np.ndarray,
    part: np.ndarray,
    trains: np.ndarray,
    counts: np.ndarray,
    task: int,
    rng: np.random.Generator,
) -> np.ndarray | None:
    """Return a sample with the task and one of another part to exchange, or None."""
    has_task = observed[:, task]
    givers = _some(np.flatnonzero(has_task), _N_GIVERS, rng)
    takers = _some(np.flatnonzero(~has_task), _N_TAKERS, rng)
    totals = trains @ counts
    fewest = int((totals == 0).sum())
    for i in givers:
        others = takers[part[takers] != part[i]]
        is_better = _n_lost(observed, part, trains, totals, i, others) < fewest
        if is_better.any():
            return np.array([i, others[np.argmax(is_better)]])
    return None


def _n_lost(
    observed: np.ndarray,
    part: np.ndarray,
    trains: np.ndarray,
    totals: np.ndarray,
    i: int,
    others: np.ndarray,
) -> np.ndarray:
    """Return the number of lost tasks of all splits after exchanging i for each other.

    Shapes: totals (n_splits, n_tasks), others (n_others,) -> (n_others,).
    """
    step = observed[others].astype(np.int64) - observed[i]
    # A split that trains on the parts of both samples, or of none, does not change.
    sign = trains[:, part[i], None].astype(np.int64) - trains[:, part[others]]
    n_lost = np.zeros(len(others), dtype=np.int64)
    for total, signs in zip(totals, sign, strict=True):
        moves = signs != 0
        n_lost[~moves] += (total == 0).sum()
        n_lost[moves] += (total + signs[moves, None] * step[moves] == 0).sum(axis=1)
    return n_lost


def _some(rows: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    return rows if len(rows) <= n else rng.choice(rows, n, replace=False)
