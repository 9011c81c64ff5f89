"""Which inputs each task needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from sklearn.inspection import permutation_importance
from sklearn.utils import get_tags

from sklearn_mtl.model_selection import per_task_scorers
from sklearn_mtl.tasks import as_targets
from sklearn_mtl.utils._containers import fill_masked
from sklearn_mtl.utils._frames import column_names
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._typing import (
    Estimator,
    FeaturesLike,
    MetricChoice,
    Seed,
    TargetsLike,
)

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TaskImportance", "task_permutation_importance"]

_WHO = "task_permutation_importance"


@dataclass(frozen=True)
class TaskImportance:
    """How much each task's score falls without a feature.

    Made by `task_permutation_importance`.

    Attributes
    ----------
    task_names : list of str
        Names of the tasks.
    feature_names : list of str
        Names of the features.
    importances : ndarray of shape (n_tasks, n_features, n_repeats)
        Falls of the score in every repeat; NaN where a task has no score.
    """

    task_names: list[str]
    feature_names: list[str]
    importances: np.ndarray

    @property
    def importances_mean(self) -> np.ndarray:
        """Means over repeats (n_tasks, n_features)."""
        return np.asarray(self.importances.mean(axis=2))

    @property
    def importances_std(self) -> np.ndarray:
        """Standard deviations over repeats (n_tasks, n_features)."""
        return np.asarray(self.importances.std(axis=2))

    def to_frame(self) -> pd.DataFrame:
        """Return the means as a DataFrame.

        Returns
        -------
        DataFrame of shape (n_tasks, n_features)
            A row a task.
        """
        import pandas as pd

        rows = pd.Index(self.task_names, name="task")
        return pd.DataFrame(self.importances_mean, rows, self.feature_names)


def task_permutation_importance(
    estimator: Estimator,
    X: FeaturesLike,
    y: TargetsLike,
    *,
    scoring: MetricChoice | None = None,
    n_repeats: int = 5,
    n_jobs: int | None = None,
    random_state: Seed = None,
    sample_weight: ArrayLike | None = None,
    max_samples: float = 1.0,
) -> TaskImportance:
    """Measure how much each task's score falls when a feature is shuffled.

    scikit-learn's `permutation_importance`, which has one score for a model, with the
    score of every task over its observed labels. A feature that one task needs and no
    other does is lost in the mean over tasks.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    X : array-like of shape (n_samples, n_features)
        Inputs, best of rows that were not trained on.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN where missing.
    scoring : str, callable or dict, default=None
        As in `per_task_scorers`; None is "auto".
    n_repeats : int, default=5
        How often each feature is shuffled.
    n_jobs : int, default=None
        Features at a time.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the shuffling.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
            default=None
        Weights in the scores.
    max_samples : int or float, default=1.0
        Number or share of the rows in each repeat.

    Returns
    -------
    TaskImportance
        With `importances_mean` and `importances_std` (n_tasks, n_features),
        `importances` (n_tasks, n_features, n_repeats) and `to_frame()`.

    Raises
    ------
    TaskError
        If a metric cannot score a task.

    See Also
    --------
    TaskImportanceDisplay : Draw it.
    sklearn.inspection.permutation_importance : One score for all.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.inspection import task_permutation_importance
    >>> from sklearn_mtl.linear_model import MultiTaskLinearRegressor
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> y = X[:, :2].copy()
    >>> y[:50, 1] = np.nan
    >>> model = MultiTaskLinearRegressor(penalty=None).fit(X, y)
    >>> task_permutation_importance(model, X, y, random_state=0).to_frame().round(1)
            x0   x1   x2
    task
    task0  2.0  0.0  0.0
    task1  0.0  1.9  0.0
    """
    if not get_tags(estimator).input_tags.two_d_array:
        raise ValueError(
            f"{_WHO}: {type(estimator).__name__} reads texts, which have no columns to "
            "permute."
        )
    found = permutation_importance(
        estimator,
        fill_masked(X),  # scikit-learn would read what is masked
        as_targets(y, _WHO),
        scoring=per_task_scorers("auto" if scoring is None else scoring, mean=False),
        n_repeats=n_repeats,
        n_jobs=n_jobs,
        random_state=draw_seed(random_state) % 2**32,
        sample_weight=sample_weight,
        max_samples=max_samples,
    )
    importances = np.stack([one.importances for one in found.values()])
    names = column_names(X)
    if names is None:
        names = [f"x{i}" for i in range(importances.shape[1])]
    return TaskImportance(list(found), [str(name) for name in names], importances)
