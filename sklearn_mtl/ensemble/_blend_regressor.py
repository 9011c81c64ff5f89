"""Blend of models for several regression tasks."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin

from sklearn_mtl.ensemble._base_blend import BaseMultiTaskBlend
from sklearn_mtl.tasks import MultiTaskOutputsMixin
from sklearn_mtl.uncertainty import StandardDeviationMixin
from sklearn_mtl.utils._typing import CrossValidator, Estimator, Seed

__all__ = ["MultiTaskBlendRegressor"]


class MultiTaskBlendRegressor(
    StandardDeviationMixin, MultiTaskOutputsMixin, RegressorMixin, BaseMultiTaskBlend
):
    r"""Blend of a net, forest, linear and boosted models for several regression tasks.

    It works like MultiTaskBlendClassifier, with the squared error as the loss. The loss
    of the best constant is then the variance of the labels.

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

    Attributes
    ----------
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
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_mtl.ensemble import MultiTaskBlendRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> members = [("linear", "default"), ("ridge", Ridge(alpha=1000.0))]
    >>> model = MultiTaskBlendRegressor(members, random_state=0).fit(X, y)
    >>> model.weights_["task0"]["linear"] > 0.9
    True
    """

    _kind = "regression"

    def __init__(
        self,
        estimators: Sequence[tuple[str, Estimator | str]] | None = None,
        *,
        n_common: float = 200,
        stacking: bool = True,
        cv: CrossValidator | None = None,
        categorical_features: str | ArrayLike | None = "from_dtype",
        on_empty_task: str = "raise",
        n_jobs: int | None = None,
        random_state: Seed = None,
    ) -> None:
        self.estimators = estimators
        self.n_common = n_common
        self.stacking = stacking
        self.cv = cv
        self.categorical_features = categorical_features
        self.on_empty_task = on_empty_task
        self.n_jobs = n_jobs
        self.random_state = random_state
