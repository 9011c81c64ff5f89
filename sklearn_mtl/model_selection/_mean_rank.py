"""Choose the candidate of a search by its ranks on all tasks."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import rankdata

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.utils._ties import level_ties

__all__ = ["best_mean_rank"]

_WHO = "best_mean_rank"
_PREFIX, _MEAN = "mean_test_", "mean_test_mean"


def best_mean_rank(cv_results: dict[str, Any]) -> int:
    """Return the candidate with the best mean rank over tasks.

    For `refit=` of GridSearchCV and its like with `scoring=per_task_scorers(...)`: each
    task ranks the candidates by its own score, in whatever unit, and all tasks count
    alike.

    Parameters
    ----------
    cv_results : dict
        `cv_results_` of a search.

    Returns
    -------
    int
        The number of the candidate; the first one of several.

    Raises
    ------
    TaskError
        If there is no score of a task.

    See Also
    --------
    per_task_scorers : The scores of the tasks.

    Examples
    --------
    >>> from sklearn_mtl.model_selection import best_mean_rank
    >>> euros, kilograms = [-900.0, -1000.0, -1100.0], [-3.0, -1.0, -2.0]
    >>> best_mean_rank({"mean_test_euros": euros, "mean_test_kg": kilograms})
    1
    """
    scores = [
        np.asarray(values, dtype=float)
        for key, values in cv_results.items()
        if key.startswith(_PREFIX) and key not in (_MEAN, f"{_PREFIX}score")
    ]
    if not scores:
        raise TaskError(
            f"{_WHO}: cv_results has no score of a task; search with "
            "scoring=per_task_scorers(...)."
        )
    # Scores that differ by rounding alone share a rank.
    ranks = [
        rankdata(np.nan_to_num(-level_ties(one), nan=np.inf), method="min")
        for one in scores
    ]
    return int(np.mean(ranks, axis=0).argmin())
