"""Random forest for classification and regression tasks."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.utils import ClassifierTags, RegressorTags, Tags

from sklearn_mtl.ensemble._base_forest import FOREST_CONSTRAINTS, BaseMultiTaskForest
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.uncertainty import IntervalsMixin, SetsMixin
from sklearn_mtl.utils._typing import ClassWeight, Seed, TaskTypes

__all__ = ["MultiTaskForestMixedEstimator"]


class MultiTaskForestMixedEstimator(
    IntervalsMixin, SetsMixin, ClassOutputsMixin, BaseMultiTaskForest
):
    r"""Random forest whose trees are shared by classification and regression tasks.

    It combines MultiTaskForestClassifier and MultiTaskForestRegressor. The type of each
    task is set by `task_types` or inferred from its labels.

    Parameters
    ----------
    task_types : str, sequence or dict, default=None
        Types of the tasks: "classification" (or "binary", "multiclass") or
        "regression", for all tasks, in task order, or by task name. If None, strings,
        booleans, categories, and integers with at most 20 distinct values are classes.
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
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes. "balanced" uses weights inversely proportional to the
        class frequencies of each task. A dict {label: weight} applies to all tasks. A
        dict by task name, or a list in task order, contains one of these per task.

    Attributes
    ----------
    classes_ : ndarray or None, or list of them
        Class labels of each task; None for a regression task.
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
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mtl.ensemble import MultiTaskForestMixedEstimator
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.c_[species, X[:, 0]]
    >>> model = MultiTaskForestMixedEstimator(n_estimators=20, random_state=0)
    >>> model = model.fit(X[:, 1:], y)
    >>> model.task_set_.kinds
    ['multiclass', 'regression']
    """

    _kind = "mixed"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **FOREST_CONSTRAINTS,
        "task_types": [str, dict, "array-like", None],
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        *,
        task_types: TaskTypes | None = None,
        n_estimators: int = 200,
        max_features: Any = "auto",
        min_samples_leaf: int = 2,
        max_depth: int | None = None,
        bootstrap: bool | str = "auto",
        categorical_features: str | ArrayLike | None = "from_dtype",
        class_weight: ClassWeight | None = None,
        on_empty_task: str = "raise",
        n_jobs: int | None = None,
        random_state: Seed = None,
    ) -> None:
        self.task_types = task_types
        self.n_estimators = n_estimators
        self.max_features = max_features
        self.min_samples_leaf = min_samples_leaf
        self.max_depth = max_depth
        self.bootstrap = bootstrap
        self.categorical_features = categorical_features
        self.class_weight = class_weight
        self.on_empty_task = on_empty_task
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Declare classifier and regressor tags without being either of them."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.regressor_tags = RegressorTags()
        return tags
