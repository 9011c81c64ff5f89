"""Random hiding of labels, which simulates scarce labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from sklearn_mtl.tasks import TaskSet, as_pandas_or_array, by_task
from sklearn_mtl.utils._frames import is_pandas
from sklearn_mtl.utils._numbers import as_numbers
from sklearn_mtl.utils._typing import TargetsLike, TaskTypes

__all__ = ["hide_codes", "hide_labels", "without_cells"]


def hide_labels(
    y: TargetsLike,
    fraction: float | Sequence[float] | Mapping[Any, float] = 0.5,
    *,
    task_types: TaskTypes | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> Any:
    """Hide a fraction of the labels of each task.

    For classification tasks, `round(fraction * count)` labels of each class are hidden
    at random, but at least one label of each class is kept. The class frequencies are
    therefore preserved. For regression tasks, this fraction of all labels is hidden,
    and at least one label is kept. The labels of different tasks are hidden
    independently, so a sample may lose all of its labels.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_tasks)
        Target values. Labels that are already missing remain missing and are not
        counted.
    fraction : float, dict or sequence of float of length n_tasks, default=0.5
        Fraction of the observed labels to hide, in [0, 1): one number for all tasks, a
        sequence in task order, or a dict by task name, with 0 for tasks that are not in
        the dict.
    task_types : str, sequence or dict, default=None
        Types of the tasks, as in `MultiTaskMixedEstimator`; None infers them from the
        labels.
    random_state : int, RandomState instance or None, default=None
        Seed of the random choice.

    Returns
    -------
    ndarray or DataFrame of shape (n_samples,) or (n_samples, n_tasks)
        Copy of y with missing labels. It is a pandas DataFrame or Series if y is a
        DataFrame, a Series or a dict of columns. Otherwise it is an array, with dtype
        float if y is numeric and dtype object if not.

    Raises
    ------
    ValueError
        If a fraction is not in [0, 1), or the number of fractions is not the number of
        tasks.

    See Also
    --------
    sklearn_mtl.tasks.mask_labels : Convert a sentinel such as -1 to missing labels.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.datasets import hide_labels
    >>> y = np.tile([[0, 0], [1, 1]], (50, 1))
    >>> np.isnan(hide_labels(y, [0.2, 0.5], random_state=0)).sum(axis=0)
    array([20, 50])
    """
    y = as_pandas_or_array(y, "hide_labels")
    task_set, codes = TaskSet.from_y(
        y,
        who="hide_labels",
        task_types=task_types,
        warn=False,
        on_empty_task="warn",
        allow_tokens=True,
    )
    is_class = [task.is_classification for task in task_set.tasks]
    shares = by_task(
        fraction, task_set.names, parameter="fraction", who="hide_labels", default=0.0
    )
    hidden = hide_codes(codes, is_class, list(shares.values()), random_state)
    return without_cells(y, hidden[:, 0] if task_set.is_1d else hidden)


def hide_codes(
    codes: np.ndarray,
    is_class: Sequence[bool],
    fraction: float | Sequence[float],
    random_state: int | np.random.RandomState | None = None,
) -> np.ndarray:
    """Return a mask of the labels to hide.

    Shapes: codes (n_samples, n_tasks) -> (n_samples, n_tasks).
    """
    shares = check_fraction(fraction, codes.shape[1], "fraction", "hide_labels")
    rng = check_random_state(random_state)
    hidden = np.zeros(codes.shape, dtype=bool)
    for t, share in enumerate(shares):
        rows = np.flatnonzero(~np.isnan(codes[:, t]))
        labels = codes[rows, t] if is_class[t] else np.zeros(len(rows))
        hidden[rows[_choose(labels, share, rng)], t] = True
    return hidden


def check_fraction(
    fraction: float | Sequence[float], n_tasks: int, name: str, who: str
) -> np.ndarray:
    """Return one fraction per task, and raise unless all are in [0, 1)."""
    shares = as_numbers(fraction, name, who)
    if shares.ndim > 1 or (shares.ndim == 1 and len(shares) != n_tasks):
        raise ValueError(
            f"{who}: {name} has shape {shares.shape}; it must be one number, or one "
            f"for each of the {n_tasks} tasks."
        )
    if not ((shares >= 0) & (shares < 1)).all():
        raise ValueError(f"{who}: {name} is {fraction!r}; it must be in [0, 1).")
    return np.broadcast_to(shares, (n_tasks,))


def _choose(labels: np.ndarray, share: float, rng: np.random.RandomState) -> np.ndarray:
    """Return the positions to hide, the same fraction of every class."""
    chosen = []
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        # Keep at least one label of each class.
        n_hidden = min(round(share * len(places)), len(places) - 1)
        chosen.append(rng.permutation(places)[:n_hidden])
    return np.concatenate(chosen) if chosen else np.zeros(0, dtype=np.intp)


def without_cells(y: Any, hidden: np.ndarray) -> Any:
    """Return a copy of y with NaN for the hidden labels.

    Shapes: y (n_samples,) or (n_samples, n_tasks).
    """
    if is_pandas(y):
        return y.mask(hidden)
    is_number = y.dtype.kind in "fiu"
    out = y.astype(float if is_number else object)
    out[hidden] = np.nan
    return out
