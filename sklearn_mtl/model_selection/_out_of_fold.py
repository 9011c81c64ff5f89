"""Out-of-fold probabilities for meta-estimators."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import check_cv

from sklearn_mtl.exceptions import (
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
)
from sklearn_mtl.model_selection._fold_fits import FoldFits, join_probabilities
from sklearn_mtl.model_selection._responses import classes_of_tasks, given_of_tasks
from sklearn_mtl.model_selection._stratified_kfold import stratified_folds
from sklearn_mtl.model_selection._weighted import split_weighted
from sklearn_mtl.tasks import MultiTaskOutputsMixin, TargetColumns, Task
from sklearn_mtl.utils._pipelines import fitted_model, tolerant
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["Training", "held_out_probabilities", "outputs_of_tasks"]

#: Value of `cv` that uses the out-of-fold predictions of the estimator itself.
OWN = "oof"
# The fit to all samples has already issued these warnings.
_ALREADY_ISSUED = (MissingLabelWarning, SingleClassWarning, IndexOrderWarning)


@dataclass(frozen=True)
class Training:
    """Training data of a meta-estimator.

    Attributes
    ----------
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Targets as given by the user.
    columns : TargetColumns
        The same targets, converted.
    weights : ndarray of shape (n_samples,) or (n_samples, n_tasks), or None
        Weights of samples or labels, if given.
    params : mapping of str to object
        Parameters passed to fit of the estimator.
    groups : array-like of shape (n_samples,) or None
        Group of each sample.
    """

    X: FeaturesLike
    y: TargetsLike
    columns: TargetColumns
    weights: np.ndarray | None
    params: Mapping[str, Any]
    groups: ArrayLike | None


def outputs_of_tasks(
    model: Any, X: FeaturesLike, n_tasks: int, who: str
) -> list[np.ndarray]:
    """Return the probabilities or values of all tasks from a fitted estimator.

    Shapes: X (n_samples, n_features).
    """
    if isinstance(model, MultiTaskOutputsMixin):
        return model._finite_outputs(X)
    classes = classes_of_tasks(model, n_tasks, who)
    needs = ["values" if one is None else "proba" for one in classes]
    found = [
        one.predicted if one.scores is None else one.scores
        for one in given_of_tasks(model, X, classes, needs, who)
    ]
    return [np.asarray(one, dtype=np.float64) for one in found]


def held_out_probabilities(
    estimator: Any,
    model: Any,
    tasks: Sequence[Task],
    data: Training,
    cv: Any,
    n_jobs: int | None,
    who: str,
) -> list[np.ndarray | None]:
    """Return the out-of-fold probabilities of each task, NaN where there are none.

    They are the out-of-fold predictions of the model if it has them. A frozen model
    predicts the samples, which it was not trained on. Otherwise clones of the estimator
    are fitted to folds.
    """
    is_frozen = isinstance(model, FrozenEstimator)
    if cv == OWN if isinstance(cv, str) else cv is None and not is_frozen:
        own = getattr(fitted_model(model), "oof_prediction_", None)
        if own is not None:
            return _check_length(own, data, who)
        if cv is not None:
            # The error of the attribute explains why it is not available.
            reason = _why_not(fitted_model(model))
            raise ValueError(f"{who}: cv='oof' requires oof_prediction_. {reason}")
    if is_frozen:
        return list(outputs_of_tasks(model, data.X, len(tasks), who))
    given = tolerant(estimator), data.X, data.y, data.columns, data.params, who
    with warnings.catch_warnings():
        for category in (MissingLabelWarning, IndexOrderWarning):
            warnings.simplefilter("ignore", category)
        splits = _split(data, cv)
    folds = FoldFits(*given, ignored=_ALREADY_ISSUED).predict(
        splits, "predict_proba", n_jobs
    )
    n_samples = len(data.columns.observed)
    return [
        join_probabilities(folds, task, t, n_samples, who)
        for t, task in enumerate(tasks)
    ]


def _split(data: Training, cv: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    if cv is None or isinstance(cv, Integral):
        n_splits = min(5, len(data.columns.observed)) if cv is None else int(cv)
        splitter = stratified_folds(n_splits, data.groups)
    else:
        splitter = check_cv(cv)
    return list(split_weighted(splitter, data.X, data.y, data.groups, data.weights))


def _check_length(own: Any, data: Training, who: str) -> list[np.ndarray | None]:
    found = [own] if data.columns.is_1d else list(own)
    n_samples = len(data.columns.observed)
    if len(found[0]) != n_samples:
        raise ValueError(
            f"{who}: the estimator has out-of-fold predictions of {len(found[0])} "
            f"samples, but y has {n_samples}. Pass the samples that it was fitted to, "
            "in the same order."
        )
    return found


def _why_not(model: Any) -> str:
    try:
        model.oof_prediction_  # noqa: B018
    except AttributeError as error:
        return str(error)
    return ""
