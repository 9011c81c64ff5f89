"""Search for the partition of the tasks with the best cross-validated score."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.exceptions import DifferentUnitsWarning, TaskError
from sklearn_mtl.grouping._group_results import candidate_sizes, summarise
from sklearn_mtl.grouping._partitions import Partition, best_partitions, tidy
from sklearn_mtl.inspection import (
    TaskAffinity,
    TaskData,
    TaskSetScores,
    affinity_of_data,
    make_splits,
)
from sklearn_mtl.metrics import MEAN_OF_UNITS
from sklearn_mtl.tasks import square_by_task
from sklearn_mtl.utils._callbacks import FitEvents

if TYPE_CHECKING:
    from sklearn_mtl.grouping._task_group_search import TaskGroupSearchCV


__all__ = ["GroupSearch", "search_groups"]

_WHO = "TaskGroupSearchCV"
_SOLITARY = ("constant", "empty")  # kinds of tasks in which there is nothing to learn


@dataclass(frozen=True)
class GroupSearch:
    """Result of a search.

    Attributes
    ----------
    partition : tuple of tuple of int
        Best partition.
    best : int
        Index of the best partition in the results.
    results : dict
        Results in the format of `cv_results_`.
    affinity : TaskAffinity or None
        Affinities from which the partitions were found.
    n_fits : int
        Number of fits.
    """

    partition: Partition
    best: int
    results: dict[str, Any]
    affinity: TaskAffinity | None
    n_fits: int


def search_groups(
    model: TaskGroupSearchCV, data: TaskData, seed: int, events: FitEvents
) -> GroupSearch:
    """Find partitions by affinity, score them, and return the best one."""
    tasks = data.task_set.tasks
    free = [t for t, one in enumerate(tasks) if one.kind not in _SOLITARY]
    alone = [(t,) for t, one in enumerate(tasks) if one.kind in _SOLITARY]
    sizes = candidate_sizes(len(free), model.max_groups)
    scores = values = affinity = known = None
    if len(sizes) > 1:
        splits = make_splits(data, model.cv, seed)
        scores = _make_scores(model, data, splits)
        scores.events = events
    if scores is not None and len(free) > 2:
        affinity = _find_affinity(model, data, scores, seed)
        known = affinity.values
        if affinity.method == "gain":  # differences of scores, in their units
            known = known / scores.units
        inside = known[np.ix_(free, free)]
        found = best_partitions(inside, sizes, model.search, seed)
        candidates = [tidy([[free[i] for i in one] for one in p]) for p in found]
    else:
        candidates = [_without_affinity(free, k) for k in sizes]
    if scores is not None:
        values = [scores.score(one) for one in candidates]
    partitions = [tidy([*one, *alone]) for one in candidates]
    units = None if scores is None else scores.units
    results = summarise(partitions, data.task_set.names, values, known, units)
    best = int(results["rank_test_score"].argmin())
    n_fits = 0 if scores is None else scores.n_fits
    return GroupSearch(partitions[best], best, results, affinity, n_fits)


def _make_scores(
    model: TaskGroupSearchCV,
    data: TaskData,
    splits: Sequence[tuple[np.ndarray, np.ndarray]],
) -> TaskSetScores:
    scores = TaskSetScores(
        model.estimator,
        data,
        splits,
        model.scoring,
        n_jobs=model.n_jobs,
        memory=model.memory,
        verbose=bool(model.verbose),
        who=_WHO,
    )
    if (scores.units != 1.0).any():
        warnings.warn(
            f"{_WHO}: the scores of scoring={model.scoring!r} depend on the units of "
            f"the tasks, which differ. {MEAN_OF_UNITS}",
            DifferentUnitsWarning,
            stacklevel=6,
        )
    return scores


def _without_affinity(free: Sequence[int], k: int) -> Partition:
    """Return the partition of at most two tasks into k groups."""
    if not free:
        return ()
    return (tuple(free),) if k == 1 else tuple((t,) for t in free)


def _find_affinity(
    model: TaskGroupSearchCV, data: TaskData, scores: TaskSetScores, seed: int
) -> TaskAffinity:
    """Measure the affinities, or return the given ones."""
    if isinstance(model.method, str):
        return affinity_of_data(
            model.estimator,
            data,
            model.method,
            seed,
            scores=scores,
            max_sets=model.max_sets,
            verbose=bool(model.verbose),
        )
    n_tasks, given = data.task_set.n_tasks, model.method
    given = given.to_frame() if isinstance(given, TaskAffinity) else given
    values = square_by_task(given, data.task_set, "method", _WHO)
    if values.shape != (n_tasks, n_tasks):
        raise TaskError(
            f"{_WHO}: method has affinities of shape {values.shape}; they must be "
            f"({n_tasks}, {n_tasks}), one for each pair of tasks."
        )
    name = getattr(model.method, "method", "given")
    return TaskAffinity(list(data.task_set.names), values, name)
