"""Fits to the training samples of each fold, and predictions of the test samples."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.parallel import Parallel, delayed

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.model_selection._responses import (
    ask_probabilities,
    classes_of_tasks,
    predicted_columns,
    proba_of_tasks,
)
from sklearn_mtl.tasks import TargetColumns, Task
from sklearn_mtl.utils._fit_params import is_validation
from sklearn_mtl.utils._private import safe_indexing
from sklearn_mtl.utils._termination import workers_end_with_us
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["FoldFits", "FoldOutput", "join_probabilities"]

Split = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class FoldOutput:
    """Predictions of the model of one fold for its test samples."""

    test: np.ndarray
    classes: list[np.ndarray | None]
    outputs: Sequence[Any]


@dataclass(frozen=True)
class FoldFits:
    """Estimator and data that are fitted in each fold.

    Attributes
    ----------
    estimator : estimator
        A clone of it is fitted to each fold.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Targets as passed to the estimator.
    columns : TargetColumns
        The same targets, converted.
    params : mapping of str to object
        Parameters of fit. Arrays with one entry per sample are restricted to the
        training samples.
    who : str
        Name of the caller, with which messages begin.
    ignored : tuple of type
        Categories of warnings that a fit to all samples has already issued; they are
        not repeated.
    """

    estimator: Any
    X: FeaturesLike
    y: TargetsLike
    columns: TargetColumns
    params: Mapping[str, Any]
    who: str
    ignored: tuple[type[Warning], ...] = ()

    def predict(
        self, splits: Sequence[Split], method: str, n_jobs: int | None
    ) -> list[FoldOutput]:
        """Return the predictions of all folds for their test samples."""
        self._check_partition([test for _, test in splits])
        n_tasks = self.columns.observed.shape[1]
        parts = self.ask(
            splits, partial(_predict_tasks, method, n_tasks, self.who), n_jobs
        )
        pairs = zip(splits, parts, strict=True)
        return [FoldOutput(np.asarray(test), *part) for (_, test), part in pairs]

    def ask(
        self, splits: Sequence[Split], question: Callable, n_jobs: int | None
    ) -> list[Any]:
        """Return question(model, X_test) for each fold."""
        with workers_end_with_us():
            found: list[Any] = Parallel(n_jobs=n_jobs)(
                delayed(self._ask_fold)(split, question) for split in splits
            )
        return found

    def _check_partition(self, tests: Sequence[np.ndarray]) -> None:
        rows = np.concatenate([np.asarray(test) for test in tests])
        n_samples = len(self.columns.observed)
        if not np.array_equal(np.sort(rows), np.arange(n_samples)):
            raise ValueError(
                f"{self.who}: the test sets of cv are not a partition: they must "
                f"contain each of the {n_samples} samples exactly once, but they "
                f"contain {len(rows)} samples, of which {len(np.unique(rows))} are "
                "different."
            )

    def _ask_fold(self, split: Split, question: Callable) -> Any:
        train, test = (np.asarray(rows) for rows in split)
        n_samples = len(self.columns.observed)
        # Without categories, leave the filters unchanged: then a warning that all folds
        # issue is shown once.
        with warnings.catch_warnings() if self.ignored else nullcontext():
            for category in self.ignored:
                warnings.simplefilter("ignore", category)
            fitted = clone(self.estimator).fit(
                safe_indexing(self.X, train),
                safe_indexing(self.y, train),
                **_rows_of_params(self.params, train, n_samples),
            )
            return question(fitted, safe_indexing(self.X, test))


def _predict_tasks(
    method: str, n_tasks: int, who: str, fitted: Any, X: FeaturesLike
) -> tuple[list[np.ndarray | None], Sequence[Any]]:
    """Return the classes and the predictions of a fitted estimator."""
    classes = classes_of_tasks(fitted, n_tasks, who)
    if method == "predict":
        return classes, predicted_columns(fitted.predict(X), n_tasks, who)
    return classes, proba_of_tasks(ask_probabilities(fitted, X), classes, who)


def _rows_of_params(
    params: Mapping[str, Any], rows: np.ndarray, n_samples: int
) -> dict:
    """Return the parameters, with arrays of one entry per sample restricted to rows."""
    # A validation set has separate samples, possibly n_samples of them.
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


def join_probabilities(
    folds: Sequence[FoldOutput], task: Task, t: int, n_samples: int, who: str
) -> Any:
    """Return the probabilities of all classes of task t, for all samples."""
    if all(fold.classes[t] is None for fold in folds):
        return None
    if any(isinstance(fold.outputs[t], list) for fold in folds):
        return _join_tokens(folds, task, t, who)
    out = np.zeros((n_samples, task.n_classes))
    for fold in folds:
        known, proba = fold.classes[t], fold.outputs[t]
        if known is None or proba is None or not len(known):
            out[fold.test] = np.nan
        else:
            out[np.ix_(fold.test, _place(task, known, who))] = proba
    return out


def _join_tokens(
    folds: Sequence[FoldOutput], task: Task, t: int, who: str
) -> list[np.ndarray]:
    """Return the probabilities (n_tokens, n_tags) of all samples, in their order."""
    parts: dict[int, np.ndarray] = {}
    for fold in folds:
        known = fold.classes[t]
        assert known is not None  # for the type checker
        place = _place(task, known, who)
        for row, given in zip(fold.test.tolist(), fold.outputs[t], strict=True):
            # A model that was trained without tags returns an array without rows.
            parts[row] = np.zeros((len(given), task.n_classes))
            parts[row][:, place] = given
    return [parts[row] for row in sorted(parts)]


def _place(task: Task, learned: np.ndarray, who: str) -> np.ndarray:
    """Return the indices of the classes of a fold among the classes of y."""
    place = task.encode(learned).astype(np.intp)
    if (place < 0).any():
        raise TaskError(
            f"{who}: task {task.name!r}: the estimator has learned the classes "
            f"{learned[place < 0].tolist()}, which are not among the labels in y: "
            f"{task.classes}. Check whether it treats missing labels as a class."
        )
    return place
