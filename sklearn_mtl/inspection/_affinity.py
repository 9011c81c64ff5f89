"""Which tasks help which: four measures, from cheap to thorough."""

from __future__ import annotations

from typing import Any

from joblib import Memory
from numpy.typing import ArrayLike

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.inspection._measures import (
    AFFINITY_METHODS,
    TaskAffinity,
    affinity_of_data,
)
from sklearn_mtl.inspection._task_data import TaskData, read_data
from sklearn_mtl.inspection._task_sets import TaskSetScores, make_splits
from sklearn_mtl.model_selection import MultiTaskStratifiedShuffleSplit
from sklearn_mtl.utils._random import draw_seed
from sklearn_mtl.utils._typing import (
    CrossValidator,
    Estimator,
    FeaturesLike,
    MetricChoice,
    Seed,
    TargetsLike,
)

__all__ = ["TaskAffinity", "task_affinity"]

_WHO = "task_affinity"


def task_affinity(
    estimator: Estimator | None,
    X: FeaturesLike,
    y: TargetsLike,
    *,
    method: str = "gain",
    cv: CrossValidator = 3,
    scoring: MetricChoice | None = None,
    groups: ArrayLike | None = None,
    max_sets: int | None = None,
    max_samples: float | None = None,
    n_jobs: int | None = None,
    memory: str | Memory | None = None,
    random_state: Seed = None,
    verbose: bool = False,
) -> TaskAffinity:
    r"""Measure how much tasks help each other when they are learned together.

    Four measures :math:`A_{ij}`, of what task i does for task j:

    - "gain": the score of j on held-out rows when it is trained with i, minus its score
      when it is trained alone. What one really wants to know, for any estimator.
    - "lookahead": the inter-task affinity of [1]_. Take a step of the shared parameters
      along the gradient of i alone; :math:`A_{ij}` is :math:`1 - L_j^{after} / L_j`, in
      the mean over training. For nets.
    - "gradient": the cosine of the exact gradients of :math:`L_i` and :math:`L_j` with
      respect to all shared parameters, in the mean over training. For nets. (The
      Gramian of the features, which balancing may use, would not do: it sees only
      conflict between tasks in one and the same row.)
    - "label": how strongly the labels are associated in the rows that have both: rank
      correlation, correlation ratio or Cramér's V, corrected for chance. No model is
      fitted. It knows no sign, and need not: a task and its opposite need the same
      representation, and help each other. It sees nothing of tasks that are alike in
      what they need of X but not in their labels, nor of own-row data.

    Parameters
    ----------
    estimator : estimator
        The model, which is cloned: any for "gain"; a net of this package, or a pipeline
        that ends in one, for "lookahead" and "gradient"; only the kind of the tasks is
        taken from it for "label", where it may be None.
    X : array-like of shape (n_samples, n_features)
        Inputs.
    y : array-like of shape (n_samples, n_tasks)
        Targets; NaN where missing.
    method : {"gain", "lookahead", "gradient", "label"}, default="gain"
        The measure.
    cv : int, splitter or iterable, default=3
        Folds for "gain"; a number gives folds stratified on all tasks.
    scoring : str, callable or dict, default=None
        Metric for "gain", as in `per_task_scorers`; None is "auto".
    groups : array-like of shape (n_samples,), default=None
        The group of each sample: folds of a number do not divide groups, and a splitter
        and every fit that takes groups get them.
    max_sets : int, default=None
        Most sets of tasks that "gain" trains, each once a fold. None trains every task
        alone and every pair. If these are too many, larger random sets of tasks stand
        for the pairs [2]_, and :math:`A_{ij}` is the mean gain of j in the sets that
        have i.
    max_samples : int or float, default=None
        Number or share of the rows that "gain" works on, stratified on all tasks; None
        takes all.
    n_jobs : int, default=None
        Fits of "gain" at a time.
    memory : str or joblib.Memory, default=None
        Where "gain" keeps the score of every fit, so that the next call repeats none.
    random_state : int, RandomState, Generator or None, default=None
        Seed of folds, subsamples and sets, and of the rows on which gradients are
        measured. Set the random_state of the estimator too, if it has one.
    verbose : bool, default=False
        Whether "gain" shows a progress bar on stderr, if that is a terminal, and the
        net its own.

    Returns
    -------
    TaskAffinity
        With `values` (n_tasks, n_tasks), `names`, `seconds`, `n_fits` and `to_frame()`.

    Raises
    ------
    ValueError
        If the method is unknown, or a number out of range.
    TypeError
        If "lookahead" or "gradient" are asked of what is no net of this package.
    TaskError
        If the targets cannot be read, or there is one task only.

    Warns
    -----
    UserWarning
        If pairs of tasks have too few rows in common for "label".

    See Also
    --------
    sklearn_mtl.grouping.TaskGroupSearchCV : Find out which tasks to train together.
    TaskAffinityDisplay : Draw it.

    Notes
    -----
    Cost, with T tasks: "gain" T (T + 1) / 2 fits a fold (or max_sets); "lookahead" and
    "gradient" one fit, in which each epoch takes T more backward passes over 256 rows,
    and "lookahead" T forward passes; "label" O(T^2 n).

    The step of "lookahead" is plain gradient descent with the net's learning rate,
    whatever its optimiser is. Both are measured after each epoch on rows drawn for the
    purpose, in evaluation mode, and change nothing in the fit.

    References
    ----------
    .. [1] C. Fifty, E. Amid, Z. Zhao, T. Yu, R. Anil, C. Finn, "Efficiently identifying
       task groupings for multi-task learning", NeurIPS 2021, eq. 1.
    .. [2] D. Li, H. L. Nguyen, H. R. Zhang, "Identification of negative transfers in
       multitask learning using surrogate models", TMLR 2023.

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> from sklearn_mtl.inspection import task_affinity
    >>> X, y = make_multitask_regression(
    ...     200, n_tasks=4, n_groups=2, relatedness=0.9, random_state=0
    ... )
    >>> task_affinity(None, X, y, method="label").to_frame().round(1)
           task0  task1  task2  task3
    task
    task0    1.0    0.7    0.0    0.0
    task1    0.7    1.0    0.0    0.0
    task2    0.0    0.0    1.0    0.7
    task3    0.0    0.0    0.7    1.0
    """
    if method not in AFFINITY_METHODS:
        raise ValueError(
            f"{_WHO}: unknown method {method!r}; allowed are {AFFINITY_METHODS}."
        )
    if estimator is None and method != "label":
        raise TypeError(f"{_WHO}: {method!r} needs an estimator, found None.")
    data = read_data(estimator, X, y, _WHO, groups=groups)
    if data.task_set.n_tasks < 2:
        raise TaskError(f"{_WHO}: y has one task; two are needed for an affinity.")
    seed = draw_seed(random_state)
    scores = None
    if method == "gain":
        _check_max_sets(max_sets)
        if max_samples is not None:
            data = _subsample(data, max_samples, seed)
        scores = TaskSetScores(
            estimator,
            data,
            make_splits(data, cv, seed),
            scoring,
            n_jobs=n_jobs,
            memory=memory,
            verbose=verbose,
        )
    return affinity_of_data(
        estimator, data, method, seed, scores=scores, max_sets=max_sets, verbose=verbose
    )


def _subsample(data: TaskData, max_samples: float, seed: int) -> TaskData:
    """Return some rows, in which tasks and classes keep their shares."""
    n_rows = len(data.codes)
    n_kept = max_samples if isinstance(max_samples, int) else max_samples * n_rows
    if not 1 < n_kept <= n_rows:
        raise ValueError(
            f"{_WHO}: max_samples is {max_samples}; it must be a share in (0, 1], or a "
            f"number of rows up to {n_rows}."
        )
    if int(n_kept) == n_rows:
        return data
    splitter = MultiTaskStratifiedShuffleSplit(
        1,
        train_size=int(n_kept),
        test_size=n_rows - int(n_kept),
        random_state=seed % 2**32,
        task_types=data.types,
    )
    rows = next(iter(splitter.split(data.X, data.y)))[0]
    return data.take(rows)


def _check_max_sets(max_sets: Any) -> None:
    if max_sets is not None and (not isinstance(max_sets, int) or max_sets < 1):
        raise ValueError(
            f"{_WHO}: max_sets is {max_sets!r}; it must be None, or a whole number of "
            "at least 1."
        )
