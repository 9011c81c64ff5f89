"""Check what predict gets against what fit saw, in a container that all read alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from sklearn_mtl.utils._containers import fill_masked

__all__ = ["check_features", "read_features", "record_features"]


def read_features(model: Any, X: Any, *, reset: bool, **checks: Any) -> Any:
    """Validate X for an estimator that reads its values.

    Parameters
    ----------
    model : estimator
        Remembers, or compares, number and names of the features.
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Inputs; what is masked is missing.
    reset : bool
        Whether to remember the features (fit) or to compare them.
    **checks : dict
        For `sklearn.utils.validation.validate_data`.

    Returns
    -------
    ndarray or sparse matrix
        The values.

    Raises
    ------
    ValueError
        If the features are not those of fit, or a check fails.
    """
    return validate_data(model, fill_masked(X), reset=reset, **checks)


def record_features(model: Any, X: Any) -> Any:
    """Note number and names of the features of X.

    Parameters
    ----------
    model : estimator
        In its fit; it hands X on to other estimators, which read its values.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Inputs; pictures have as many features as values.

    Returns
    -------
    array-like
        X as it is handed on: what was masked is NaN.
    """
    X = fill_masked(X)
    validate_data(model, _as_rows(X), skip_check_array=True)
    return X


def check_features(model: Any, X: Any) -> Any:
    """Refuse X of another number or other names of features than in fit.

    Parameters
    ----------
    model : estimator
        Fitted; it hands X on to other estimators, which read its values.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Inputs; pictures may come as flat rows too.

    Returns
    -------
    array-like
        X as it is handed on: what was masked is NaN.

    Raises
    ------
    ValueError
        If X is 1-D, or its features are not those of fit.
    """
    X = fill_masked(X)
    if len(getattr(X, "shape", "2d")) == 1 and hasattr(model, "n_features_in_"):
        raise ValueError(
            f"{type(model).__name__}: X has shape {X.shape}; it must be (n_samples, "
            f"{model.n_features_in_}). Reshape your data: X.reshape(-1, 1) if it "
            "has one feature, X.reshape(1, -1) if it is one sample."
        )
    validate_data(model, _as_rows(X), reset=False, skip_check_array=True)
    return X


def _as_rows(X: Any) -> Any:
    """Return X, or for pictures something that has the shape of their flat rows."""
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if len(shape) <= 2:
        return X
    return np.broadcast_to(np.uint8(0), (shape[0], math.prod(shape[1:])))
