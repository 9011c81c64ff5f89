"""Several kinds of models, blended for every regression."""

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
    r"""Net, shared forest, linear and boosted models, blended for every regression.

    As MultiTaskBlendClassifier, with the squared error in place of the log-loss and the
    variance of the labels as that of the best constant.

    Parameters
    ----------
    estimators : list of (str, estimator), default=None
        The members. None is "default" for each of the names "net", "forest", "linear"
        and "boosting": the net of this package, the forest that all tasks share, and
        for each task a ridge regression and scikit-learn's HistGradientBoosting;
        "default" can be used for these names together with members of your own. Any
        estimator of scikit-learn's can be a member: one that learns several tasks is
        fitted to all of them, any other to each (`IndependentTasks`). A member with
        `oof_prediction_` after fit gives its out-of-fold predictions for free; any
        other is fitted once more a fold.
    n_common : float, default=200
        Number of labels at which a task's own weights and the weights common to all
        tasks count the same.
    stacking : bool, default=True
        Whether a second stage corrects the prediction of each task by what the blend
        predicts for the other tasks. It is fitted to out-of-fold predictions, and
        leaves a task alone where it does not lower their loss.
    cv : int, splitter, iterable of (train, test) or None, default=None
        Folds for members without `oof_prediction_`; a number, or None for 5, stands for
        MultiTaskStratifiedKFold, or, if fit gets groups, for
        MultiTaskStratifiedGroupKFold. Rows that are in no test part do not count.
    categorical_features : "from_dtype", array-like or None, default="from_dtype"
        Columns that the default members take as categories: text and categorical
        columns of a DataFrame, or names, numbers, or a mask.
    on_empty_task : {"raise", "warn"}, default="raise"
        A task without any observed label is an error, or is predicted as NaN with a
        warning.
    n_jobs : int, default=None
        Members that are fitted at the same time, in threads.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds, of the default members, and of members of your own whose
        random_state is None. The same int gives the same bits, whatever `n_jobs` is.

    Attributes
    ----------
    weights_ : dict of str to dict of str to float
        For every task the weight of each member; ``pandas.DataFrame(model.weights_).T``
        is a table with a row a task.
    member_losses_ : dict of str to dict of str to float
        For every task the loss of each member over that of the best constant, out of
        fold or on the validation set: log-loss or squared error. NaN where nothing is
        held out, as up to 100 rows, and for a task that is not boosted.
    stacking_gains_ : dict of str to float
        For every task what `stacking` takes off the loss out of fold, relative to that
        of the best constant; 0 for a task that it leaves alone.
    member_oof_predictions_ : dict of str to list of ndarray
        For each member its out-of-fold outputs, a task an array; empty where no
        training sample is held out, as up to 100 rows or with a validation set. NaN
        for a task that is not boosted.
    oof_prediction_ : ndarray or list of ndarray
        Those, mixed. The weights of a sample are fitted without its fold, one of five.
    estimators_ : list of estimator
        The members, fitted to all rows.
    named_estimators_ : dict of str to estimator
        The same by name.
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
    MultiTaskBlendClassifier : Says how weights are found.

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
