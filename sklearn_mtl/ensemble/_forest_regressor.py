"""Random forest for several regression tasks."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from sklearn_mtl.ensemble._base_forest import BaseMultiTaskForest
from sklearn_mtl.tasks import MultiTaskOutputsMixin
from sklearn_mtl.uncertainty import StandardDeviationMixin
from sklearn_mtl.utils._typing import Seed

__all__ = ["MultiTaskForestRegressor"]


class MultiTaskForestRegressor(
    StandardDeviationMixin, MultiTaskOutputsMixin, RegressorMixin, BaseMultiTaskForest
):
    r"""Random forest whose trees are shared by several regression tasks.

    It works like MultiTaskForestClassifier, with one standardised target column per
    task. If no label is missing and all tasks have the same scale, it is equivalent to
    RandomForestRegressor. Predictions are within the range of the labels.

    Parameters
    ----------
    n_estimators : int, default=200
        Number of trees.
    max_features : int, float, {"auto", "sqrt", "log2"} or None, default="auto"
        Number of features to consider for each split, as in RandomForestRegressor.
        "auto" uses 60 % of the features, but at most 40, or the square root of their
        number if it is larger.
    min_samples_leaf : int, default=2
        Minimum number of samples in a leaf.
    max_depth : int or None, default=None
        Maximum depth of the trees.
    bootstrap : bool or "auto", default="auto"
        Whether each tree is grown on a bootstrap sample. "auto" uses bootstrap for more
        than 100 samples. Without bootstrap, all trees use all samples, and
        `min_samples_leaf` counts weights instead of samples.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that are encoded as ordinal codes: names or indices of columns, or a
        boolean mask. "from_dtype" selects the text and categorical columns of a
        DataFrame. Unknown categories are treated as missing values. An
        UnseenCategoryWarning is issued if most values of a column are unknown.
    on_empty_task : {"raise", "warn"}, default="raise"
        Whether to raise an error for a task without observed labels, or to issue a
        warning and predict NaN.
    n_jobs : int, default=None
        Number of trees to grow in parallel.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the trees. With an int, results are identical for any `n_jobs`.

    Attributes
    ----------
    forest_ : RandomForestRegressor or None
        Fitted trees; None if all tasks are constant.
    oof_prediction_ : ndarray or list of ndarray
        Out-of-bag predictions of the training samples. It is only available with
        bootstrap.
    task_set_ : TaskSet
        Names, types and classes of the tasks.
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks: columns of y, or task0, task1, ...
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if all names of X are strings.

    See Also
    --------
    MultiTaskForestClassifier : Explains how missing labels are handled.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45, 2001.

    Examples
    --------
    >>> from sklearn.datasets import load_linnerud
    >>> from sklearn_mtl.ensemble import MultiTaskForestRegressor
    >>> X, y = load_linnerud(return_X_y=True, as_frame=True)
    >>> model = MultiTaskForestRegressor(n_estimators=20, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (20, 3)
    """

    _kind = "regression"

    def __init__(
        self,
        *,
        n_estimators: int = 200,
        max_features: Any = "auto",
        min_samples_leaf: int = 2,
        max_depth: int | None = None,
        bootstrap: bool | str = "auto",
        categorical_features: str | ArrayLike | None = "from_dtype",
        on_empty_task: str = "raise",
        n_jobs: int | None = None,
        random_state: Seed = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.max_depth = max_depth
        self.bootstrap = bootstrap
        self.categorical_features = categorical_features
        self.on_empty_task = on_empty_task
        self.n_jobs = n_jobs
        self.random_state = random_state
