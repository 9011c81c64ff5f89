"""Regression tasks with known relatedness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl.datasets._missing import check_fraction, hide_codes
from sklearn_mtl.datasets._relatedness import draw_related
from sklearn_mtl.utils._numbers import as_numbers

__all__ = ["make_multitask_regression"]


def make_multitask_regression(
    n_samples: int = 500,
    n_features: int = 20,
    n_tasks: int = 4,
    *,
    n_informative: int = 10,
    n_groups: int | Sequence[int] = 1,
    relatedness: float = 0.8,
    nonlinear: bool = False,
    noise: float | Sequence[float] = 0.5,
    missing_fraction: float | Sequence[float] = 0.0,
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> Any:
    """Make regression tasks in groups of known relatedness.

    With x standard normal, g(t) the group of task t and r the relatedness,

        y_t = w_t . x + noise e_t,    w_t ~ sqrt(r) c_g(t) + sqrt(1 - r) d_t,

    where c_g for each group and d_t for each task are independent random directions,
    and w_t is scaled to length 1. The expected correlation of the coefficients of two
    tasks is r within a group and 0 across groups. With `nonlinear=True`, x is replaced
    by h_g = tanh(A_g x), so that the tasks of a group need the same hidden features,
    which differ between the groups.

    Parameters
    ----------
    n_samples : int, default=500
        Number of samples.
    n_features : int, default=20
        Number of features.
    n_tasks : int, default=4
        Number of tasks.
    n_informative : int, default=10
        Number of informative features, which are the same for all tasks.
    n_groups : int or sequence of int of length n_tasks, default=1
        Number of groups of consecutive tasks, or the group of each task.
    relatedness : float, default=0.8
        Expected correlation of the coefficients within a group, in [0, 1]. With 1 the
        tasks of a group have the same signal; with 0 all tasks are unrelated.
    nonlinear : bool, default=False
        Whether the tasks of each group depend on hidden features of the group.
    noise : float or sequence of float of length n_tasks, default=0.5
        Standard deviation of the noise. The standard deviation of the signal is 1, so
        the best possible R2 is 1 / (1 + noise**2).
    missing_fraction : float or sequence of float of length n_tasks, default=0.0
        Fraction of the labels to hide, in [0, 1).
    return_X_y : bool, default=True
        Whether to return `(X, y)` instead of a Bunch that also has the true parameters.
    random_state : int, RandomState instance or None, default=None
        Seed of the random numbers.

    Returns
    -------
    tuple of ndarray, or Bunch
        X of shape (n_samples, n_features) and y of shape (n_samples, n_tasks), with NaN
        for hidden labels. The Bunch has X, y and

        y_complete : ndarray of shape (n_samples, n_tasks)
            y without hidden labels.
        signal : ndarray of shape (n_samples, n_tasks)
            y_complete without noise.
        coef : ndarray of shape (n_tasks, n_features) or None
            True coefficients; None if `nonlinear` is True.
        task_groups : ndarray of shape (n_tasks,)
            Group of each task.
        task_names, task_types : list of str
            Names and types of the tasks.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    See Also
    --------
    make_multitask_classification : Make classification tasks of known relatedness.

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> made = make_multitask_regression(
    ...     n_tasks=4, n_groups=2, relatedness=1.0, return_X_y=False, random_state=0
    ... )
    >>> made.task_groups
    array([0, 0, 1, 1])
    >>> (made.coef @ made.coef.T).round(2) + 0.0
    array([[1.  , 1.  , 0.06, 0.06],
           [1.  , 1.  , 0.06, 0.06],
           [0.06, 0.06, 1.  , 1.  ],
           [0.06, 0.06, 1.  , 1.  ]])
    """
    rng = check_random_state(random_state)
    related = draw_related(
        (n_samples, n_features, n_tasks, 1),
        n_informative=n_informative,
        n_groups=n_groups,
        relatedness=relatedness,
        nonlinear=nonlinear,
        rng=rng,
        who="make_multitask_regression",
    )
    signal = related.signal[:, :, 0]
    complete = signal + _noise_scale(noise, n_tasks) * rng.standard_normal(signal.shape)
    check_fraction(
        missing_fraction, n_tasks, "missing_fraction", "make_multitask_regression"
    )
    hidden = hide_codes(complete, [False] * n_tasks, missing_fraction, rng)
    y = np.where(hidden, np.nan, complete)
    if return_X_y:
        return related.X, y
    return Bunch(
        X=related.X,
        y=y,
        y_complete=complete,
        signal=signal,
        coef=None if related.coef is None else related.coef[:, 0],
        task_groups=related.task_groups,
        task_names=[f"task{t}" for t in range(n_tasks)],
        task_types=["regression"] * n_tasks,
    )


def _noise_scale(noise: float | Sequence[float], n_tasks: int) -> np.ndarray:
    scale = as_numbers(noise, "noise", "make_multitask_regression")
    if scale.shape not in ((), (n_tasks,)) or not (scale >= 0).all():
        raise ValueError(
            f"make_multitask_regression: noise is {noise!r}; it must be a number of at "
            f"least 0, or one for each of the {n_tasks} tasks."
        )
    return scale
