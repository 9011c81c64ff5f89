"""Cross-validation with the types of the tasks inferred from all labels."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

from sklearn import get_config
from sklearn.model_selection import cross_validate as sklearn_cross_validate

from sklearn_mtl.model_selection._scorers import per_task_scorers
from sklearn_mtl.model_selection._stratified_kfold import MultiTaskStratifiedKFold
from sklearn_mtl.tasks import as_targets, decide_task_types, read_columns
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._termination import workers_end_with_us
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    MetricChoice,
    TargetsLike,
)

__all__ = ["cross_validate"]

_WHO = "cross_validate"


def cross_validate(
    estimator: Estimator,
    X: FeaturesLike,
    y: TargetsLike,
    *,
    scoring: MetricChoice | Sequence[str] | None = None,
    cv: CrossValidator | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Evaluate an estimator by cross-validation, with a score for each task.

    This is scikit-learn's function of this name with defaults for several tasks and
    missing labels. If an estimator infers which tasks are classification tasks, this is
    decided once from all labels. For example, a target with 21 different integers is a
    regression task in all folds, even if the training samples of a fold have only 20 of
    them.

    Parameters
    ----------
    estimator : estimator
        Any estimator that can be fitted to y; a clone is fitted for each fold.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN where missing.
    scoring : str, callable, list, tuple or dict, default=None
        None uses `per_task_scorers()`. Other values are passed to scikit-learn.
    cv : int, splitter or iterable, default=None
        An int is the number of folds of `MultiTaskStratifiedKFold`; None means 5.
        Alternatively, a splitter or an iterable of (train, test).
    **arguments : dict
        Other arguments of `sklearn.model_selection.cross_validate`: groups, n_jobs,
        params, return_train_score, return_estimator, error_score and more. Weights in
        params are passed to fit. With metadata routing, they are also used in the
        default scores.

    Returns
    -------
    dict of str to ndarray
        Dict as returned by scikit-learn, with arrays of shape (n_splits,). The keys are
        "fit_time", "score_time" and, by default, "test_mean" and "test_" followed by
        the name of each task.

    Raises
    ------
    TaskError
        If the labels of a task cannot be read.
    ValueError
        If scikit-learn's function raises it.

    Warns
    -----
    TaskTypeWarning
        If the inferred type of a task depends on a few labels.
    UserWarning
        If params contains sample weights and metadata routing is not enabled.
        scikit-learn then passes them only to fit.

    See Also
    --------
    cross_val_predict : Out-of-fold predictions.
    per_task_scorers : Default scorer.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn_mtl import IndependentTasks
    >>> from sklearn_mtl.model_selection import cross_validate
    >>> X = np.arange(40.0)[:, None]
    >>> y = np.c_[X[:, 0] > 19, X[:, 0] % 2].astype(float)
    >>> y[::7, 1] = np.nan
    >>> found = cross_validate(IndependentTasks(LogisticRegression()), X, y, cv=4)
    >>> found["test_task0"]
    array([1., 1., 1., 1.])
    """
    warn_of_index_order(_WHO, X=X, y=y, groups=arguments.get("groups"))
    y = as_targets(y, _WHO)
    if scoring is None:
        scoring = per_task_scorers()
        if get_config()["enable_metadata_routing"]:
            scoring.set_score_request(sample_weight=True)
    _warn_of_unweighted_scores(arguments.get("params"))
    if cv is None or isinstance(cv, Integral):
        cv = MultiTaskStratifiedKFold(5 if cv is None else int(cv))
    estimator = decide_task_types(estimator, read_columns(y, _WHO), _WHO)
    with workers_end_with_us():
        scores: dict[str, Any] = sklearn_cross_validate(
            estimator, X, y, scoring=scoring, cv=cv, **arguments
        )
    return scores


def _warn_of_unweighted_scores(params: Mapping[str, Any] | None) -> None:
    """Warn that the scores are not weighted if metadata routing is not enabled."""
    given = [key for key in params or {} if key.endswith("sample_weight")]
    if given and not get_config()["enable_metadata_routing"]:
        warnings.warn(
            f"{_WHO}: {given[0]!r} in params is passed to fit, but not used in the "
            "scores. To use it in both, call "
            "sklearn.set_config(enable_metadata_routing=True) and "
            "estimator.set_fit_request(sample_weight=True).",
            UserWarning,
            stacklevel=3,
        )
