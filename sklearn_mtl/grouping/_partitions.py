"""Divide tasks into groups by their affinity, for every number of groups."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from sklearn_mtl.utils._ties import first_highest

__all__ = ["PARTITIONERS", "best_partitions", "group_value"]

EXACT_TASKS = 10  # 3 ** 10 / 2 divisions of a set in two: half a second
_STARTS = 10  # of k-means in the spectral embedding

Partition = tuple[tuple[int, ...], ...]


def best_partitions(
    affinity: np.ndarray, sizes: Sequence[int], search: str, seed: int
) -> list[Partition]:
    r"""Return the best partition into each number of groups.

    The best has the largest sum over tasks of the mean affinity of the others of its
    group to it,

    .. math:: \sum_G \sum_{j \in G} \frac{1}{|G| - 1} \sum_{i \in G, i \ne j} A_{ij},

    where a task alone counts 0.

    Shapes: affinity (n_tasks, n_tasks).
    """
    known = filled(affinity)
    n_tasks = len(known)
    if search == "auto":
        search = "exact" if n_tasks <= EXACT_TASKS else "greedy"
    return [tidy(one) for one in PARTITIONERS[search](known, sizes, seed)]


def filled(affinity: np.ndarray) -> np.ndarray:
    """Return affinities with zeros on the diagonal, and the mean where there is NaN."""
    values = affinity.astype(float)
    np.fill_diagonal(values, np.nan)
    known = values[~np.isnan(values)]
    values[np.isnan(values)] = known.mean() if len(known) else 0.0
    np.fill_diagonal(values, 0.0)
    return values


def tidy(groups: Sequence[Sequence[int]]) -> Partition:
    """Return groups and their tasks in order."""
    return tuple(sorted(tuple(sorted(int(t) for t in group)) for group in groups))


def group_value(affinity: np.ndarray, group: Sequence[int]) -> float:
    """Return the sum over the tasks of a group of the mean affinity of the others."""
    if len(group) < 2:
        return 0.0
    inside = np.ix_(list(group), list(group))
    return float(affinity[inside].sum()) / (len(group) - 1)


def _exact(affinity: np.ndarray, sizes: Sequence[int], seed: int) -> list[Sequence]:
    """Build the best partition of every set of tasks from those of smaller sets."""
    # O(3^n_tasks) divisions of a set into its best k - 1 groups and one more.
    n_tasks = len(affinity)
    affinity = _whole_numbers(affinity)
    sets = [
        [t for t in range(n_tasks) if mask >> t & 1] for mask in range(1 << n_tasks)
    ]
    values = [group_value(affinity, one) for one in sets]
    # best[k][mask]: value and last group of the best partition of the set into k
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
    """Return multiples of affinities whose means in groups are whole numbers."""
    # So sums of means tie where they should, in whatever order they are added.
    size = np.abs(affinity).max(initial=0.0)
    grid = np.rint(affinity * (2**26 / size)) if size > 0 else affinity
    return grid * math.lcm(*range(1, len(affinity)))


def _groups_with_first(mask: int) -> list[int]:
    """Return the subsets that hold the first task of a set: each division once."""
    first = mask & -mask
    # (group - 1) & rest runs through all subsets of the rest.
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
    """Merge, from single tasks on, the two groups whose union gains most."""
    # O(n_tasks^3), for the affinities between groups add up when two are merged.
    groups: list[list[int]] = [[t] for t in range(len(affinity))]
    between = affinity + affinity.T  # (n_groups, n_groups); within them: the diagonal
    found: dict[int, Sequence] = {len(groups): [list(one) for one in groups]}
    while len(groups) > min(sizes):
        n = np.array([len(one) for one in groups])
        # `group_value` before and after each union, from sums that are kept up to date.
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
    """Cluster in the embedding of the normalised Laplacian (Shi and Malik, 2000)."""
    from sklearn.cluster import SpectralClustering

    n_tasks = len(affinity)
    similar = (affinity + affinity.T) / 2
    off = ~np.eye(n_tasks, dtype=bool)
    low, high = similar[off].min(), similar[off].max()
    # similarities must be positive; what is least alike stays connected
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
