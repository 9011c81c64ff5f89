"""What a split has to keep in proportion: the classes and bins of every task."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from sklearn_mtl.tasks import TaskSet

__all__ = ["build_strata"]


def build_strata(
    task_set: TaskSet, codes: np.ndarray, n_bins: int, share: float
) -> sparse.csr_array:
    """Return which strata each row belongs to.

    A stratum is a class of a classification task or a quantile bin of a regression; a
    missing label belongs to none. Tasks with missing labels add the stratum of their
    observed rows, so that rare classes of one task do not pile up in one part.

    Shapes: codes (n_samples, n_tasks) -> (n_samples, n_strata).
    """
    rows, columns, start = [], [], 0
    for t, task in enumerate(task_set.tasks):
        observed = np.flatnonzero(~np.isnan(codes[:, t]))
        values = codes[observed, t]
        # No more bins than the smallest part has labels of the task.
        most = max(1, min(n_bins, int(share * len(observed))))
        stratum, size = task.target.strata(values, task.n_classes, most)
        rows.append(observed)
        columns.append(stratum + start)
        start += size
        # Also the number of labels of a task is kept in proportion.
        if size > 1 and len(observed) < len(codes):
            rows.append(observed)
            columns.append(np.full(len(observed), start))
            start += 1
    at = (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array((np.ones(len(at[0])), at), shape=(len(codes), start))
