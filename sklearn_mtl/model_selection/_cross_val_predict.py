"""Out-of-fold predictions for tasks with missing labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn import get_config
from sklearn.base import clone
from sklearn.model_selection import check_cv
from sklearn.utils import indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.parallel import Parallel, delayed

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection._responses import (
    ask_probabilities,
    classes_of_tasks,
    predicted_columns,
    proba_of_tasks,
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
from sklearn_mtl.utils._fit_params import fit_params_for, is_validation
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._private import safe_indexing
from sklearn_mtl.utils._termination import workers_end_with_us
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    Splitter,
    TargetsLike,
)

__all__ = ["cross_val_predict", "rows_of_params"]

_WHO = "cross_val_predict"
_METHODS = ("predict", "predict_proba")


@dataclass(frozen=True)
class _Fold:
    """What the model of one fold says of its test rows."""

    test: np.ndarray
    classes: list[np.ndarray | None]
    outputs: Sequence[Any]


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
    """Predict every row by a model that was not trained on it.

    scikit-learn's function of this name makes NaN a class of its own when labels are
    missing, which shifts columns of probabilities without a word; here the columns are
    the classes of the full y, task by task, and NaN is never one of them. Missing
    labels are predicted like the others.

    Parameters
    ----------
    estimator : estimator
        Any estimator that can be fitted to y; a clone is fitted for each fold.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Labels; NaN where missing.
    groups : array-like of shape (n_samples,), default=None
        The group of each sample: folds of a number do not divide groups, and a splitter
        and every fit that takes groups get them.
    cv : int, splitter or iterable, default=None
        None is 5; a number is that many folds of `MultiTaskStratifiedKFold`; otherwise
        a splitter or an iterable of (train, test) whose test sets hold every row once.
    n_jobs : int, default=None
        Number of folds to fit at the same time.
    params : dict, default=None
        Given to fit, such as {"sample_weight": (n_samples,) or (n_samples, n_tasks)}:
        of what has one entry a row the training rows. With metadata routing enabled,
        each goes where it is requested.
    method : {"predict", "predict_proba"}, default="predict"
        What to return.

    Returns
    -------
    ndarray or list of ndarray
        "predict": (n_samples,) or (n_samples, n_tasks). "predict_proba": (n_samples,
        n_classes) for 1-D y, else a list of them with None for regressions; a class
        that was not in a fold's training rows has probability 0 in its test rows. NaN
        where a task had no label in the training rows of a fold. Of tokens lists of
        tags, and a list with an array (n_tokens, n_tags) for each sample, which has no
        row where there was no tag in training.

    Raises
    ------
    ValueError
        If the test sets are no partition of the rows, or the method is unknown.
    TaskError
        If the estimator has learned a class that is no label of y.

    See Also
    --------
    per_task_scorers : Scores with the same care.

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
        raise ValueError(f"{_WHO}: method must be one of {_METHODS}, found {method!r}.")
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
    _check_partition([test for _, test in splits], len(columns.observed))
    shape = columns.observed.shape
    with workers_end_with_us():
        folds = Parallel(n_jobs=n_jobs)(
            delayed(_predict_fold)(
                clone(estimator), X, y, fit_params, split, shape, method
            )
            for split in splits
        )
    tasks = range(len(columns.names))
    if method == "predict_proba":
        proba = [_join_probabilities(folds, columns, t) for t in tasks]
        return proba[0] if columns.is_1d else proba
    labels = [_join_predictions(folds, t) for t in tasks]
    return labels[0] if columns.is_1d else _stack(labels)


def _route(
    estimator: Estimator,
    splitter: Splitter,
    params: Mapping[str, Any],
    groups: ArrayLike | None,
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what goes to fit and what goes to split."""
    if not get_config()["enable_metadata_routing"]:
        own = fit_params_for(estimator, {"groups": groups}, _WHO)
        return {**own, **params}, {"groups": groups}
    if groups is not None:
        raise ValueError(
            f"{_WHO}: with metadata routing enabled, groups go into params: "
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


def _check_partition(tests: Sequence[np.ndarray], n_samples: int) -> None:
    rows = np.concatenate([np.asarray(test) for test in tests])
    if not np.array_equal(np.sort(rows), np.arange(n_samples)):
        raise ValueError(
            f"{_WHO} only works for partitions: the test sets of cv must hold every "
            f"one of the {n_samples} rows once. They hold {len(np.unique(rows))} of "
            f"them, {len(rows)} in all."
        )


def rows_of_params(params: Mapping[str, Any], rows: np.ndarray, n_samples: int) -> dict:
    """Return the parameters with those that have an entry a row cut to some rows."""
    # A validation set has rows of its own, as many as it may have.
    return {
        name: safe_indexing(value, rows)
        if _length(value) == n_samples and not is_validation(name)
        else value
        for name, value in params.items()
    }


def _length(value: Any) -> int | None:
    if hasattr(value, "shape"):
        return value.shape[0] if value.shape else None
    return len(value) if isinstance(value, list | tuple) else None


def _predict_fold(
    estimator: Estimator,
    X: FeaturesLike,
    y: TargetsLike,
    fit_params: Mapping[str, Any],
    split: tuple[np.ndarray, np.ndarray],
    shape: tuple[int, int],
    method: str,
) -> _Fold:
    n_samples, n_tasks = shape
    train, test = (np.asarray(rows) for rows in split)
    fitted = estimator.fit(
        safe_indexing(X, train),
        safe_indexing(y, train),
        **rows_of_params(fit_params, train, n_samples),
    )
    classes = classes_of_tasks(fitted, n_tasks, _WHO)
    X_test = safe_indexing(X, test)
    if method == "predict":
        output = fitted.predict(X_test)
        return _Fold(test, classes, predicted_columns(output, n_tasks, _WHO))
    output = ask_probabilities(fitted, X_test)
    return _Fold(test, classes, proba_of_tasks(output, classes, _WHO))


def _join_predictions(folds: Sequence[_Fold], t: int) -> np.ndarray:
    """Return one task's predictions of all rows, in their order."""
    parts = [np.asarray(fold.outputs[t]) for fold in folds]
    order = np.argsort(np.concatenate([fold.test for fold in folds]))
    # a fold without labels of a task of strings predicts NaN
    return np.concatenate(_alike(parts))[order]


def _join_probabilities(folds: Sequence[_Fold], columns: TargetColumns, t: int) -> Any:
    """Return one task's probabilities of all rows for all classes of y."""
    if all(fold.classes[t] is None for fold in folds):
        return None
    name, values = columns.names[t], columns.values[t]
    if holds_lists(values):
        values, _, _ = read_tags(values, name, _WHO)
    labels = np.unique(values)
    task = Task(name, "multiclass", labels, labels.dtype)
    if any(isinstance(fold.outputs[t], list) for fold in folds):
        return _join_tokens(folds, task, t)
    out = np.zeros((len(columns.observed), len(labels)))
    for fold in folds:
        known, proba = fold.classes[t], fold.outputs[t]
        if known is None or proba is None or not len(known):
            out[fold.test] = np.nan
        else:
            out[np.ix_(fold.test, _place(task, known))] = proba
    return out


def _join_tokens(folds: Sequence[_Fold], task: Task, t: int) -> list[np.ndarray]:
    """Return the probabilities (n_tokens, n_tags) of all rows, in their order."""
    parts: dict[int, np.ndarray] = {}
    for fold in folds:
        known = fold.classes[t]
        assert known is not None  # for the type checker
        place = _place(task, known)
        for row, given in zip(fold.test.tolist(), fold.outputs[t], strict=True):
            # a model that saw no tags gives probabilities for no token
            parts[row] = np.zeros((len(given), task.n_classes))
            parts[row][:, place] = given
    return [parts[row] for row in sorted(parts)]


def _place(task: Task, learned: np.ndarray) -> np.ndarray:
    """Return where the classes of a fold stand among those of y."""
    place = task.encode(learned).astype(np.intp)
    if (place < 0).any():
        raise TaskError(
            f"{_WHO}: task {task.name!r}: the estimator has learned the classes "
            f"{learned[place < 0].tolist()}, which are no labels of y; those are "
            f"{task.classes}. Does it take missing labels for a class?"
        )
    return place


def _stack(labels: Sequence[np.ndarray]) -> np.ndarray:
    """Return the tasks side by side."""
    return np.stack(_alike(labels), axis=1)


def _alike(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Return arrays that can be joined without turning numbers into strings."""
    families = {"f" if a.dtype.kind in "iu" else a.dtype.kind for a in arrays}
    return list(arrays) if len(families) == 1 else [a.astype(object) for a in arrays]
