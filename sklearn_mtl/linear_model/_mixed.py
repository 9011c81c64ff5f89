"""Linear models for classification and regression tasks in one estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, clone
from sklearn.utils import ClassifierTags, RegressorTags, Tags
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.linear_model._classifier import MultiTaskLinearClassifier
from sklearn_mtl.linear_model._classifier_cv import MultiTaskLinearClassifierCV
from sklearn_mtl.linear_model._coef_table import check_confidence, make_mixed_table
from sklearn_mtl.linear_model._regressor import MultiTaskLinearRegressor
from sklearn_mtl.linear_model._regressor_cv import MultiTaskLinearRegressorCV
from sklearn_mtl.tasks import ClassOutputsMixin, Task, TaskSet, check_sample_weight
from sklearn_mtl.utils._features import read_features
from sklearn_mtl.utils._finite import check_sizes
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import HasMethods, StrOptions
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike, TaskTypes

if TYPE_CHECKING:
    from pandas import DataFrame

__all__ = ["MultiTaskLinearMixedEstimator", "MultiTaskLinearMixedEstimatorCV"]


class MultiTaskLinearMixedEstimator(ClassOutputsMixin, BaseEstimator):
    """Linear models for classification and regression tasks in one estimator.

    One model is shared by all classification tasks and another one by all regression
    tasks, because log-loss and squared error have no common scale for a penalty. Use it
    for data with several targets of each kind. With one target of each kind nothing is
    shared; use the neural network `MultiTaskMixedEstimator` instead.

    Parameters
    ----------
    classifier : estimator, default=None
        Model of the classification tasks; `MultiTaskLinearClassifier()` if None.
    regressor : estimator, default=None
        Model of the regression tasks; `MultiTaskLinearRegressor()` if None.
    task_types : str, sequence or dict, default=None
        Types of the tasks: "classification" (or "binary", "multiclass") or
        "regression", for all tasks, in task order, or by task name. If None, strings,
        booleans, categories, and integers with at most 20 distinct values are classes.
        A `TaskTypeWarning` is issued if only a few labels determine a type.
    on_empty_task : {"raise", "warn"}, default="raise"
        What to do with a task that has no label; "warn" predicts NaN for it.

    Attributes
    ----------
    classifier_ : estimator or None
        The fitted model of the classification tasks, None if there are none.
    regressor_ : estimator or None
        The fitted model of the regression tasks, None if there are none.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has feature names that are all strings.

    See Also
    --------
    MultiTaskLinearClassifier : Model if all tasks are classification tasks.
    MultiTaskLinearRegressor : Model if all tasks are regression tasks.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.linear_model import MultiTaskLinearMixedEstimator
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> y = np.array([[0, 0.5], [0, 1.5], [1, np.nan], [1, 3.5]])
    >>> model = MultiTaskLinearMixedEstimator().fit(X, y)
    >>> model.task_set_.kinds
    ['binary', 'regression']
    >>> model.predict([[0.0], [3.0]])[:, 0]
    array([0., 1.])
    """

    _parameter_constraints: dict[str, list[Any]] = {
        "classifier": [HasMethods(["fit", "predict_proba"]), None],
        "regressor": [HasMethods(["fit", "predict"]), None],
        "task_types": [str, dict, "array-like", None],
        "on_empty_task": [StrOptions({"raise", "warn"})],
    }

    def __init__(
        self,
        *,
        classifier: Estimator | None = None,
        regressor: Estimator | None = None,
        task_types: TaskTypes | None = None,
        on_empty_task: str = "raise",
    ) -> None:
        self.classifier = classifier
        self.regressor = regressor
        self.task_types = task_types
        self.on_empty_task = on_empty_task

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> MultiTaskLinearMixedEstimator:
        """Fit one model to the classification and one to the regression tasks.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Inputs. A sparse X stays sparse.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN or None where missing.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), \
                default=None
            Weights per sample or per label.

        Returns
        -------
        self : object
            The fitted model.

        Raises
        ------
        TaskError
            If a task has no label, or labels that its type does not allow.
        ValueError
            If X contains NaN, or weights are negative or have a wrong shape.
        """
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        X = read_features(
            self,
            X,
            reset=True,
            accept_sparse="csr",
            dtype=np.float64,
            ensure_min_samples=2,
        )
        check_sizes(X, getattr(self, "feature_names_in_", None), who)
        self.task_set_, codes = TaskSet.from_y(
            y,
            who=who,
            task_types=self.task_types,
            on_empty_task=self.on_empty_task,
            sample_weight=sample_weight,
        )
        if len(codes) != X.shape[0]:
            raise ValueError(
                f"{who}: X has {X.shape[0]} samples and y has {len(codes)}: "
                "inconsistent numbers of samples."
            )
        weights = None
        if sample_weight is not None:
            weights = check_sample_weight(
                sample_weight, codes.shape, who, self.task_set_
            )
        self.classifier_ = self._fit_kind(True, X, codes, weights)
        self.regressor_ = self._fit_kind(False, X, codes, weights)
        return self

    def coef_table(self, confidence: float = 0.95) -> DataFrame:
        """Return coefficients and intercepts with standard errors and intervals.

        The tables of both models are concatenated in the order of the tasks; see
        `MultiTaskLinearRegressor.coef_table`.

        Parameters
        ----------
        confidence : float, default=0.95
            Probability of the intervals, between 0 and 1.

        Returns
        -------
        DataFrame
            Columns "coef", "std_err", "low" and "high". There is one row per task,
            class (NaN for regression tasks) and feature. Tasks that have no labels or
            are constant have no rows.

        Raises
        ------
        ValueError
            If confidence is not between 0 and 1, or a model has no posterior.
        """
        check_is_fitted(self)
        confidence = check_confidence(confidence, type(self).__name__)
        return make_mixed_table(self, confidence)

    def _live(self, of_classes: bool) -> np.ndarray:
        """Return the indices of the tasks of one kind that can be fitted."""
        return np.flatnonzero(
            [
                task.is_classification == of_classes
                and task.kind not in ("empty", "constant")
                for task in self.task_set_.tasks
            ]
        )

    def _fit_kind(
        self,
        of_classes: bool,
        X: FeaturesLike,
        codes: np.ndarray,
        weights: np.ndarray | None,
    ) -> Any:
        """Return the fitted model of one kind of task, None without such tasks."""
        some = self._live(of_classes)
        if not len(some):
            return None
        estimator = self.classifier if of_classes else self.regressor
        if estimator is None:
            estimator = self._default(of_classes)
        names = [self.task_set_.names[t] for t in some]
        y = _named(codes[:, some], names)
        options = {} if weights is None else {"sample_weight": weights[:, some]}
        return clone(estimator).fit(X, y, **options)

    def _default(self, of_classes: bool) -> Any:
        """Return the default model of one kind of task."""
        return MultiTaskLinearClassifier() if of_classes else MultiTaskLinearRegressor()

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        check_is_fitted(self)
        X = read_features(self, X, reset=False, accept_sparse="csr", dtype=np.float64)
        outputs = [_constant(task, X.shape[0]) for task in self.task_set_.tasks]
        if self.classifier_ is not None:
            found = self.classifier_.predict_proba(X)
            for t, output in zip(self._live(True), found, strict=True):
                outputs[t] = output
        if self.regressor_ is not None:
            values = self.regressor_.predict(X)
            for t, output in zip(self._live(False), values.T, strict=True):
                outputs[t] = output
        return outputs

    def __sklearn_tags__(self) -> Tags:
        """Return the tags of a classifier and a regressor, without being either."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.multi_output = True
        tags.target_tags.required = True
        tags.classifier_tags = ClassifierTags(multi_label=True)
        tags.regressor_tags = RegressorTags()
        return tags


class MultiTaskLinearMixedEstimatorCV(MultiTaskLinearMixedEstimator):
    """Linear models for both kinds of tasks with cross-validated alphas.

    It differs from `MultiTaskLinearMixedEstimator` only in the default models.

    Parameters
    ----------
    classifier : estimator, default=None
        Model of the classification tasks; `MultiTaskLinearClassifierCV()` if None.
    regressor : estimator, default=None
        Model of the regression tasks; `MultiTaskLinearRegressorCV()` if None.
    task_types : str, sequence or dict, default=None
        Types of the tasks; see `MultiTaskLinearMixedEstimator`.
    on_empty_task : {"raise", "warn"}, default="raise"
        What to do with a task that has no label; "warn" predicts NaN for it.

    Attributes
    ----------
    classifier_ : estimator or None
        The fitted model of the classification tasks, None if there are none.
    regressor_ : estimator or None
        The fitted model of the regression tasks, None if there are none.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has feature names that are all strings.

    See Also
    --------
    MultiTaskLinearMixedEstimator : Alphas estimated by empirical Bayes.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.linear_model import MultiTaskLinearMixedEstimatorCV
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> y = np.column_stack([X[:, 0] > 0, 2.0 * X[:, 1]])
    >>> model = MultiTaskLinearMixedEstimatorCV().fit(X, y)
    >>> type(model.regressor_).__name__
    'MultiTaskLinearRegressorCV'
    """

    def _default(self, of_classes: bool) -> Any:
        """Return the default model of one kind of task."""
        if of_classes:
            return MultiTaskLinearClassifierCV()
        return MultiTaskLinearRegressorCV()


def _named(codes: np.ndarray, names: list[str]) -> Any:
    """Return labels as a DataFrame, because messages then name the tasks."""
    import pandas as pd

    return pd.DataFrame(codes, columns=names)


def _constant(task: Task, n_samples: int) -> np.ndarray:
    """Return the output of a task that has no model."""
    if not task.is_classification:
        return np.full(n_samples, np.nan)
    return np.full((n_samples, task.n_classes), 1.0 if task.n_classes else np.nan)
