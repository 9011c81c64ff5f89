"""Adaptive prediction sets of classes."""

from __future__ import annotations

import numpy as np

__all__ = ["class_scores", "true_scores"]


def class_scores(proba: np.ndarray) -> np.ndarray:
    """Return the total probability of all classes more probable than each class.

    The score of the most probable class is 0. The probability of the class itself is
    not included. Otherwise the least probable class would always have the score 1, and
    both of two classes would be in every set if the coverage exceeds the accuracy.

    Shapes: proba (n_samples, n_classes) -> (n_samples, n_classes).

    References
    ----------
    Y. Romano, M. Sesia and E. Candes, "Classification with valid and adaptive
    coverage", NeurIPS 2020, equation 7 with u = 1.
    """
    order = np.argsort(-proba, axis=1, kind="stable")
    mass = np.zeros_like(proba)
    np.cumsum(np.take_along_axis(proba, order[:, :-1], axis=1), axis=1, out=mass[:, 1:])
    scores = np.empty_like(mass)
    np.put_along_axis(scores, order, mass, axis=1)
    return scores


def true_scores(proba: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return the scores of the true classes, NaN where a label is missing.

    Shapes: proba (n_samples, n_classes), codes (n_samples,) -> (n_samples,).
    """
    out = np.full(len(codes), np.nan)
    seen = np.flatnonzero(~np.isnan(codes))
    if len(seen):
        own = codes[seen].astype(np.intp)
        out[seen] = class_scores(proba[seen])[np.arange(len(seen)), own]
    return out
