"""Classification tasks whose relatedness and class probabilities are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.utils import Bunch, check_random_state

from sklearn_mtl.datasets._missing import check_fraction, hide_codes
from sklearn_mtl.datasets._relatedness import draw_related

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

    Labels of task t are drawn from softmax(b_t + class_sep * W_t x), x standard normal.
    The rows of W_t, one a class and of length 1, are made as the coefficients of
    `make_multitask_regression`: class k of two tasks of one group has coefficients that
    correlate by `relatedness` in expectation, across groups by 0. b_t is set so that
    the classes have the wanted shares. A binary task has one row, for class 1.

    Parameters
    ----------
    n_samples : int, default=500
        Number of rows.
    n_features : int, default=20
        Number of inputs.
    n_tasks : int, default=4
        Number of tasks.
    n_classes : int or sequence of int of length n_tasks, default=2
        Number of classes, at least 2, for all tasks or by task.
    n_informative : int, default=10
        Number of inputs that matter, the same for all tasks.
    n_groups : int or sequence of int of length n_tasks, default=1
        Number of groups (tasks in runs of equal length), or the group of every task.
    relatedness : float, default=0.8
        Expected correlation of the coefficients within a group, in [0, 1].
    nonlinear : bool, default=False
        Whether each group looks at the inputs through hidden features of its own,
        tanh(A_g x).
    class_sep : float, default=3.0
        Standard deviation of the logits: 0 makes the labels pure noise.
    imbalance : float or sequence of float of length n_tasks, default=0.0
        0 gives classes of equal share; else class k has a share in proportion to
        (1 - imbalance)**k.
    flip_y : float or sequence of float of length n_tasks, default=0.0
        Share of the labels replaced by a class drawn at random, for all tasks or by
        task.
    missing_fraction : float or sequence of float of length n_tasks, default=0.0
        Share of the labels of every class that is hidden; one of each always stays.
    return_X_y : bool, default=True
        Whether to return `(X, y)`; otherwise a Bunch with the truth beside them.
    random_state : int, RandomState instance or None, default=None
        Draws everything.

    Returns
    -------
    tuple of ndarray, or Bunch
        X of shape (n_samples, n_features) and y of shape (n_samples, n_tasks):
        integers, or floats with NaN if labels are hidden. The Bunch has X, y and

        y_complete : ndarray of shape (n_samples, n_tasks)
            y without anything hidden.
        proba : list of ndarray of shape (n_samples, n_classes_t)
            True class probabilities, before `flip_y`.
        coef : list of ndarray of shape (1 or n_classes_t, n_features), or None
            class_sep times the rows of W_t; None if nonlinear.
        intercept : list of ndarray of shape (1 or n_classes_t,)
            b_t.
        task_groups : ndarray of shape (n_tasks,)
            Group of every task.
        task_names, task_types : list of str
            Names and kinds.

    Raises
    ------
    ValueError
        If a size or share is out of its range.

    See Also
    --------
    make_multitask_regression : The same for numbers.

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
    check_fraction(missing_fraction, n_tasks, f"{_WHO}: missing_fraction")
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
    priors = _priors(sizes, check_fraction(imbalance, n_tasks, f"{_WHO}: imbalance"))
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
            f"{_WHO}: n_classes is {n_classes!r}; give one number >= 2, or one for "
            f"each of the {n_tasks} tasks."
        )
    return np.broadcast_to(sizes, (n_tasks,))


def _priors(sizes: np.ndarray, imbalance: np.ndarray) -> list[np.ndarray]:
    """Return the wanted share of every class, largest first."""
    falling = [(1 - s) ** np.arange(k) for k, s in zip(sizes, imbalance, strict=True)]
    return [share / share.sum() for share in falling]


def _flipped(flip_y: float | Sequence[float], n_tasks: int) -> np.ndarray:
    """Return the share of random labels of every task; 1 leaves nothing but noise."""
    shares = np.asarray(flip_y, dtype=float)
    is_share = shares.shape in ((), (n_tasks,)) and (shares >= 0).all()
    if not is_share or not (shares <= 1).all():
        raise ValueError(
            f"{_WHO}: flip_y is {flip_y!r}; give one number in [0, 1], or one for each "
            f"of the {n_tasks} tasks."
        )
    return np.broadcast_to(shares, (n_tasks,))


def _free(signal: np.ndarray, n_classes: int) -> np.ndarray:
    """Return logits: of two classes only the second is free, the first is 0."""
    if n_classes == 2:
        return np.column_stack([np.zeros(len(signal)), signal[:, 0]])
    return signal[:, :n_classes]


def _calibrate(logits: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Find intercepts that give the classes their shares, by iterative scaling."""
    intercept = np.log(prior)
    for _ in range(_N_CALIBRATION_STEPS):
        share = np.exp(log_softmax(logits + intercept, axis=1)).mean(axis=0)
        intercept += np.log(prior / share)
    return intercept - (intercept[0] if len(prior) == 2 else intercept.mean())


def _draw_labels(
    proba: np.ndarray, flip_y: float, rng: np.random.RandomState
) -> np.ndarray:
    n_samples, n_classes = proba.shape
    # Without the last sum, which rounding may leave below the drawn number.
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
    """Return (1, n_features) for a binary task, else (n_classes_t, n_features)."""
    return [w[: 1 if k == 2 else k] for w, k in zip(coef, sizes, strict=True)]
