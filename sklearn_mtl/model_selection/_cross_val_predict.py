"""Out-of-fold predictions for tasks with missing labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.model_selection import check_cv
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)

from sklearn_mtl.model_selection._fold_fits import (
    FoldFits,
    FoldOutput,
    join_probabilities,
)
from sklearn_mtl.model_selection._stratified_kfold import stratified_folds
from sklearn_mtl.tasks import (
    TargetColumns,
    Task,
    as_targets,
    decide_task_types,
    holds_lists,
    read_columns,
    read_tags,
)
from sklearn_mtl.utils._fit_params import fit_params_for
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    Splitter,
    TargetsLike,
)

__all__ = ["cross_val_predict"]

_WHO = "cross_val_predict"
_METHODS = ("predict", "predict_proba")


def cross_val_predict(
    estimator: Estimator,
    X: FeaturesLike,
    y: TargetsLike,
    *,
    groups: ArrayLike | None = None,
    cv: CrossValidator | None = None,
    n_jobs: int | None = None,
    params: Mapping[str, Any] | None = None,
    method: str = "predict",
) -> Any:
    """Predict each sample with a model that was not trained on it.

    scikit-learn's function of this name treats NaN as a class when labels are missing,
    which silently shifts the columns of the probabilities. Here, the columns of each
    task are the classes in the full y, and NaN is never a class. Samples with missing
    labels are also predicted.

    Parameters
    ----------
    estimator : estimator
        Any estimator that can be fitted to y; a clone is fitted for each fold.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN where missing.
    groups : array-like of shape (n_samples,), default=None
        Group of each sample. With an integer `cv`, no group is divided between folds.
        Groups are also passed to a splitter and to every fit that accepts them.
    cv : int, splitter or iterable, default=None
        An int is the number of folds of `MultiTaskStratifiedKFold`; None means 5. The
        test sets of a splitter or of an iterable of (train, test) must contain each
        sample exactly once.
    n_jobs : int, default=None
        Number of folds to fit at the same time.
    params : dict, default=None
        Parameters passed to fit, such as "sample_weight" of shape (n_samples,) or
        (n_samples, n_tasks). Arrays with one entry per sample are restricted to the
        training samples. With metadata routing enabled, each parameter is passed to the
        objects that request it.
    method : {"predict", "predict_proba"}, default="predict"
        Method of the fitted estimators to call.

    Returns
    -------
    ndarray or list of ndarray
        For "predict", an array of shape (n_samples,) or (n_samples, n_tasks). For
        "predict_proba", an array of shape (n_samples, n_classes) if y is 1-D, otherwise
        a list with one such array per task and None for regressions. A class that is
        not in the training samples of a fold has probability 0 in its test samples.
        Predictions are NaN if a task has no label in the training samples of a fold.
        For token tasks, "predict" gives a list of tags for each sample, and
        "predict_proba" an array (n_tokens, n_tags) for each sample, without rows if no
        tag was seen in training.

    Raises
    ------
    ValueError
        If the test sets are not a partition of the samples, or the method is unknown.
    TaskError
        If the estimator has learned a class that is not a label in y.

    See Also
    --------
    per_task_scorers : Scores of tasks with missing labels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn_mtl.model_selection import cross_val_predict
    >>> X = np.zeros((4, 1))
    >>> y = np.array(["a", "b", "b", "c"])
    >>> cv = [([1, 2], [0, 3]), ([0, 3], [1, 2])]
    >>> cross_val_predict(DummyClassifier(), X, y, cv=cv, method="predict_proba")
    array([[0. , 1. , 0. ],
           [0.5, 0. , 0.5],
           [0.5, 0. , 0.5],
           [0. , 1. , 0. ]])
    """
    if method not in _METHODS:
        raise ValueError(f"{_WHO}: method must be one of {_METHODS}, got {method!r}.")
    warn_of_index_order(_WHO, X=X, y=y, groups=groups)
    X, y, groups = indexable(X, as_targets(y, _WHO), groups)
    columns = read_columns(y, _WHO)
    splitter = (
        stratified_folds(5 if cv is None else int(cv), groups)
        if cv is None or isinstance(cv, Integral)
        else check_cv(cv)
    )
    estimator = decide_task_types(estimator, columns, _WHO)
    fit_params, split_params = _route(estimator, splitter, params or {}, groups)
    splits = list(splitter.split(X, y, **split_params))
    fits = FoldFits(estimator, X, y, columns, fit_params, _WHO)
    folds = fits.predict(splits, method, n_jobs)
    if method == "predict_proba":
        proba = _all_probabilities(folds, columns)
        return proba[0] if columns.is_1d else proba
    labels = [_join_predictions(folds, t) for t in range(len(columns.names))]
    return labels[0] if columns.is_1d else _stack(labels)


def _route(
    estimator: Estimator,
    splitter: Splitter,
    params: Mapping[str, Any],
    groups: ArrayLike | None,
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the parameters of fit and of split."""
    if not get_config()["enable_metadata_routing"]:
        own = fit_params_for(estimator, {"groups": groups}, _WHO)
        return {**own, **params}, {"groups": groups}
    if groups is not None:
        raise ValueError(
            f"{_WHO}: groups is not allowed with metadata routing enabled. Use "
            "params={'groups': groups}."
        )
    router = (
        MetadataRouter(owner=_WHO)
        .add(
            splitter=splitter,
            method_mapping=MethodMapping().add(caller="fit", callee="split"),
        )
        .add(
            estimator=estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )
    )
    routed = process_routing(router, "fit", **params)
    return routed.estimator.fit, routed.splitter.split


def _all_probabilities(
    folds: Sequence[FoldOutput], columns: TargetColumns
) -> list[Any]:
    """Return the probabilities of the classes in y."""
    found = []
    for t, (name, values) in enumerate(zip(columns.names, columns.values, strict=True)):
        if holds_lists(values):
            values, _, _ = read_tags(values, name, _WHO)
        labels = np.unique(values)
        task = Task(name, "multiclass", labels, labels.dtype)
        found.append(join_probabilities(folds, task, t, len(columns.observed), _WHO))
    return found


def _join_predictions(folds: Sequence[FoldOutput], t: int) -> np.ndarray:
    """Return the predictions of one task for all samples, in their order."""
    parts = [np.asarray(fold.outputs[t]) for fold in folds]
    order = np.argsort(np.concatenate([fold.test for fold in folds]))
    # A fold without labels of the task predicts NaN, even if the labels are strings.
    return np.concatenate(_alike(parts))[order]


def _stack(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Return an array with one column per task."""
    return np.stack(_alike(labels), axis=1)


def _alike(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return arrays that can be joined without converting numbers to strings."""
    families = {"f" if a.dtype.kind in "iu" else a.dtype.kind for a in arrays}
    return list(arrays) if len(families) == 1 else [a.astype(object) for a in arrays]
