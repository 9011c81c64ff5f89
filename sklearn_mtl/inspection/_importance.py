"""Permutation importance of features for each task."""

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
    """Permutation importances of each task, returned by `task_permutation_importance`.

    Attributes
    ----------
    task_names : list of str
        Names of the tasks.
    feature_names : list of str
        Names of the features.
    importances : ndarray of shape (n_tasks, n_features, n_repeats)
        Decrease of the score in each repeat; NaN where a task has no score.
    """

    task_names: list[str]
    feature_names: list[str]
    importances: np.ndarray

    @property
    def importances_mean(self) -> np.ndarray:
        """Mean over repeats, of shape (n_tasks, n_features)."""
        return np.asarray(self.importances.mean(axis=2))

    @property
    def importances_std(self) -> np.ndarray:
        """Standard deviation over repeats, of shape (n_tasks, n_features)."""
        return np.asarray(self.importances.std(axis=2))

    def to_frame(self) -> pd.DataFrame:
        """Return the means as a DataFrame.

        Returns
        -------
        DataFrame of shape (n_tasks, n_features)
            Mean importances, one row per task.
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
    """Measure how much the score of each task decreases when a feature is shuffled.

    This is scikit-learn's `permutation_importance` with a separate score for each task,
    computed on its observed labels. A feature that only one task needs is hard to find
    in the mean score over tasks.

    Parameters
    ----------
    estimator : estimator
        Fitted estimator.
    X : array-like of shape (n_samples, n_features)
        Input data, preferably held out from training.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Target values; NaN where missing.
    scoring : str, callable or dict, default=None
        Metric, as in `per_task_scorers`; None means "auto".
    n_repeats : int, default=5
        Number of times to shuffle each feature.
    n_jobs : int, default=None
        Number of features to process in parallel.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the shuffling.
    sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
            default=None
        Weights of the samples or labels in the scores.
    max_samples : int or float, default=1.0
        Number or fraction of the samples to draw in each repeat.

    Returns
    -------
    TaskImportance
        Object with the attributes `importances_mean` and `importances_std` of shape
        (n_tasks, n_features) and `importances` of shape (n_tasks, n_features,
        n_repeats), and the method `to_frame()`.

    Raises
    ------
    TaskError
        If a metric cannot score a task.
    ValueError
        If the estimator takes texts.

    See Also
    --------
    TaskImportanceDisplay : Plot the importances.
    sklearn.inspection.permutation_importance : Importance for a single score.

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
            f"{_WHO}: {type(estimator).__name__} takes texts as input; X must be a "
            "table, whose columns can be permuted."
        )
    found = permutation_importance(
        estimator,
        fill_masked(X),  # scikit-learn ignores masks and would use the masked values
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
