"""Choice of the candidate of a search by its ranks on all tasks."""

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

    Use it as `refit` of GridSearchCV and similar searches with
    `scoring=per_task_scorers(...)`. Each task ranks the candidates by its score, so all
    tasks have the same influence, whatever the units of their scores.

    Parameters
    ----------
    cv_results : dict
        `cv_results_` of a search.

    Returns
    -------
    int
        Index of the candidate; the first one if several are equal.

    Raises
    ------
    TaskError
        If `cv_results` contains no score of a task.

    See Also
    --------
    per_task_scorers : Scorer that returns a score for each task.

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
            f"{_WHO}: cv_results contains no score of a task. Use "
            "scoring=per_task_scorers(...) in the search."
        )
    # Scores that differ only by rounding have the same rank.
    ranks = [
        rankdata(np.nan_to_num(-level_ties(one), nan=np.inf), method="min")
        for one in scores
    ]
    return int(np.mean(ranks, axis=0).argmin())
