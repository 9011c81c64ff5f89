"""Mean relative reduction of errors compared with single-task models."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._registry import is_by_kind, is_error
from sklearn_mtl.tasks import by_task, task_name
from sklearn_mtl.utils._numbers import as_numbers
from sklearn_mtl.utils._typing import MetricChoice

__all__ = ["delta_m"]

_WHO = "delta_m"


def delta_m(multi: Any, single: Any, *, metric: MetricChoice | None = None) -> float:
    """Return the mean relative reduction of errors compared with single-task models.

    Delta_m = mean over tasks t of (S_t - M_t) / S_t, with the errors S of the
    single-task models and M of the multi-task model [1]_. A value of 0.1 means 10 %
    less error; positive is better. Ratios are not meaningful for scores such as AUC,
    accuracy or R2, whose best value is 1 and whose chance level is not 0: increasing an
    AUC from 0.90 to 0.95 halves the error but increases the score by only 6 %.
    Therefore the result is NaN for scores, with a warning that names the tasks. Use
    1 - score as the error if the best score is 1.

    Parameters
    ----------
    multi : dict of str to float, or array-like of shape (n_tasks,)
        Errors of the multi-task model, as returned by `per_task_score`.
    single : dict of str to float, or array-like of shape (n_tasks,)
        Errors of the single-task models for the same tasks.
    metric : None, str or dict by task name, default=None
        Metric of the values, with a name from `per_task_score`. Negated errors
        ("neg_...") are converted to errors. None means errors, where lower is better.

    Returns
    -------
    float
        Mean relative reduction; NaN if the metric of a task is a score, a value is
        missing, or a single-task error is 0.

    Raises
    ------
    TaskError
        If the tasks differ, a metric is unknown, or an error is negative.

    Warns
    -----
    UndefinedMetricWarning
        If the result is NaN. The message has the tasks and the reasons.

    References
    ----------
    .. [1] K.-K. Maninis, I. Radosavovic, I. Kokkinos. "Attentive single-tasking of
       multiple tasks". CVPR 2019, eq. 3.

    Examples
    --------
    >>> from sklearn_mtl.metrics import delta_m
    >>> delta_m({"a": 0.9, "b": 2.0}, {"a": 1.0, "b": 2.0})
    0.05
    """
    multi, single = _read(multi), _read(single)
    names = _names(multi, single)
    M, S = _values(multi, names, "multi"), _values(single, names, "single")
    metrics = by_task(metric, names, parameter="metric", who=_WHO)
    signs = np.array([_sign(metrics[name]) for name in names])
    # Convert negated errors to errors.
    M, S = signs * M, signs * S
    _refuse_negative(names, M, S)
    is_empty = np.isnan(M) | np.isnan(S)
    reasons = {
        "whose metric is a score, which has no relative reduction": signs == 0,
        "without a value": is_empty & (signs != 0),
        "with a single-task error of 0": (S == 0) & (signs != 0) & ~is_empty,
    }
    told = [
        f"{reason}: {[names[t] for t in np.flatnonzero(which)]}"
        for reason, which in reasons.items()
        if which.any()
    ]
    if told:
        warnings.warn(
            f"{_WHO} is NaN because of tasks {'; '.join(told)}.",
            UndefinedMetricWarning,
            stacklevel=2,
        )
        return np.nan
    return float(np.mean((S - M) / S))


def _read(values: Any) -> Any:
    """Return a dict by task name for a dict or a Series; other values unchanged."""
    if not hasattr(values, "items"):
        return values
    return {task_name(key): value for key, value in values.items()}


def _names(multi: Any, single: Any) -> list[str]:
    if isinstance(multi, Mapping) != isinstance(single, Mapping):
        raise TaskError(f"{_WHO}: multi and single must both be dicts, or both arrays.")
    if isinstance(multi, Mapping):
        if set(multi) != set(single):
            raise TaskError(
                f"{_WHO}: multi has the tasks {list(multi)}, but single has "
                f"{list(single)}."
            )
        names = list(multi)
    else:
        if np.shape(multi) != np.shape(single) or np.ndim(multi) != 1:
            raise TaskError(
                f"{_WHO}: multi has shape {np.shape(multi)} and single has shape "
                f"{np.shape(single)}; both must be (n_tasks,)."
            )
        names = [f"task{t}" for t in range(len(multi))]
    if not names:
        raise TaskError(f"{_WHO}: at least one task is required.")
    return names


def _values(values: Any, names: list[str], parameter: str) -> np.ndarray:
    is_dict = isinstance(values, Mapping)
    return as_numbers(
        [values[n] for n in names] if is_dict else values, parameter, _WHO
    )


def _sign(metric: MetricChoice) -> int:
    """Return 1 for an error, -1 for a negated one, 0 for a score."""
    if metric is None:
        return 1
    if not isinstance(metric, str):
        raise TaskError(
            f"{_WHO}: metric must be a name, a dict of names, or None for errors; got "
            f"{metric!r}."
        )
    if is_by_kind(metric) or not is_error(metric, _WHO):
        return 0
    return -1 if metric.startswith("neg_") else 1


def _refuse_negative(names: list[str], M: np.ndarray, S: np.ndarray) -> None:
    with np.errstate(invalid="ignore"):
        negative = np.flatnonzero((M < 0) | (S < 0))
    if len(negative):
        raise TaskError(
            f"{_WHO}: the errors of tasks {[names[t] for t in negative]} are negative. "
            "For negated errors, set metric, for example to 'neg_mean_squared_error'."
        )
