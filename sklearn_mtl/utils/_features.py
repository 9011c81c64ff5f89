"""Checks that X has the same features in fit and in predict."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.utils import check_array, get_tags
from sklearn.utils.validation import validate_data

from sklearn_mtl.utils._containers import frame_numbers, plain_inputs
from sklearn_mtl.utils._finite import check_sizes
from sklearn_mtl.utils._frames import is_pandas_frame
from sklearn_mtl.utils._typing import Estimator, FeaturesLike

__all__ = [
    "check_features",
    "match_features",
    "read_features",
    "reads_texts",
    "record_features",
]


def read_features(
    model: Estimator, X: FeaturesLike, *, reset: bool, **checks: Any
) -> Any:
    """Validate X for an estimator that reads its values.

    Shapes: X (n_samples, n_features).
    """
    X = plain_inputs(X, type(model).__name__)
    if getattr(getattr(X, "dtype", None), "kind", "f") in ("m", "M"):
        raise ValueError(  # scikit-learn's check would convert dates to numbers
            f"{type(model).__name__}: X is of dtype {X.dtype}; numbers are needed. "
            "Encode dates as numbers first, such as days."
        )
    numbers = frame_numbers(X, model)
    if numbers is None:
        _match_labels(model, X, reset=reset)
        return validate_data(model, X, reset=reset, **checks)
    match_features(model, X, reset=reset)
    return check_array(numbers, estimator=model, input_name="X", **checks)


def match_features(model: Estimator, X: FeaturesLike, *, reset: bool) -> None:
    """Store the number and names of the features of X, or compare them with fit.

    Shapes: X (n_samples, n_features) or (n_samples, ...).
    """
    _match_labels(model, X, reset=reset)
    validate_data(model, _as_rows(X), reset=reset, skip_check_array=True)


def _match_labels(model: Any, X: Any, *, reset: bool) -> None:
    """Store or compare column labels that are not strings, like feature names."""
    # scikit-learn ignores labels that are not strings, and matches columns by position.
    labels = list(X.columns) if is_pandas_frame(X) else []
    if all(isinstance(label, str) for label in labels):
        labels = []
    if reset:
        model._column_labels = labels
        return
    known = getattr(model, "_column_labels", [])
    if not labels or not known or labels == known:
        return
    # a DataFrame without explicit column names is matched by position
    is_numbered = list(range(len(known))) in (labels, known)
    if is_numbered and set(labels) != set(known):
        return
    raise ValueError(
        f"{type(model).__name__}: the columns of X are {labels}; in fit they were "
        f"{known}, in this order."
    )


def record_features(model: Estimator, X: FeaturesLike) -> Any:
    """Store the number and names of the features of X.

    Shapes: X (n_samples, n_features) or (n_samples, ...).
    """
    X = plain_inputs(X, type(model).__name__)
    match_features(model, X, reset=True)
    check_sizes(X, None, type(model).__name__)
    return X


def check_features(model: Estimator, X: FeaturesLike) -> Any:
    """Raise if X and the data of fit differ in the number or names of features.

    Shapes: X (n_samples, n_features) or (n_samples, ...).
    """
    X = plain_inputs(X, type(model).__name__)
    if len(getattr(X, "shape", "2d")) == 1 and hasattr(model, "n_features_in_"):
        raise ValueError(
            f"{type(model).__name__}: X has shape {X.shape}; it must be (n_samples, "
            f"{model.n_features_in_}). Reshape your data: X.reshape(-1, 1) if it "
            "has one feature, X.reshape(1, -1) if it is one sample."
        )
    match_features(model, X, reset=False)
    return X


def reads_texts(estimators: Iterable[Any]) -> bool:
    """Return whether X is a list of texts or of tokens, which has no columns."""
    return any(get_tags(one).input_tags.string for one in estimators)


def _as_rows(X: FeaturesLike) -> Any:
    """Return X, or for images a dummy array with the shape of the flattened images."""
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if len(shape) <= 2:
        return X
    return np.broadcast_to(np.uint8(0), (shape[0], math.prod(shape[1:])))
