"""Strata that a split keeps in proportion: the classes and bins of every task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

import numpy as np
from scipy import sparse

from sklearn_mtl.tasks import Task, TaskSet, TokenLabels

__all__ = ["build_strata", "with_tags"]


@dataclass(frozen=True)
class _TaggedTask(Task):
    """A token task together with the tags that occur in each sample.

    Attributes
    ----------
    has_tag : csr_array of shape (n_samples, n_tags)
        One where the tag occurs in the sample.
    """

    has_tag: sparse.csr_array = field(kw_only=True)


def with_tags(task_set: TaskSet, tokens: Mapping[int, TokenLabels]) -> TaskSet:
    """Return tasks with the tags of each sample, for stratification."""
    tasks = list(task_set.tasks)
    for t, labels in tokens.items():
        known = {one.name: getattr(tasks[t], one.name) for one in fields(Task)}
        has_tag = _tags_of_samples(labels, tasks[t].n_classes)
        tasks[t] = _TaggedTask(**known, has_tag=has_tag)
    return TaskSet(tasks, task_set.is_1d, task_set.has_names)


def _tags_of_samples(labels: TokenLabels, n_tags: int) -> sparse.csr_array:
    """Return a matrix (n_samples, n_tags) that is one where a sample has a tag."""
    n_samples = len(labels.lengths)
    samples = np.repeat(np.arange(n_samples), labels.lengths)
    seen = ~np.isnan(labels.codes)
    at = samples[seen], labels.codes[seen].astype(np.intp)
    counts = sparse.csr_array((np.ones(len(at[0])), at), shape=(n_samples, n_tags))
    return (counts > 0).astype(np.float64)


def build_strata(
    task_set: TaskSet, codes: np.ndarray, n_bins: int, share: float
) -> sparse.csr_array:
    """Return a matrix that is one where a sample belongs to a stratum.

    A stratum is a class of a classification task, a quantile bin of a regression task,
    or a tag that occurs in the tokens of a sample. A missing label belongs to no
    stratum. Each task with missing labels adds the stratum of its observed samples, in
    order to distribute its labels evenly over the parts.

    Shapes: codes (n_samples, n_tasks) -> (n_samples, n_strata).
    """
    rows, columns, start = [], [], 0
    # small integers halve the memory, if there are millions of samples
    dtype = np.int32 if codes.size < 2**31 else np.intp
    for t, task in enumerate(task_set.tasks):
        observed = np.flatnonzero(~np.isnan(codes[:, t])).astype(dtype)
        values = codes[observed, t]
        # At most as many bins as the smallest part has labels of the task.
        most = max(1, min(n_bins, int(share * len(observed))))
        if isinstance(task, _TaggedTask):
            places, stratum = task.has_tag[observed].nonzero()
            size = task.n_classes
            rows.append(observed[places])
        else:
            stratum, size = task.target.strata(values, task.n_classes, most)
            rows.append(observed)
        columns.append((stratum + start).astype(dtype))
        start += size
        # The number of labels of a task is also kept in proportion.
        if size > 1 and len(observed) < len(codes):
            rows.append(observed)
            columns.append(np.full(len(observed), start, dtype))
            start += 1
    at = (np.concatenate(rows), np.concatenate(columns))
    del rows, columns
    return sparse.csr_array((np.ones(len(at[0])), at), shape=(len(codes), start))
