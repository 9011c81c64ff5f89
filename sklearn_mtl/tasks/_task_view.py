"""Views of one task of a model that is inside pipelines and searches."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.tasks._outputs import MultiTaskOutputsMixin
from sklearn_mtl.tasks._task_set import TaskSet
from sklearn_mtl.tasks._views import make_task_view
from sklearn_mtl.utils._typing import FeaturesLike, TaskKey

__all__ = ["model_and_inputs", "task_view"]

#: Optional methods of models whose first argument is X.
_BEHIND_STEPS = (
    *("predict_interval", "predict_quantiles", "predict_set"),
    "_outputs_and_deviations",
)


def task_view(estimator: Any, task: TaskKey) -> Any:
    """Return one task of a fitted model as a single-output estimator.

    The model may be the last step of a `Pipeline`, the best estimator of a search, or
    frozen. The view takes the inputs of the outermost estimator and applies all steps
    before the model. It has `predict`, `score` and, for a classification task,
    `predict_proba` and `classes_`. Use it with tools for single-output estimators, such
    as calibration, partial dependence or SHAP.

    Parameters
    ----------
    estimator : estimator
        Fitted multi-task model, or fitted estimator that contains one.
    task : str or int
        Name or column number of the task.

    Returns
    -------
    estimator
        View of the task. It cannot be fitted: pass ``FrozenEstimator(view)`` to a tool
        that clones and fits its estimator.

    Raises
    ------
    TaskError
        If the task is unknown.
    TypeError
        If the estimator does not contain a multi-task model.
    NotFittedError
        If the estimator is not fitted.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn_mtl.datasets import make_multitask_classification
    >>> from sklearn_mtl.linear_model import MultiTaskLinearClassifier
    >>> from sklearn_mtl.tasks import task_view
    >>> X, y = make_multitask_classification(random_state=0)
    >>> y = pd.DataFrame(y).add_prefix("answer")
    >>> model = make_pipeline(StandardScaler(), MultiTaskLinearClassifier()).fit(X, y)
    >>> view = task_view(model, "answer0")
    >>> view.predict_proba(X[:5]).shape
    (5, 2)
    """
    model, steps = _find_model(estimator, "task_view")
    return make_task_view(_AfterSteps(model, steps) if steps else model, task)


def model_and_inputs(estimator: Any, X: FeaturesLike, who: str) -> tuple[Any, Any]:
    """Return the multi-task model in an estimator, and X transformed for it."""
    model, steps = _find_model(estimator, who)
    return model, _transformed(X, steps)


def _find_model(estimator: Any, who: str) -> tuple[Any, list[Pipeline]]:
    """Return the multi-task model and the fitted steps before it."""
    check_is_fitted(estimator)
    model, steps = estimator, []
    while not isinstance(model, MultiTaskOutputsMixin):
        if isinstance(model, Pipeline):
            steps.append(model[:-1])
            model = model[-1]
        elif isinstance(model, FrozenEstimator):
            model = model.estimator
        elif hasattr(model, "best_estimator_"):
            model = model.best_estimator_
        elif getattr(model, "refit", True) is False:
            raise TypeError(
                f"{who}: {type(model).__name__} has no fitted model because of "
                "refit=False. Use refit=True."
            )
        else:
            raise TypeError(
                f"{who}: {type(estimator).__name__} does not contain a multi-task "
                f"model of sklearn_mtl, but a {type(model).__name__}."
            )
    return model, [step for step in steps if len(step)]


def _transformed(X: FeaturesLike, steps: list[Pipeline]) -> Any:
    for step in steps:
        X = step.transform(X)
    return X


class _AfterSteps(BaseEstimator):
    """A fitted model after fitted steps, with the methods that a view uses."""

    shown_as = "Pipeline"

    def __init__(self, model: Any, steps: list[Pipeline]) -> None:
        self.model = model
        self.steps = steps

    @property
    def task_set_(self) -> TaskSet:
        return self.model.task_set_

    @property
    def n_features_in_(self) -> int:
        return self.steps[0].n_features_in_

    @property
    def feature_names_in_(self) -> np.ndarray:
        return self.steps[0].feature_names_in_

    @feature_names_in_.setter
    def feature_names_in_(self, names: np.ndarray | None) -> None:
        # SHAP removes the names from its deep copy of the view
        self.steps[0][0].feature_names_in_ = names

    def _finite_output(self, X: FeaturesLike, t: int) -> np.ndarray:
        return self.model._finite_output(self._prepare(X), t)

    def _finite_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        return self.model._finite_code(self._prepare(X), t)

    def _task_code(self, X: FeaturesLike, t: int) -> np.ndarray:
        return self.model._task_code(self._prepare(X), t)

    def __getattr__(self, name: str) -> Any:
        """Return an optional method of the model, applied to transformed X."""
        if name not in _BEHIND_STEPS:
            raise AttributeError(name)
        method = getattr(self.model, name)
        return lambda X, *args, **kwargs: method(self._prepare(X), *args, **kwargs)

    def _prepare(self, X: FeaturesLike) -> Any:
        return _transformed(X, self.steps)

    def __sklearn_is_fitted__(self) -> bool:
        return True
