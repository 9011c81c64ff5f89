"""Metrics of circular values, such as angles, hours or days of the year."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_consistent_length

from sklearn_mtl.tasks import as_targets, check_sample_weight, distances, r2_of_points
from sklearn_mtl.utils._index import warn_of_index_order

__all__ = ["circular_error", "circular_score"]


def circular_error(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    period: float = 2.0 * math.pi,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Return the mean distance of circular values along the shorter arc.

    .. math:: \frac{\sum_i w_i \min(d_i, P - d_i)}{\sum_i w_i},
        \quad d_i = |y_i - \hat y_i| \bmod P

    The error has the unit of the values. It is at most half a period, and a quarter of
    a period for random predictions. `per_task_score` and scorers use it for
    "mean_absolute_error" if the period of a task is known.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        Values, interpreted modulo the period. Samples with a missing label in `y_true`
        are left out.
    period : float, default=2 * pi
        Period of the values.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    float
        Mean error.

    Raises
    ------
    ValueError
        If the period is not positive, all labels or the prediction of a label are
        missing, or lengths differ.

    See Also
    --------
    circular_score : Score without a unit.
    sklearn_mtl.losses.CircularLoss : Loss for circular values.

    References
    ----------
    K. V. Mardia, P. E. Jupp, "Directional Statistics", Wiley 2000, section 2.3.

    Examples
    --------
    >>> from sklearn_mtl.metrics import circular_error
    >>> circular_error([359.0, 90.0], [1.0, 80.0], period=360)
    6.0
    """
    truth, given, w = _read(y_true, y_pred, period, sample_weight, "circular_error")
    return float(np.average(distances(truth, given, period), weights=w))


def circular_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    period: float = 2.0 * math.pi,
    sample_weight: ArrayLike | None = None,
) -> float:
    r"""Return R2 of circular values as points on the unit circle.

    .. math:: 1 - \frac{\sum_i w_i \|u_i - \hat u_i\|^2}{\sum_i w_i \|u_i - \bar u\|^2},
        \quad u_i = (\cos \tfrac{2 \pi y_i}{P}, \sin \tfrac{2 \pi y_i}{P})

    The score is 1 for perfect predictions, and at most 0 for a constant prediction. The
    `score` method of nets, and "r2" of scorers, use it for tasks with `CircularLoss`.

    Parameters
    ----------
    y_true, y_pred : array-like of shape (n_samples,)
        Values, interpreted modulo the period. Samples with a missing label in `y_true`
        are left out.
    period : float, default=2 * pi
        Period of the values.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    float
        R2 of the points.

    Raises
    ------
    ValueError
        If the period is not positive, all labels or the prediction of a label are
        missing, or lengths differ.

    See Also
    --------
    circular_error : Error in the unit of the values.

    Examples
    --------
    >>> from sklearn_mtl.metrics import circular_score
    >>> round(circular_score([359.0, 90.0, 200.0], [1.0, 80.0, 200.0], period=360), 3)
    0.989
    """
    truth, given, w = _read(y_true, y_pred, period, sample_weight, "circular_score")
    return r2_of_points(truth, given, w, period)


def _read(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    period: float,
    sample_weight: ArrayLike | None,
    who: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not period > 0:
        raise ValueError(f"{who}: period must be positive; got {period!r}.")
    warn_of_index_order(who, y_true=y_true, y_pred=y_pred, sample_weight=sample_weight)
    truth, given = (
        check_array(
            as_targets(y, who),
            ensure_2d=False,
            dtype=np.float64,
            input_name=name,
            ensure_all_finite="allow-nan",
        )
        for name, y in (("y_true", y_true), ("y_pred", y_pred))
    )
    check_consistent_length(truth, given)
    weights = check_sample_weight(sample_weight, (len(truth), 1), who)[:, 0]
    seen = ~np.isnan(truth)
    if not seen.any():
        raise ValueError(f"{who}: all {len(seen)} labels of y_true are missing.")
    if np.isnan(given[seen]).any():
        raise ValueError(f"{who}: y_pred is NaN for samples with a label in y_true.")
    return truth[seen], given[seen], weights[seen]
