"""Blend of models for several classification tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags

from sklearn_mtl.ensemble._base_blend import BLEND_CONSTRAINTS, BaseMultiTaskBlend
from sklearn_mtl.tasks import CLASS_WEIGHT, ClassOutputsMixin
from sklearn_mtl.uncertainty import SetsMixin
from sklearn_mtl.utils._typing import ClassWeight, CrossValidator, Estimator, Seed

__all__ = ["MultiTaskBlendClassifier"]


class MultiTaskBlendClassifier(
    SetsMixin, ClassOutputsMixin, ClassifierMixin, BaseMultiTaskBlend
):
    r"""Blend of a net, forest, linear and boosted models for classification tasks.

    The prediction for task t is :math:`\sum_m w_{tm} p_{tm}(x)`, where :math:`p_{tm}`
    are the probabilities of member m. The convex weights :math:`w_t` are fitted to
    out-of-fold predictions of the training samples,

    .. math:: w_t = \frac{n_t \hat w_t + n_0 \bar w_t}{n_t + n_0}, \quad
       \hat w_t = \arg\min_w \ell_t(w) / \ell_t^0, \quad
       \bar w = \arg\min_w \sum_t \ell_t(w) / \ell_t^0

    where :math:`\ell_t` is the log-loss of the mixture, :math:`\ell_t^0` the log-loss
    of the class frequencies, :math:`n_t` the number of labels and :math:`n_0` is
    `n_common`. If sharing hurts a task, members that do not share get more weight.
    :math:`\bar w_t` is :math:`\bar w` with the weights of all members but nets
    multiplied by :math:`n_t / \max_u n_u`, and normalised, because these members use
    the labels of other tasks less. Missing labels are never replaced by predictions,
    because that would leak labels.

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
    class_weight : None, "balanced", dict or list, default=None
        Weights of the classes. "balanced" uses weights inversely proportional to the
        class frequencies of each task. A dict {label: weight} applies to all tasks. A
        dict by task name, or a list in task order, contains one of these per task. The
        members receive them as sample weights.

    Attributes
    ----------
    classes_ : ndarray, or list of ndarray
        Class labels of each task.
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
    MultiTaskBlendMixedEstimator : Blend for classification and regression tasks.
    sklearn_mtl.MultiTaskClassifier : The net without other members.
    sklearn.ensemble.StackingClassifier : Stacking with a final estimator for one task.

    Notes
    -----
    With up to 100 samples, all members have the same weight, no task is boosted, the
    net holds no samples out, and the forest does not use bootstrap. So few labels do
    not determine the weights, and without held-out samples an integer sample weight has
    the same effect as repeating the sample.

    Boosting is first tried on one of five folds. If adding it to the other members
    reduces the loss of the blend there by less than 2 % (mean over tasks), it gets no
    weight and is not fitted to the other folds. Otherwise the boosted member is the
    mean of the models of the five folds, so its out-of-fold predictions need no further
    fits. The number of trees of each model is chosen on the other folds. Boosting is
    not used for tasks with at most 100 labels or for sparse X.

    References
    ----------
    L. Breiman, "Stacked regressions", Machine Learning 24, 1996.

    M. van der Laan, E. Polley, A. Hubbard, "Super learner", Statistical Applications in
    Genetics and Molecular Biology 6, 2007.

    E. Spyromitros-Xioufis, G. Tsoumakas, W. Groves, I. Vlahavas, "Multi-target
    regression via input space expansion: treating targets as inputs", Machine Learning
    104, 2016.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mtl.ensemble import MultiTaskBlendClassifier
    >>> X, species = load_iris(return_X_y=True)
    >>> y = np.c_[species, X[:, 0] > 5.8].astype(float)
    >>> members = [("forest", "default"), ("logistic", LogisticRegression())]
    >>> model = MultiTaskBlendClassifier(members, random_state=0).fit(X[:, 1:], y)
    >>> {task: sum(weights.values()) for task, weights in model.weights_.items()}
    {'task0': 1.0, 'task1': 1.0}
    """

    _kind = "classification"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BLEND_CONSTRAINTS,
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
        self.class_weight = class_weight
        self.on_empty_task = on_empty_task
        self.n_jobs = n_jobs
        self.random_state = random_state

    def __sklearn_tags__(self) -> Tags:
        """Declare multilabel targets."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
