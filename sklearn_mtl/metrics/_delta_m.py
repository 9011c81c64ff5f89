"""The mean relative reduction of errors against single-task models."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.exceptions import UndefinedMetricWarning

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics._registry import is_by_kind, is_error
from sklearn_mtl.tasks import by_task, task_name
from sklearn_mtl.utils._typing import MetricChoice

__all__ = ["delta_m"]

_WHO = "delta_m"


def delta_m(multi: Any, single: Any, *, metric: MetricChoice | None = None) -> float:
    """Return by how much multi-task models reduce the errors of single-task ones.

    Delta_m = mean over tasks t of (S_t - M_t) / S_t, with the errors S of the
    single-task and M of the multi-task models [1]_: 0.1 is 10 % less error, positive is
    better. A ratio has no meaning for a score such as AUC, accuracy or R2, whose best
    value is 1 and whose chance level is not 0: an AUC of .95 in place of .90 is half
    the error and 6 % more score. So for scores the result is NaN and a warning names
    the tasks; give 1 - score where the best score is 1.

    Parameters
    ----------
    multi : dict of str to float, or array-like of shape (n_tasks,)
        Errors of the multi-task model, as `per_task_score` gives them.
    single : dict of str to float, or array-like of shape (n_tasks,)
        Errors of the single-task models for the same tasks.
    metric : None, str or dict by task name, default=None
        What was measured. None: errors, smaller is better. Otherwise names of
        `per_task_score`; negated errors ("neg_...") are turned back.

    Returns
    -------
    float
        The mean relative reduction; NaN if a task was measured by a score, has no
        value, or has a single-task error of 0.

    Raises
    ------
    TaskError
        If the tasks differ, a metric is unknown, or an error is negative.

    Warns
    -----
    UndefinedMetricWarning
        Which tasks make the result NaN, and why.

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
    M, S = (_values(values, names) for values in (multi, single))
    metrics = by_task(metric, names, parameter="metric", who=_WHO)
    signs = np.array([_sign(metrics[name]) for name in names])
    # A negated error becomes an error again.
    M, S = signs * M, signs * S
    _refuse_negative(names, M, S)
    is_empty = np.isnan(M) | np.isnan(S)
    reasons = {
        "measured by a score, which has no relative reduction": signs == 0,
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
    """Return a dict or a pandas series by task name; anything else as it is."""
    if not hasattr(values, "items"):
        return values
    return {task_name(key): value for key, value in values.items()}


def _names(multi: Any, single: Any) -> list[str]:
    if isinstance(multi, Mapping) != isinstance(single, Mapping):
        raise TaskError(f"{_WHO}: multi and single must both be dicts, or both arrays.")
    if isinstance(multi, Mapping):
        if set(multi) != set(single):
            raise TaskError(
                f"{_WHO}: multi has the tasks {list(multi)}, single {list(single)}."
            )
        names = list(multi)
    else:
        if np.shape(multi) != np.shape(single) or np.ndim(multi) != 1:
            raise TaskError(
                f"{_WHO}: multi has shape {np.shape(multi)}, single "
                f"{np.shape(single)}; both must be (n_tasks,)."
            )
        names = [f"task{t}" for t in range(len(multi))]
    if not names:
        raise TaskError(f"{_WHO}: at least one task is needed.")
    return names


def _values(values: Any, names: list[str]) -> np.ndarray:
    is_dict = isinstance(values, Mapping)
    return np.array([values[n] for n in names] if is_dict else values, dtype=float)


def _sign(metric: MetricChoice) -> int:
    """Return 1 for an error, -1 for a negated one, 0 for a score."""
    if metric is None:
        return 1
    if not isinstance(metric, str):
        raise TaskError(
            f"{_WHO}: metric must be a name, a dict of names, or None for errors, "
            f"found {metric!r}."
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
            "For negated errors say so: metric='neg_mean_squared_error'."
        )
