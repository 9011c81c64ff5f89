"""Check what predict gets against what fit saw, and leave the rest to others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

__all__ = ["check_features", "record_features"]


def record_features(model: Any, X: Any) -> None:
    """Note number and names of the features of X.

    Parameters
    ----------
    model : estimator
        In its fit; it hands X on to other estimators, which read its values.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Inputs; pictures have as many features as values.
    """
    validate_data(model, _as_rows(X), skip_check_array=True)


def check_features(model: Any, X: Any) -> None:
    """Refuse X of another number or other names of features than in fit.

    Parameters
    ----------
    model : estimator
        Fitted; it hands X on to other estimators, which read its values.
    X : array-like of shape (n_samples, n_features) or (n_samples, ...)
        Inputs; pictures may come as flat rows too.

    Raises
    ------
    ValueError
        If X is 1-D, or its features are not those of fit.
    """
    if len(getattr(X, "shape", "2d")) == 1 and hasattr(model, "n_features_in_"):
        raise ValueError(
            f"{type(model).__name__}: X has shape {X.shape}; it must be (n_samples, "
            f"{model.n_features_in_}). Reshape your data: X.reshape(-1, 1) if it "
            "has one feature, X.reshape(1, -1) if it is one sample."
        )
    validate_data(model, _as_rows(X), reset=False, skip_check_array=True)


def _as_rows(X: Any) -> Any:
    """Return X, or for pictures something that has the shape of their flat rows."""
    shape: tuple[int, ...] = getattr(X, "shape", ())
    if len(shape) <= 2:
        return X
    return np.broadcast_to(np.uint8(0), (shape[0], math.prod(shape[1:])))
