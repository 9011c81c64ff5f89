"""Partitions of tasks by affinity, for every number of groups."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.utils._ties import first_highest

__all__ = ["PARTITIONERS", "best_partitions", "group_value"]

EXACT_TASKS = 10  # 3 ** 10 / 2 divisions of sets into two, which take half a second
_STARTS = 10  # number of initialisations of k-means in the spectral embedding

Partition = tuple[tuple[int, ...], ...]


def best_partitions(
    affinity: np.ndarray, sizes: Sequence[int], search: str, seed: int
) -> list[Partition]:
    r"""Return the best partition into each number of groups.

    The best partition maximises the sum over tasks of the mean affinity of the other
    tasks of the group to the task,

    .. math:: \sum_G \sum_{j \in G} \frac{1}{|G| - 1} \sum_{i \in G, i \ne j} A_{ij},

    where groups with a single task contribute 0.

    Shapes: affinity (n_tasks, n_tasks).
    """
    known = filled(affinity)
    n_tasks = len(known)
    if search == "auto":
        search = "exact" if n_tasks <= EXACT_TASKS else "greedy"
    return [tidy(one) for one in PARTITIONERS[search](known, sizes, seed)]


def filled(affinity: np.ndarray) -> np.ndarray:
    """Return affinities with zeros on the diagonal, and NaN replaced by the mean."""
    values = affinity.astype(float)
    np.fill_diagonal(values, np.nan)
    known = values[~np.isnan(values)]
    values[np.isnan(values)] = known.mean() if len(known) else 0.0
    np.fill_diagonal(values, 0.0)
    return values


def tidy(groups: Sequence[Sequence[int]]) -> Partition:
    """Return the groups with sorted tasks, in sorted order."""
    return tuple(sorted(tuple(sorted(int(t) for t in group)) for group in groups))


def group_value(affinity: np.ndarray, group: Sequence[int]) -> float:
    """Return the sum over tasks of a group of their mean affinity to the others."""
    if len(group) < 2:
        return 0.0
    inside = np.ix_(list(group), list(group))
    return float(affinity[inside].sum()) / (len(group) - 1)


def _exact(affinity: np.ndarray, sizes: Sequence[int], seed: int) -> list[Sequence]:
    """Find the best partitions by dynamic programming over sets of tasks."""
    # O(3^n_tasks) divisions of a set into a group and the best k - 1 groups of the rest
    n_tasks = len(affinity)
    affinity = _whole_numbers(affinity)
    sets = [
        [t for t in range(n_tasks) if mask >> t & 1] for mask in range(1 << n_tasks)
    ]
    values = [group_value(affinity, one) for one in sets]
    # best[k][mask]: value and last group of the best partition of a set into k groups
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for _ in range(max(sizes)):
        before, now = best[-1], {}
        for mask in range(1, 1 << n_tasks):
            found = max(
                (
                    (values[group] + before[mask ^ group][0], group)
                    for group in _groups_with_first(mask)
                    if mask ^ group in before
                ),
                default=None,
            )
            if found is not None:
                now[mask] = found
        best.append(now)
    return [_backtrack(best, sets, k) for k in sizes]


def _whole_numbers(affinity: np.ndarray) -> np.ndarray:
    """Return multiples of affinities whose means in groups are integers."""
    # Sums of integers do not depend on their order, so that equal partitions tie.
    size = np.abs(affinity).max(initial=0.0)
    grid = np.rint(affinity * (2**26 / size)) if size > 0 else affinity
    return grid * math.lcm(*range(1, len(affinity)))


def _groups_with_first(mask: int) -> list[int]:
    """Return the subsets of a set of tasks that contain its first task."""
    # each division of the set into two occurs once, since one part has the first task
    first = mask & -mask
    # (group - 1) & rest enumerates all subsets of the rest
    rest, group, found = mask ^ first, mask ^ first, []
    while True:
        found.append(group | first)
        if not group:
            return found
        group = (group - 1) & rest


def _backtrack(best: list[dict], sets: list[list[int]], k: int) -> list[list[int]]:
    mask, groups = len(sets) - 1, []
    for level in range(k, 0, -1):
        group = best[level][mask][1]
        groups.append(sets[group])
        mask ^= group
    return groups


def _greedy(affinity: np.ndarray, sizes: Sequence[int], seed: int) -> list[Sequence]:
    """Start with single tasks, and merge the two groups whose union gains most."""
    # O(n_tasks^3), because the affinities between groups are updated by sums
    groups: list[list[int]] = [[t] for t in range(len(affinity))]
    between = affinity + affinity.T  # (n_groups, n_groups); within them: the diagonal
    found: dict[int, Sequence] = {len(groups): [list(one) for one in groups]}
    while len(groups) > min(sizes):
        n = np.array([len(one) for one in groups])
        # `group_value` before and after each union, computed from the updated sums
        within = between.diagonal() / 2
        value = within / np.maximum(n - 1, 1)
        union = (within[:, None] + within + between) / (n[:, None] + n - 1)
        gain = union - value[:, None] - value
        gain[np.triu_indices(len(n))] = -np.inf
        best = int(first_highest(gain, size=np.abs(between).max()))
        a, b = divmod(best, len(n))  # b < a
        groups[b] = groups[b] + groups.pop(a)
        between[b] += between[a]
        between[:, b] += between[:, a]
        between = np.delete(np.delete(between, a, axis=0), a, axis=1)
        found[len(groups)] = [list(one) for one in groups]
    return [found[k] for k in sizes]


def _spectral(affinity: np.ndarray, sizes: Sequence[int], seed: int) -> list[Sequence]:
    """Return partitions by spectral clustering (Shi and Malik, 2000)."""
    from sklearn.cluster import SpectralClustering

    n_tasks = len(affinity)
    similar = (affinity + affinity.T) / 2
    off = ~np.eye(n_tasks, dtype=bool)
    low, high = similar[off].min(), similar[off].max()
    # similarities must be positive, so that all tasks are connected
    similar = np.where(off, (similar - low) / max(high - low, 1e-12) + 1e-3, 1.0)
    found: list[Sequence] = []
    for k in sizes:
        if k in (1, n_tasks):  # nothing to cluster
            labels = np.arange(n_tasks) * (k > 1)
        else:
            labels = SpectralClustering(
                k, affinity="precomputed", random_state=seed % 2**32, n_init=_STARTS
            ).fit_predict(similar)
        found.append([np.flatnonzero(labels == g) for g in np.unique(labels)])
    return found


PARTITIONERS = {"exact": _exact, "greedy": _greedy, "spectral": _spectral}
