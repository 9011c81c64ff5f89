"""Blend of models for classification and regression tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.utils import ClassifierTags, RegressorTags, Tags

from sklearn_mtl.ensemble._base_blend import BLEND_CONSTRAINTS, BaseMultiTaskBlend
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.uncertainty import IntervalsMixin, SetsMixin
from sklearn_mtl.utils._typing import (
    ClassWeight,
    CrossValidator,
    Estimator,
    Seed,
    TaskTypes,
)

__all__ = ["MultiTaskBlendMixedEstimator"]


class MultiTaskBlendMixedEstimator(
    IntervalsMixin, SetsMixin, ClassOutputsMixin, BaseMultiTaskBlend
):
    r"""Blend of several models for classification and regression tasks.

    It combines MultiTaskBlendClassifier and MultiTaskBlendRegressor. The type of each
    task is set by `task_types` or inferred from its labels. Each member must predict
    all tasks: combine a classifier and a regressor of scikit-learn in
    ``IndependentTasks(classifier=..., regressor=...)``.

    Parameters
    ----------
    estimators : list of (str, estimator), default=None
        Names and members of the blend. A member is an estimator, or "default" for the
        names "net", "forest", "linear" and "boosting": the net and the shared forest of
        this package, and for each task a ridge regression and scikit-learn's
        HistGradientBoosting. None uses these four. Any scikit-learn estimator can be a
        member. If it supports several outputs, all tasks are of the same type and no
        label is missing, it is fitted to all tasks together; otherwise one clone is
        fitted per task (`IndependentTasks`). Members that have `oof_prediction_` after
        fit provide their out-of-fold predictions; all others are fitted once more for
        each fold.
    n_common : float, default=200
        Number of labels for which the weights of a task and the weights common to all
        tasks contribute equally.
    stacking : bool, default=True
        Whether a second stage corrects the prediction of each task with the predictions
        of the blend for the other tasks. It is fitted to out-of-fold predictions. Tasks
        whose loss it does not reduce are not corrected.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Cross-validation for members without `oof_prediction_`. An int is the number of
        folds; None means 5. Both use MultiTaskStratifiedKFold, or
        MultiTaskStratifiedGroupKFold if `groups` are passed to `fit`. Samples that are
        in no test set are not used to fit the weights.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that the default members treat as categories: names or indices of
        columns, or a boolean mask. "from_dtype" selects the text and categorical
        columns of a DataFrame.
    on_empty_task : {"raise", "warn"}, default="raise"
        Whether to raise an error for a task without observed labels, or to issue a
        warning and predict NaN.
    n_jobs : int, default=None
        Number of members to fit in parallel, in threads.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds, of the default members, and of other members whose
        `random_state` is None. With an int, results are identical for any `n_jobs`.
    task_types : str, sequence or dict, default=None
        Types of the tasks: "classification" (or "binary", "multiclass") or
        "regression", for all tasks, in task order, or by task name. If None, strings,
        booleans, categories, and integers with at most 20 distinct values are classes.
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes. "balanced" uses weights inversely proportional to the
        class frequencies of each task. A dict {label: weight} applies to all tasks. A
        dict by task name, or a list in task order, contains one of these per task. The
        members receive them as sample weights.

    Attributes
    ----------
    classes_ : ndarray or None, or list of them
        Class labels of each task; None for a regression task.
    weights_ : dict of str to dict of str to float
        Weight of each member for each task. ``pandas.DataFrame(model.weights_).T`` is a
        table with one row per task.
    member_losses_ : dict of str to dict of str to float
        Loss of each member for each task, divided by the loss of the best constant. It
        is the log-loss or the squared error, out of fold or on the validation set. NaN
        if no sample is held out, as with up to 100 samples, and for "boosting" on tasks
        that are not boosted.
    stacking_gains_ : dict of str to float
        Decrease of the out-of-fold loss of each task by `stacking`, divided by the loss
        of the best constant; 0 for tasks that are not corrected.
    member_oof_predictions_ : dict of str to list of ndarray
        Out-of-fold outputs of each member, one array per task. Empty if no training
        sample is held out: with up to 100 samples, or with a validation set. NaN for
        "boosting" on tasks that are not boosted.
    oof_prediction_ : ndarray or list of ndarray
        Out-of-fold predictions of the blend. The weights for a sample are fitted
        without its fold, which is one of five.
    estimators_ : list of estimator
        Members fitted to all samples.
    named_estimators_ : dict of str to estimator
        Fitted members by name.
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
    MultiTaskBlendClassifier : Explains how the weights are fitted.

    References
    ----------
    L. Breiman, "Stacked regressions", Machine Learning 24, 1996.

    E. Spyromitros-Xioufis, G. Tsoumakas, W. Groves, I. Vlahavas, "Multi-target
    regression via input space expansion: treating targets as inputs", Machine Learning
    104, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_mtl.ensemble import MultiTaskBlendMixedEstimator
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.c_[species, X[:, 0]]
    >>> members = [("forest", "default"), ("linear", "default")]
    >>> model = MultiTaskBlendMixedEstimator(members, random_state=0).fit(X[:, 1:], y)
    >>> model.task_set_.kinds
    ['multiclass', 'regression']
    """

    _kind = "mixed"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BLEND_CONSTRAINTS,
        "task_types": [str, dict, "array-like", None],
        "class_weight": CLASS_WEIGHT,
    }

    def __init__(
        self,
        estimators: Sequence[tuple[str, Estimator | str]] | None = None,
        *,
        n_common: float = 200,
        stacking: bool = True,
        cv: CrossValidator | None = None,
        categorical_features: str | ArrayLike | None = "from_dtype",
        task_types: TaskTypes | None = None,
        class_weight: ClassWeight | None = None,
        on_empty_task: str = "raise",
        n_jobs: int | None = None,
        random_state: Seed = None,
    ) -> None:
        self.estimators = estimators
        self.n_common = n_common
        self.stacking = stacking
        self.cv = cv
        self.categorical_features = categorical_features
        self.task_types = task_types
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
