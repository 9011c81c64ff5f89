"""Fits without each fold, and what they say of the samples in it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import clone

from sklearn_mtl.exceptions import (
    FreeTextWarning,
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
)
from sklearn_mtl.model_selection import rows_of_params
from sklearn_mtl.multioutput._model_outputs import model_outputs
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.uncertainty import CalibrationData
from sklearn_mtl.utils._pipelines import tolerant
from sklearn_mtl.utils._private import num_samples, safe_indexing
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["fit_fold", "join_folds"]

_SAID = (
    FreeTextWarning,
    IndexOrderWarning,
    MissingLabelWarning,
    SingleClassWarning,
)  # by the whole fit


def fit_fold(
    estimator: Any,
    X: FeaturesLike,
    y: TargetsLike,
    params: Mapping[str, Any],
    split: tuple[np.ndarray, np.ndarray],
    task_set: TaskSet,
    who: str,
) -> list[np.ndarray]:
    """Return the outputs for a test set of a model that has not seen it."""
    train, test = split
    own = rows_of_params(params, train, num_samples(X))
    with warnings.catch_warnings():
        for seen in _SAID:
            warnings.simplefilter("ignore", seen)
        fitted = tolerant(clone(estimator)).fit(
            safe_indexing(X, train), safe_indexing(y, train), **own
        )
        return model_outputs(fitted, task_set, safe_indexing(X, test), who)


def join_folds(
    parts: Sequence[Sequence[np.ndarray]],
    tests: Sequence[np.ndarray],
    task_set: TaskSet,
    codes: np.ndarray,
    weights: np.ndarray | None,
) -> CalibrationData:
    """Bring the folds together; a sample in several test sets counts in each."""
    rows = np.concatenate(tests)
    fold = np.repeat(np.arange(len(tests)), [len(test) for test in tests])
    outputs = [np.concatenate(task) for task in zip(*parts, strict=True)]
    own = None
    if weights is not None:
        own = np.broadcast_to(weights.reshape(len(codes), -1), codes.shape)[rows]
    return CalibrationData.of_fit(task_set.tasks, outputs, codes[rows], own, fold)
