"""One model per task: the single-task twin of a multi-task model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_regressor
from sklearn.utils import Tags, indexable
from sklearn.utils.metadata_routing import (
    UNUSED,
    MetadataRouter,
    MethodMapping,
)
from sklearn.utils.parallel import Parallel, delayed

from sklearn_mtl.model_selection import periods_of_tasks
from sklearn_mtl.multioutput._jobs import make_jobs, routed_weight, run
from sklearn_mtl.multioutput._one_task import predicted_codes, task_output
from sklearn_mtl.multioutput._routing import TaskValidation, route
from sklearn_mtl.multioutput._templates import Templates
from sklearn_mtl.tasks import (
    MetaOutputsMixin,
    TaskSet,
    as_targets,
    is_of_tokens,
    read_columns,
    stack_codes,
)
from sklearn_mtl.utils._categories import warning_once
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._features import check_features, reads_texts, record_features
from sklearn_mtl.utils._fit import fit_context
from sklearn_mtl.utils._fit_params import takes
from sklearn_mtl.utils._hold_out import VALIDATION, HoldOut
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import (
    HasMethods,
    StrOptions,
    num_samples,
)
from sklearn_mtl.utils._tags import join_tags
from sklearn_mtl.utils._termination import workers_end_with_us
from sklearn_mtl.utils._typing import Estimator, FeaturesLike, TargetsLike, TaskTypes

__all__ = ["IndependentTasks"]

_WHO = "IndependentTasks"


class IndependentTasks(MetaOutputsMixin, MetaEstimatorMixin, BaseEstimator):
    """Fit one clone of an estimator to each task, on the samples with its label.

    This is the single-task twin of a multi-task model:
    `IndependentTasks(MultiTaskClassifier())` learns the same tasks as
    `MultiTaskClassifier()`, but without sharing. Use it also to fit any scikit-learn
    estimator if labels are missing, the number of classes depends on the task, or there
    are both classification and regression tasks.

    Parameters
    ----------
    estimator : estimator, default=None
        Estimator that is fitted to each task: a classifier, a regressor, or an
        estimator for both such as MultiTaskMixedEstimator, for which the type of each
        task is inferred. Parameters of the estimators of this package that depend on
        tasks (task_types, loss, class_weight, task_weight) are restricted to the task.
    classifier : estimator, default=None
        Estimator for classification tasks, instead of `estimator`. If only a classifier
        is given, all tasks are classification tasks.
    regressor : estimator, default=None
        Estimator for regression tasks, instead of `estimator`. If only a regressor is
        given, all tasks are regression tasks.
    by_task : dict of str to estimator, default=None
        Estimators for some tasks by name. They take precedence.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens", if the estimator does not determine
        the types: one value for all tasks, a sequence in task order, or a dict by task
        name. None infers the types: strings, booleans, categories and up to 20
        different integers are classes, and lists are tags of tokens. A
        `TaskTypeWarning` is issued if an inferred type depends on a few labels.
    on_empty_task : {"raise", "warn"}, default="raise"
        Whether to raise an error for a task without observed labels, or to warn and
        predict NaN.
    n_jobs : int, default=None
        Number of tasks to fit and to predict in parallel.

    Attributes
    ----------
    estimators_ : list of estimator
        Fitted models in task order; None for a task without labels, or with a single
        class, which is always predicted.
    classes_ : ndarray, or list of ndarray
        Classes of the task if y was 1-D, otherwise a list with the classes of each task
        (None for a regression task). Not defined if all tasks are regressions.
    n_tasks_ : int
        Number of tasks.
    task_names_in_ : ndarray of shape (n_tasks,)
        Names of the tasks: columns of y, or task0, task1, ...
    n_features_in_ : int
        Number of features seen in fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features. Defined only if X has feature names that are all strings.

    See Also
    --------
    sklearn_mtl.MultiTaskClassifier : One net for all tasks.
    sklearn.multioutput.MultiOutputClassifier : One model per task, without support of
        missing labels.

    Notes
    -----
    An integer random_state of the estimator is used for every task. Therefore each
    model is the same as the estimator fitted to this task alone, and results do not
    depend on n_jobs or the backend. A RandomState instance is copied for every task.
    With None, the models are not reproducible.

    `predict` returns the predictions of the models, which may differ from the most
    probable class, for example with a tuned threshold. `score` is the mean over tasks
    of the accuracy or R2, or of the skill if there are both classes and values.

    With metadata routing, the estimators must request their metadata. A sample_weight
    of shape (n_samples, n_tasks) is restricted to the column and the samples of each
    task.

    There is no `decision_function`, so ranking metrics such as ROC AUC need
    probabilities. Use CalibratedClassifierCV for a classifier without probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression, Ridge
    >>> from sklearn_mtl.multioutput import IndependentTasks
    >>> X = np.arange(8.0)[:, None]
    >>> y = np.array([[0, 0.5], [0, 1.5], [0, 2.5], [0, 3.5]] * 2)
    >>> y[4:, 0] = 1
    >>> y[6:, 1] = np.nan
    >>> model = IndependentTasks(classifier=LogisticRegression(), regressor=Ridge())
    >>> model.fit(X, y).predict([[0.0], [7.0]])[:, 0]
    array([0., 1.])
    """

    # Metadata of fit are passed to the estimators that request them; only score uses
    # weights itself.
    __metadata_request__fit = dict.fromkeys(
        ("sample_weight", "groups", *VALIDATION), UNUSED
    )

    _parameter_constraints: dict[str, list[Any]] = {
        "estimator": [HasMethods(["fit"]), None],
        "classifier": [HasMethods(["fit"]), None],
        "regressor": [HasMethods(["fit"]), None],
        "by_task": [dict, None],
        "task_types": [str, dict, "array-like", None],
        "on_empty_task": [StrOptions({"raise", "warn"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: Estimator | None = None,
        *,
        classifier: Estimator | None = None,
        regressor: Estimator | None = None,
        by_task: Any = None,
        task_types: TaskTypes | None = None,
        on_empty_task: str = "raise",
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.classifier = classifier
        self.regressor = regressor
        self.by_task = by_task
        self.task_types = task_types
        self.on_empty_task = on_empty_task
        self.n_jobs = n_jobs

    @fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: TargetsLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        X_val: Any = None,
        y_val: TargetsLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        **fit_params: Any,
    ) -> IndependentTasks:
        """Fit one model to each task.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Inputs, in any form that the estimators accept.
        y : array-like of shape (n_samples,) or (n_samples, n_tasks)
            Targets; NaN, None, pandas.NA and pandas.NaT are missing labels.
        sample_weight : None or array-like of shape (n_samples,) or (n_samples, n_tasks)
            Weights of samples or labels. Without metadata routing, they are passed to
            the last step of a pipeline.
        groups : array-like of shape (n_samples,), default=None
            Group of each sample, for estimators whose fit accepts groups. Each model
            gets the groups of the samples of its task.
        X_val, y_val, sample_weight_val : array-like, default=None
            Validation set of shapes (n_val, n_features), (n_val, n_tasks) and, for the
            weights, (n_val,) or (n_val, n_tasks). It is used by estimators whose fit
            accepts it, such as HistGradientBoostingClassifier. Each model gets the
            samples with a label of its task.
        **fit_params : dict
            Parameters passed to fit of the estimators. Arrays with one entry per sample
            are restricted to the samples of the task.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        TaskError
            If a task has no labels, labels of the wrong type, or no estimator, or if
            y_val has other tasks, other classes, or no label of a task.
        ValueError
            If no estimator is given, lengths differ, weights are invalid or not
            supported, no estimator uses groups or a validation set that is given, or a
            pipeline would not transform the validation set.
        TypeError
            If a parameter is not an estimator.
        """
        warn_of_index_order(_WHO, X=X, y=y, sample_weight=sample_weight)
        X, y = indexable(plain_inputs(X, _WHO), as_targets(y, _WHO))
        if not self._reads_texts():
            X = record_features(self, X)
        templates = self._templates()
        held = {"groups": groups, "X_val": X_val, "y_val": y_val}
        held["sample_weight_val"] = sample_weight_val
        given = HoldOut.read(_WHO, X, **held)
        params = route(self, templates, sample_weight, fit_params, held)
        routed = routed_weight(params)
        nested = is_of_tokens(self.task_types)
        columns = read_columns(y, _WHO, routed, nested=nested)
        task_set, _ = TaskSet.from_y(
            y,
            who=_WHO,
            task_types=self._types_of(columns.names),
            on_empty_task=self.on_empty_task,
            sample_weight=routed,
            allow_tokens=True,
        )
        validation = None
        if given.has_validation:
            given = given.like_inputs(self)
            validation = TaskValidation.read(given, task_set, self.on_empty_task)
        jobs = make_jobs(templates, task_set.tasks, columns, params, validation)
        with workers_end_with_us():
            self.estimators_ = Parallel(n_jobs=self.n_jobs)(
                delayed(run)(X, job) for job in jobs
            )
        self.task_set_ = task_set.with_periods(
            [periods_of_tasks(model, 1)[0] for model in self.estimators_]
        )
        return self

    def _gives_probabilities(self) -> bool:
        """Return whether there are classifiers and all of them have predict_proba."""
        # A fitted search may have it even if its estimator does not have it.
        if hasattr(self, "estimators_"):
            pairs = zip(self.estimators_, self.task_set_.tasks, strict=True)
            found = [
                model
                for model, task in pairs
                if task.classes is not None and model is not None
            ] or self._classifiers()
        else:
            found = self._classifiers()
        return bool(found) and all(hasattr(one, "predict_proba") for one in found)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return the routing of metadata to the estimators.

        Returns
        -------
        MetadataRouter
            Router that passes metadata of fit to the estimators that request them.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        mapping = MethodMapping().add(caller="fit", callee="fit")
        return router.add(method_mapping=mapping, **self._templates().named())

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the estimator is fitted."""
        return hasattr(self, "estimators_")

    def __sklearn_tags__(self) -> Tags:
        """Declare the common capabilities of the estimators, and multiple outputs."""
        given = [self.estimator, self.classifier, self.regressor]
        if isinstance(self.by_task, Mapping):
            given += self.by_task.values()
        inner = [one for one in given if hasattr(one, "fit")]
        return join_tags(super().__sklearn_tags__(), inner)

    def _types_of(self, names: Sequence[str]) -> dict[str, str | None]:
        """Return the required type of each task; None if it is inferred."""
        return self._templates().types_of(names, self.task_types)

    def _templates(self) -> Templates:
        return Templates.read(
            self.estimator, self.classifier, self.regressor, self.by_task
        )

    def _classifiers(self) -> list[Any]:
        """Return the estimators that may be used for classification."""
        return [
            one for one in self._templates().named().values() if not is_regressor(one)
        ]

    def _takes_in_fit(self, name: str) -> bool:
        return any(takes(one, name) for one in self._templates().named().values())

    def _read(self, X: FeaturesLike) -> Any:
        return X if self._reads_texts() else check_features(self, X)

    def _reads_texts(self) -> bool:
        return reads_texts(self._templates().named().values())

    def _task_outputs(self, X: FeaturesLike) -> list[np.ndarray]:
        return self._ask_all(task_output, X)

    def _task_codes(self, X: FeaturesLike) -> np.ndarray:
        return stack_codes(self._ask_all(predicted_codes, X))

    def _task_output(self, X: FeaturesLike, t: int) -> np.ndarray:
        X = self._read(X)
        task = self.task_set_.tasks[t]
        return task_output(self.estimators_[t], task, X, num_samples(X))

    def _task_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        X = self._read(X)
        task = self.task_set_.tasks[t]
        return predicted_codes(self.estimators_[t], task, X, num_samples(X))

    def _ask_all(
        self, ask: Callable[..., np.ndarray], X: FeaturesLike
    ) -> list[np.ndarray]:
        X = self._read(X)
        pairs = zip(self.estimators_, self.task_set_.tasks, strict=True)
        # threads, because sending the models to other processes is slower
        with warning_once():
            return Parallel(n_jobs=self.n_jobs, prefer="threads")(
                delayed(ask)(model, task, X, num_samples(X)) for model, task in pairs
            )
