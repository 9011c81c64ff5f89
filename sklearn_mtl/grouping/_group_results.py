"""Candidate numbers of groups, and results of the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from sklearn_mtl.grouping._partitions import Partition, filled, group_value
from sklearn_mtl.metrics import mean_over_tasks, tasks_in_means
from sklearn_mtl.utils._ties import level_ties

__all__ = ["candidate_sizes", "summarise"]

_MOST_CANDIDATES = 12


def candidate_sizes(n_tasks: int, max_groups: int | None) -> list[int]:
    """Return at most 12 numbers of groups to try, from one to the maximum."""
    most = max(1, n_tasks if max_groups is None else min(max_groups, n_tasks))
    if most <= _MOST_CANDIDATES:
        return list(range(1, most + 1))
    series = np.geomspace(1, most, _MOST_CANDIDATES).round().astype(int)
    return sorted({int(k) for k in series})


def summarise(
    partitions: Sequence[Partition],
    names: Sequence[str],
    scores: Sequence[dict[tuple[int, ...], np.ndarray]] | None,
    affinity: np.ndarray | None,
    units: np.ndarray | None = None,
) -> dict[str, Any]:
    """Return the results of the search in the format of `cv_results_`.

    Shapes: affinity (n_tasks, n_tasks), units (n_tasks,).
    """
    results: dict[str, Any] = {
        "groups": [[[names[t] for t in one] for one in p] for p in partitions],
        "n_groups": np.array([len(p) for p in partitions]),
    }
    if affinity is not None:
        known = filled(affinity)
        results["affinity"] = np.array(
            [sum(group_value(known, one) for one in p) for p in partitions]
        )
    if scores is None:
        results["mean_test_score"] = np.full(len(partitions), np.nan)
        results["rank_test_score"] = np.ones(len(partitions), dtype=np.int32)
        return results
    # (n_partitions, n_splits, n_tasks)
    by_task = np.stack([_in_order(one, len(names)) for one in scores])
    counted = by_task if units is None else by_task / units
    counted = np.where(tasks_in_means(by_task), counted, np.nan)
    results |= _means(counted)
    # as in scikit-learn, tied candidates share the better rank and NaN ranks last
    results["rank_test_score"] = rankdata(
        np.nan_to_num(-level_ties(results["mean_test_score"]), nan=np.inf), method="min"
    ).astype(np.int32)
    means = mean_over_tasks(by_task.swapaxes(1, 2))  # over splits
    results["task_scores"] = [dict(zip(names, m.tolist(), strict=True)) for m in means]
    return results


def _means(by_task: np.ndarray) -> dict[str, np.ndarray]:
    """Return the mean scores of each split and of all splits, and their deviation.

    The overall mean is the mean over tasks of the mean over the splits that score a
    task. A mean over splits of means over tasks would mix different sets of tasks if a
    split lacks the score of a task.

    Shapes: by_task (n_partitions, n_splits, n_tasks) -> (n_partitions,).
    """
    by_split = mean_over_tasks(by_task)
    means = mean_over_tasks(by_task.swapaxes(1, 2))  # (n_partitions, n_tasks)
    # exclude differences between tasks, which are not noise of the splits
    noise = mean_over_tasks(by_task - means[:, None])
    return {
        **{f"split{i}_test_score": scores for i, scores in enumerate(by_split.T)},
        "mean_test_score": mean_over_tasks(means),
        "std_test_score": np.nanstd(noise, axis=1),
    }


def _in_order(scores: dict[tuple[int, ...], np.ndarray], n_tasks: int) -> np.ndarray:
    """Return scores (n_splits, n_tasks), with NaN for tasks that are in no group."""
    n_splits = len(next(iter(scores.values())))
    found = np.full((n_splits, n_tasks), np.nan)
    for columns, own in scores.items():
        found[:, list(columns)] = own
    return found
