"""Splits of targets with labels of weight 0."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from sklearn_mtl.model_selection._folds import MultiTaskFolds
from sklearn_mtl.model_selection._shuffle_split import MultiTaskStratifiedShuffleSplit
from sklearn_mtl.utils._table import drop_weightless
from sklearn_mtl.utils._typing import FeaturesLike, Splitter, TargetsLike

__all__ = ["split_weighted"]


def split_weighted(
    cv: Splitter,
    X: FeaturesLike,
    y: TargetsLike,
    groups: ArrayLike | None,
    sample_weight: ArrayLike | None,
) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    """Split with labels of weight 0 treated as missing labels.

    Splitters of scikit-learn do not support missing labels, so they get y unchanged.

    Shapes: X (n_samples, n_features), y (n_samples,) or (n_samples,
    n_tasks), groups (n_samples,).
    """
    if isinstance(cv, MultiTaskFolds | MultiTaskStratifiedShuffleSplit):
        y = drop_weightless(y, sample_weight, type(cv).__name__)
    return cv.split(X, y, groups)
