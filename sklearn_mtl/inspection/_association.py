"""Association of the labels of pairs of tasks of any type."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._ties import difference

__all__ = ["label_association"]

_RANK_TOLERANCE = 1e-10


def label_association(task_set: TaskSet, codes: np.ndarray) -> np.ndarray:
    r"""Return the association of each pair of tasks on the samples that have both.

    Let U and V be orthonormal bases of the centred columns of two tasks on n samples,
    of dimensions a and b. The columns are the ranks for a regression task and the
    indicators of the classes for a classification task. The association is

    .. math:: A^2 = \frac{\max(0, \|U^T V\|_F^2 - ab / (n - 1))}
       {\min(a, b) - ab / (n - 1)},

    with the correction for chance ab / (n - 1). Without it, A is the absolute value of
    Spearman's correlation for two regression tasks, the correlation ratio of the ranks
    for a regression and a classification task, and Cramér's V for two classification
    tasks.

    Shapes: codes (n_samples, n_tasks) -> (n_tasks, n_tasks).
    """
    n_tasks = task_set.n_tasks
    is_class = [task.is_classification for task in task_set.tasks]
    values = np.eye(n_tasks)
    observed = ~np.isnan(codes)
    for i in range(n_tasks):
        for j in range(i):
            rows = observed[:, i] & observed[:, j]
            one = _basis(codes[rows, i], is_class[i])
            other = _basis(codes[rows, j], is_class[j])
            values[i, j] = values[j, i] = _association(one, other)
    return values


def _basis(labels: np.ndarray, is_class: bool) -> np.ndarray:
    """Return an orthonormal basis (n, dimension) of the centred columns of a task."""
    if is_class:
        columns = (labels[:, None] == np.unique(labels)[None, 1:]).astype(float)
    else:
        columns = rankdata(labels)[:, None]
    if not columns.size:
        return columns[:, :0]
    columns = columns - columns.mean(axis=0)
    u, s, _ = np.linalg.svd(columns, full_matrices=False)
    return u[:, s > _RANK_TOLERANCE * max(s[0], 1.0)]


def _association(one: np.ndarray, other: np.ndarray) -> float:
    sizes = one.shape[1], other.shape[1]
    # expected value for independent tasks
    chance = sizes[0] * sizes[1] / max(len(one) - 1, 1)
    most = min(sizes) - chance
    if min(sizes) == 0 or most <= 0:
        return np.nan
    # The Frobenius norm is the sum of the squared canonical correlations.
    found = float(difference(((one.T @ other) ** 2).sum(), chance))
    return float(np.sqrt(max(found, 0.0) / most))
