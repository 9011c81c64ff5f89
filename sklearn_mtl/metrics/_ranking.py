"""Ranking of one class against the rest, without the fixed cost of a checked call.

scikit-learn's functions give the same numbers (the tests compare), but take 1-2 ms a
call for checks and curves that are thrown away; with 600 tasks, 5 folds and 10 models
that is a minute.
"""

from __future__ import annotations

import numpy as np

__all__ = ["area_under_roc", "average_precision_of"]


def area_under_roc(is_in: np.ndarray, score: np.ndarray, w: np.ndarray) -> float:
    """Return the weighted share of pairs (in, out) in the right order, ties half.

    Shapes: is_in (n,), score (n,), w (n,).
    """
    hits, misses = _steps(is_in, -score, w)
    # Mann and Whitney's U over the number of pairs.
    passed = np.cumsum(misses)
    below = passed[-1] - passed
    return float(hits @ (below + misses / 2) / (hits.sum() * passed[-1]))


def average_precision_of(is_in: np.ndarray, score: np.ndarray, w: np.ndarray) -> float:
    """Return the mean of the precision at the rows of the class, not interpolated.

    Shapes: is_in (n,), score (n,), w (n,).
    """
    hits, misses = _steps(is_in, -score, w)
    found = np.cumsum(hits)
    precision = found / (found + np.cumsum(misses))
    return float(hits @ precision / found[-1])


def _steps(
    is_in: np.ndarray, key: np.ndarray, w: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight in and out of the class at each distinct key, in order."""
    order = np.argsort(key, kind="stable")
    ordered = key[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    weight, inside = w[order], is_in[order]
    hits = np.add.reduceat(weight * inside, first)
    return hits, np.add.reduceat(weight * ~inside, first)
