"""A random forest that classes and numbers share."""

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
    r"""A random forest whose trees are shared by classifications and regressions.

    As MultiTaskForestClassifier and MultiTaskForestRegressor; what each task is gets
    inferred: strings, booleans, categories, and whole numbers with at most 20 values
    are classes.

    Parameters
    ----------
    task_types : str, sequence or dict, default=None
        Overrides the inference: "classification" (or "binary", "multiclass") or
        "regression", for all tasks, in order, or by name.
    n_estimators : int, default=200
        Number of trees.
    max_features : int, float, {"auto", "sqrt", "log2"} or None, default="auto"
        Features that are looked at for a split, as in RandomForestRegressor; "auto" is
        .6 of them, but at most 40, or the square root if that is more.
    min_samples_leaf : int, default=2
        Rows in a leaf, at least.
    max_depth : int or None, default=None
        Depth of the trees, at most.
    bootstrap : bool or "auto", default="auto"
        Whether each tree draws its rows with replacement. "auto" does so above 100
        rows; below, all rows are used and `min_samples_leaf` counts weights.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that are replaced by ordinal codes: text and categorical columns of a
        DataFrame, or names, numbers, or a mask. Unknown categories are missing
        values; where they are most values of a column there is an
        UnseenCategoryWarning.
    on_empty_task : {"raise", "warn"}, default="raise"
        A task without any observed label is an error, or is predicted as NaN with a
        warning.
    n_jobs : int, default=None
        Trees that are grown at the same time.
    random_state : int, RandomState, Generator or None, default=None
        Seed. The same int gives the same bits, whatever `n_jobs` is.
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes: "balanced" weighs them inversely to their frequency,
        task by task; a dict {label: weight} holds for all tasks; a dict by task name or
        a list in task order holds one of these a task.

    Attributes
    ----------
    classes_ : ndarray or None, or list of them
        Labels of each task, None for a regression.
    forest_ : RandomForestRegressor or None
        The trees; None where all tasks are constant.
    oof_prediction_ : ndarray or list of ndarray
        Out-of-bag predictions of the training rows, where there is bootstrap.
    task_set_ : TaskSet
        What is known of the tasks.
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks: the columns of y, or task0, task1, ...
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, where X had names.

    See Also
    --------
    MultiTaskForestClassifier : Says how missing labels are left out.

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
        """Keep what a classifier and a regressor declare, without being either."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.regressor_tags = RegressorTags()
        return tags
