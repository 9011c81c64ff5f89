"""Classification tasks with known relatedness and known class probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl.datasets._missing import check_fraction, hide_codes
from sklearn_mtl.datasets._relatedness import draw_related
from sklearn_mtl.utils._numbers import as_numbers

__all__ = ["make_multitask_classification"]

_WHO = "make_multitask_classification"
_N_CALIBRATION_STEPS = 100


def make_multitask_classification(
    n_samples: int = 500,
    n_features: int = 20,
    n_tasks: int = 4,
    *,
    n_classes: int | Sequence[int] = 2,
    n_informative: int = 10,
    n_groups: int | Sequence[int] = 1,
    relatedness: float = 0.8,
    nonlinear: bool = False,
    class_sep: float = 3.0,
    imbalance: float | Sequence[float] = 0.0,
    flip_y: float | Sequence[float] = 0.0,
    missing_fraction: float | Sequence[float] = 0.0,
    return_X_y: bool = True,
    random_state: int | np.random.RandomState | None = None,
) -> Any:
    """Make classification tasks in groups of known relatedness.

    The labels of task t are drawn from softmax(b_t + class_sep * W_t x), where x is
    standard normal. W_t has one row of length 1 per class, or one row for class 1 if
    the task is binary. The rows are made like the coefficients of
    `make_multitask_regression`: for class k of two tasks, the expected correlation of
    the coefficients is `relatedness` within a group and 0 across groups. The intercepts
    b_t give the classes the frequencies set by `imbalance`.

    Parameters
    ----------
    n_samples : int, default=500
        Number of samples.
    n_features : int, default=20
        Number of features.
    n_tasks : int, default=4
        Number of tasks.
    n_classes : int or sequence of int of length n_tasks, default=2
        Number of classes of all tasks or of each task, at least 2.
    n_informative : int, default=10
        Number of informative features, which are the same for all tasks.
    n_groups : int or sequence of int of length n_tasks, default=1
        Number of groups of consecutive tasks, or the group of each task.
    relatedness : float, default=0.8
        Expected correlation of the coefficients within a group, in [0, 1].
    nonlinear : bool, default=False
        Whether the tasks of each group g depend on hidden features tanh(A_g x) of the
        group instead of x.
    class_sep : float, default=3.0
        Standard deviation of the logits. With 0 the labels are pure noise.
    imbalance : float or sequence of float of length n_tasks, default=0.0
        The frequency of class k is proportional to (1 - imbalance)**k. With 0 all
        classes have the same frequency.
    flip_y : float or sequence of float of length n_tasks, default=0.0
        Fraction of the labels that are replaced by a random class, for all tasks or for
        each task.
    missing_fraction : float or sequence of float of length n_tasks, default=0.0
        Fraction of the labels of each class to hide. At least one label of each class
        is kept.
    return_X_y : bool, default=True
        Whether to return `(X, y)` instead of a Bunch that also has the true parameters.
    random_state : int, RandomState instance or None, default=None
        Seed of the random numbers.

    Returns
    -------
    tuple of ndarray, or Bunch
        X of shape (n_samples, n_features) and y of shape (n_samples, n_tasks). y has
        integers, or floats with NaN if labels are hidden. The Bunch has X, y and

        y_complete : ndarray of shape (n_samples, n_tasks)
            y without hidden labels.
        proba : list of ndarray of shape (n_samples, n_classes_t)
            True class probabilities, before `flip_y`.
        coef : list of ndarray of shape (1 or n_classes_t, n_features), or None
            Coefficients class_sep * W_t; None if `nonlinear` is True.
        intercept : list of ndarray of shape (1 or n_classes_t,)
            Intercepts b_t.
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
    make_multitask_regression : Make regression tasks of known relatedness.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_mtl.datasets import make_multitask_classification
    >>> X, y = make_multitask_classification(
    ...     n_tasks=2, n_classes=[2, 3], imbalance=0.5, random_state=0
    ... )
    >>> np.bincount(y[:, 1]) / len(y)
    array([0.594, 0.286, 0.12 ])
    """
    rng = check_random_state(random_state)
    sizes = _class_counts(n_classes, n_tasks)
    check_fraction(missing_fraction, n_tasks, "missing_fraction", _WHO)
    flipped = _flipped(flip_y, n_tasks)
    related = draw_related(
        (n_samples, n_features, n_tasks, int(sizes.max())),
        n_informative=n_informative,
        n_groups=n_groups,
        relatedness=relatedness,
        nonlinear=nonlinear,
        rng=rng,
        who=_WHO,
    )
    priors = _priors(sizes, check_fraction(imbalance, n_tasks, "imbalance", _WHO))
    logits = [class_sep * _free(related.signal[:, t], k) for t, k in enumerate(sizes)]
    intercepts = [_calibrate(z, p) for z, p in zip(logits, priors, strict=True)]
    proba = [softmax(z + b, axis=1) for z, b in zip(logits, intercepts, strict=True)]
    pairs = zip(proba, flipped, strict=True)
    complete = np.stack([_draw_labels(p, share, rng) for p, share in pairs], axis=1)
    y = _hide(complete, missing_fraction, rng)
    if return_X_y:
        return related.X, y
    return Bunch(
        X=related.X,
        y=y,
        y_complete=complete,
        proba=proba,
        coef=None if related.coef is None else _rows(class_sep * related.coef, sizes),
        intercept=[b[1:] if len(b) == 2 else b for b in intercepts],
        task_groups=related.task_groups,
        task_names=[f"task{t}" for t in range(n_tasks)],
        task_types=["binary" if k == 2 else "multiclass" for k in sizes],
    )


def _class_counts(n_classes: int | Sequence[int], n_tasks: int) -> np.ndarray:
    sizes = np.asarray(n_classes)
    if sizes.shape not in ((), (n_tasks,)) or not (sizes >= 2).all():
        raise ValueError(
            f"{_WHO}: n_classes is {n_classes!r}; it must be an integer of at least 2, "
            f"or one for each of the {n_tasks} tasks."
        )
    return np.broadcast_to(sizes, (n_tasks,))


def _priors(sizes: np.ndarray, imbalance: np.ndarray) -> list[np.ndarray]:
    """Return the frequency of each class, the largest first."""
    falling = [(1 - s) ** np.arange(k) for k, s in zip(sizes, imbalance, strict=True)]
    return [share / share.sum() for share in falling]


def _flipped(flip_y: float | Sequence[float], n_tasks: int) -> np.ndarray:
    """Return the fraction of random labels of each task."""
    shares = as_numbers(flip_y, "flip_y", _WHO)
    is_share = shares.shape in ((), (n_tasks,)) and (shares >= 0).all()
    if not is_share or not (shares <= 1).all():
        raise ValueError(
            f"{_WHO}: flip_y is {flip_y!r}; it must be a number in [0, 1], or one for "
            f"each of the {n_tasks} tasks."
        )
    return np.broadcast_to(shares, (n_tasks,))


def _free(signal: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the logits of all classes; for binary tasks, that of class 0 is 0."""
    if n_classes == 2:
        return np.column_stack([np.zeros(len(signal)), signal[:, 0]])
    return signal[:, :n_classes]


def _calibrate(logits: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Return intercepts that give the class frequencies, by iterative scaling."""
    intercept = np.log(prior)
    for _ in range(_N_CALIBRATION_STEPS):
        share = np.exp(log_softmax(logits + intercept, axis=1)).mean(axis=0)
        intercept += np.log(prior / share)
    return intercept - (intercept[0] if len(prior) == 2 else intercept.mean())


def _draw_labels(
    proba: np.ndarray, flip_y: float, rng: np.random.RandomState
) -> np.ndarray:
    n_samples, n_classes = proba.shape
    # The last sum is omitted, because rounding may leave it below the random number.
    above = rng.uniform(size=(n_samples, 1)) > proba.cumsum(axis=1)[:, :-1]
    labels = above.sum(axis=1)
    flipped = rng.uniform(size=n_samples) < flip_y
    return np.where(flipped, rng.randint(n_classes, size=n_samples), labels)


def _hide(
    complete: np.ndarray,
    missing_fraction: float | Sequence[float],
    rng: np.random.RandomState,
) -> np.ndarray:
    is_class = [True] * complete.shape[1]
    hidden = hide_codes(complete.astype(float), is_class, missing_fraction, rng)
    return np.where(hidden, np.nan, complete) if hidden.any() else complete


def _rows(coef: np.ndarray, sizes: np.ndarray) -> list[np.ndarray]:
    """Return coefficients of shape (1 or n_classes_t, n_features) for each task."""
    return [w[: 1 if k == 2 else k] for w, k in zip(coef, sizes, strict=True)]
