"""Views of one task of a fitted multi-task model as a single-output estimator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from sklearn_mtl.tasks._scores import accuracies, mean_of_observed, r2_scores
from sklearn_mtl.tasks._task_set import TaskSet
from sklearn_mtl.tasks._tokens import check_lengths
from sklearn_mtl.tasks._weights import check_sample_weight
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike, TaskKey

__all__ = [
    "TaskClassifierView",
    "TaskRegressorView",
    "TaskTokensView",
    "make_task_view",
]


def make_task_view(model: Any, task: TaskKey) -> Any:
    """Return a view of one task of a fitted model."""
    t = model.task_set_.index(task, who=_name_of(model))
    chosen = model.task_set_.tasks[t]
    return _VIEWS[chosen.type](model, chosen.name)


def _name_of(model: Any) -> str:
    """Return the name of a model in messages."""
    return getattr(model, "shown_as", type(model).__name__)


def _has(method: str) -> Callable[[Any], bool]:
    """Return a check that the model has a method for the type of the task."""

    def check(view: Any) -> bool:
        is_regressor = isinstance(view, TaskRegressorView)
        return is_regressor == (method != "predict_set") and hasattr(view.model, method)

    return check


class _TaskView(BaseEstimator):
    """Base class of the views, with the model and the name of the task."""

    def __init__(self, model: Any, task: str) -> None:
        self.model = model
        self.task = task

    def fit(
        self, X: FeaturesLike, y: TargetsLike | None = None, **fit_params: Any
    ) -> Any:
        """Raise, because a tool that refits a clone would silently train another model.

        Shapes: X (n_samples, n_features), y (n_samples,).
        """
        name = _name_of(self.model)
        raise TypeError(
            f"{type(self).__name__}: this is task {self.task!r} of a fitted {name} and "
            "cannot be fitted again. Pass FrozenEstimator(view) to a tool that clones "
            f"and fits its estimator. To train and validate new models, pass {name} "
            "with all tasks, or single-task models in IndependentTasks."
        )

    def __sklearn_is_fitted__(self) -> bool:
        """Return whether the model is fitted."""
        return hasattr(self.model, "task_set_")

    @property
    def task_set_(self) -> TaskSet:
        """TaskSet with only this task, for 1-D labels."""
        return self.model.task_set_.subset([self._index()], is_1d=True)

    @property
    def n_features_in_(self) -> int:
        """Number of features seen in fit."""
        return self.model.n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        """Names of the features seen in fit, if X had feature names."""
        return self.model.feature_names_in_

    @feature_names_in_.setter
    def feature_names_in_(self, names: np.ndarray | None) -> None:
        # SHAP removes the names from its deep copy of the view
        self.model.feature_names_in_ = names

    def _index(self) -> int:
        return self.model.task_set_.index(self.task)

    def _output(self, X: FeaturesLike) -> np.ndarray:
        check_is_fitted(self)
        return self.model._finite_output(X, self._index())

    def predict(self, X: FeaturesLike) -> np.ndarray:
        """Predict the task.

        Shapes: X (n_samples, n_features) -> (n_samples,).
        """
        check_is_fitted(self)
        codes = self.model._finite_code(X, self._index())
        return self.model.task_set_.tasks[self._index()].decode(codes)

    @available_if(_has("predict_interval"))
    def predict_interval(self, X: FeaturesLike, coverage: float = 0.9) -> np.ndarray:
        """Predict an interval for each label; see `predict_interval` of the model.

        Shapes: X (n_samples, n_features) -> (n_samples, 2).
        """
        return self._own(self.model.predict_interval(X, coverage=coverage))

    @available_if(_has("predict_quantiles"))
    def predict_quantiles(self, X: FeaturesLike, q: ArrayLike) -> np.ndarray:
        """Predict quantiles of the labels; see `predict_quantiles` of the model.

        Shapes: X (n_samples, n_features), q (n_q,) -> (n_samples, n_q).
        """
        return self._own(self.model.predict_quantiles(X, q))

    @available_if(_has("predict_set"))
    def predict_set(self, X: FeaturesLike, coverage: float = 0.9) -> np.ndarray:
        """Predict sets of classes; see `predict_set` of the model.

        Shapes: X (n_samples, n_features) -> (n_samples, n_classes), bool.
        """
        found = self.model.predict_set(X, coverage=coverage)
        return found if self.model.task_set_.is_1d else found[self._index()]

    def _own(self, values: np.ndarray) -> np.ndarray:
        """Return the values of this task from values (n_samples, n_tasks, ...)."""
        return values if self.model.task_set_.is_1d else values[:, self._index()]

    def _scored(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None
    ) -> float:
        """Return accuracy or R2 over the observed labels of the task."""
        check_is_fitted(self)
        who = type(self).__name__
        warn_of_index_order(who, X=X, y=y, sample_weight=sample_weight)
        alone = self.task_set_
        codes, given = alone.encode_weighted(y, sample_weight, unseen="wrong", who=who)
        check_consistent_length(X, codes)
        weights = check_sample_weight(given, codes.shape, who)
        predicted = self.model._task_code(X, self._index())[:, None]
        (task,) = alone.tasks
        tokens = alone.encode_tokens(
            y, sample_weight=sample_weight, unseen="wrong", who=who
        )
        check_lengths(tokens, predicted.T, alone.names, who)
        if task.classes is not None:
            return mean_of_observed(accuracies(codes, predicted, weights, tokens), who)
        scores = r2_scores(codes, predicted, weights, [task.period])
        return mean_of_observed(scores, who)


class TaskClassifierView(ClassifierMixin, _TaskView):
    """One classification task of a fitted multi-task model.

    Parameters
    ----------
    model : estimator
        A fitted multi-task estimator of this package.
    task : str
        Name of the task.
    """

    @property
    def classes_(self) -> np.ndarray:
        """Labels of the task, in the order of the columns of `predict_proba`."""
        return self.model.task_set_.tasks[self._index()].classes

    def predict_proba(self, X: FeaturesLike) -> np.ndarray:
        """Predict the probabilities of the classes.

        Shapes: X (n_samples, n_features) -> (n_samples, n_classes).
        """
        return self._output(X)

    def score(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the accuracy over observed labels.

        Shapes: X (n_samples, n_features), y (n_samples,), sample_weight
        (n_samples,).
        """
        return self._scored(X, y, sample_weight)


class TaskRegressorView(RegressorMixin, _TaskView):
    """One regression task of a fitted multi-task model.

    Parameters
    ----------
    model : estimator
        A fitted multi-task estimator of this package.
    task : str
        Name of the task.
    """

    def predict(self, X: FeaturesLike, return_std: bool = False) -> Any:
        """Predict the task; with `return_std`, also standard deviations of the errors.

        Standard deviations require a model with the errors of held-out samples.

        Shapes: X (n_samples, n_features) -> (n_samples,), or two such arrays.
        """
        if not return_std:
            return super().predict(X)
        check_is_fitted(self)
        if not hasattr(self.model, "_outputs_and_deviations"):
            raise ValueError(
                f"{type(self).__name__}: return_std=True requires the errors of "
                f"held-out predictions, which {_name_of(self.model)} does not store. "
                "Wrap it in a ConformalPredictor."
            )
        outputs, std = self.model._outputs_and_deviations(X)
        t = self._index()
        return self.model.task_set_.tasks[t].decode(outputs[t]), std[:, t]

    def score(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return R2 over observed labels, of points on the circle for a circular task.

        Shapes: X (n_samples, n_features), y (n_samples,), sample_weight
        (n_samples,).
        """
        return self._scored(X, y, sample_weight)


class TaskTokensView(_TaskView):
    """One token task of a fitted multi-task model.

    Parameters
    ----------
    model : estimator
        A fitted multi-task estimator of this package.
    task : str
        Name of the task.
    """

    @property
    def classes_(self) -> np.ndarray:
        """Tags of the task, in the order of the columns of `predict_proba`."""
        return self.model.task_set_.tasks[self._index()].classes

    def predict_proba(self, X: FeaturesLike) -> list[np.ndarray]:
        """Predict the probabilities of the tags of each token.

        Shapes: X (n_samples,) -> n_samples arrays of (n_tokens, n_tags).
        """
        return list(self._output(X))

    def score(
        self, X: FeaturesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the proportion of correct tags among the observed tags.

        Shapes: X (n_samples,), y (n_samples,), sample_weight (n_samples,).
        """
        return self._scored(X, y, sample_weight)


_VIEWS: dict[str, type[_TaskView]] = {
    "classification": TaskClassifierView,
    "regression": TaskRegressorView,
    "tokens": TaskTokensView,
}
