"""A random forest that all classifications share."""

from __future__ import annotations

from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from sklearn_mtl.ensemble._base_forest import FOREST_CONSTRAINTS, BaseMultiTaskForest
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.uncertainty import SetsMixin
from sklearn_mtl.utils._typing import ClassWeight, Seed

__all__ = ["MultiTaskForestClassifier"]


class MultiTaskForestClassifier(
    SetsMixin, ClassOutputsMixin, ClassifierMixin, BaseMultiTaskForest
):
    r"""A random forest whose trees are shared by several classifications.

    Every label is a column: an indicator for two classes, K of them for more, all tasks
    with variance 1, so that a split is chosen for what it does for all of them. A
    missing label adds nothing: its columns are 0, the mean, and a tree's leaf predicts

    .. math:: \bar y + \frac{\sum_i w_i c_i (y_i - \bar y)}{\sum_i w_i c_i}

    over its rows, with :math:`c_i = 0` where the label is missing; sums run over the
    leaves of all trees, so a leaf counts by its share of observed labels. Where next to
    nothing is observed, that is shrunk towards the class frequencies.

    For many related tasks it costs a fraction of a forest a task and uses the labels of
    all of them; where tasks need different features, `IndependentTasks` of a forest is
    better.

    Parameters
    ----------
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
    classes_ : ndarray, or list of ndarray
        Labels of each task.
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
    MultiTaskForestMixedEstimator : For classes and numbers at once.
    sklearn_mtl.multioutput.IndependentTasks : A forest a task.

    Notes
    -----
    Growing costs O(n log n) for each feature that is looked at, and for each column of
    the labels O(n); trees of one task cost that once a task. The depth of the trees and
    the share of features were chosen on out-of-bag losses of real tables.

    References
    ----------
    L. Breiman, "Random forests", Machine Learning 45, 2001.

    D. Kocev, C. Vens, J. Struyf, S. Džeroski, "Ensembles of multi-objective decision
    trees", ECML 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mtl.ensemble import MultiTaskForestClassifier
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.c_[species, X[:, 0] > 5.8].astype(float)
    >>> y[::3, 1] = np.nan  # labels may be missing
    >>> model = MultiTaskForestClassifier(n_estimators=20, random_state=0)
    >>> [proba.shape for proba in model.fit(X[:, 1:], y).predict_proba(X[:5, 1:])]
    [(5, 3), (5, 2)]
    """

    _kind = "classification"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **FOREST_CONSTRAINTS,
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        *,
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
        """Declare multilabel targets."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
