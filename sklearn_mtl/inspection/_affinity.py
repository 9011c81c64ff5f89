"""Task affinity: measures of how much tasks help each other."""

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

    The affinity :math:`A_{ij}` measures how much task i helps task j. There are four
    methods:

    - "gain": the score of j on held-out samples when it is trained with i, minus its
      score when it is trained alone. This measures the effect of sharing directly, for
      any estimator.
    - "lookahead": the inter-task affinity of [1]_. After a step of the shared
      parameters along the gradient of i alone, :math:`A_{ij}` is :math:`1 - L_j^{after}
      / L_j`, averaged over training. It requires a net.
    - "gradient": the cosine of the exact gradients of :math:`L_i` and :math:`L_j` with
      respect to all shared parameters, averaged over training. It requires a net. (The
      Gramian of the features, which balancing may use, is not sufficient: it only
      detects conflicts between tasks within the same sample.)
    - "label": the strength of the association of the labels, over the samples that have
      both: rank correlation, correlation ratio or Cramér's V, corrected for chance. No
      model is fitted. The sign is ignored, because a task and its negative need the
      same representation and help each other. It cannot detect tasks that use X in the
      same way although their labels are not associated, and does not apply to tasks
      with separate samples.

    Parameters
    ----------
    estimator : estimator
        The model, which is cloned. "gain" accepts any estimator; "lookahead" and
        "gradient" require a net of this package or a pipeline that ends in one. "label"
        uses the estimator only to tell classification from regression; it may be None.
    X : array-like of shape (n_samples, n_features)
        Input data.
    y : array-like of shape (n_samples, n_tasks)
        Target values; NaN where missing.
    method : {"gain", "lookahead", "gradient", "label"}, default="gain"
        Method to measure the affinity.
    cv : int, splitter or iterable, default=3
        Cross-validation for "gain". An integer is a number of folds, which are
        stratified on all tasks.
    scoring : str, callable or dict, default=None
        Metric for "gain", as in `per_task_scorers`; None means "auto".
    groups : array-like of shape (n_samples,), default=None
        Group labels of the samples. If `cv` is an integer, no group is divided between
        folds. A splitter, and estimators whose fit takes groups, receive them.
    max_sets : int, default=None
        Maximum number of sets of tasks that "gain" trains in each fold. None trains
        each task alone and each pair of tasks. If these exceed `max_sets`, larger
        random sets of tasks are trained instead of the pairs [2]_, and :math:`A_{ij}`
        is the mean gain of j in the sets that contain i.
    max_samples : int or float, default=None
        Number or fraction of the samples to use for "gain", drawn at random and
        stratified on all tasks. None uses all samples.
    n_jobs : int, default=None
        Number of fits of "gain" to run in parallel.
    memory : str or joblib.Memory, default=None
        Cache for the scores of the fits of "gain", which later calls reuse.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the folds, the subsample, the random sets and the samples on which
        gradients are measured. For reproducible results, also set the `random_state` of
        the estimator.
    verbose : bool, default=False
        Whether to show the progress bar of "gain", or of the fit of the net, on stderr
        if it is a terminal.

    Returns
    -------
    TaskAffinity
        Object with the attributes `values` of shape (n_tasks, n_tasks), `names`,
        `seconds` and `n_fits`, and the method `to_frame()`.

    Raises
    ------
    ValueError
        If the method is unknown, or a number is out of its range.
    TypeError
        If the method is "lookahead" or "gradient" and the estimator is not a net of
        this package, or if the estimator is None and the method is not "label".
    TaskError
        If the targets cannot be read, or there is only one task.

    Warns
    -----
    UserWarning
        If the method is "label" and pairs of tasks have too few samples in common.

    See Also
    --------
    sklearn_mtl.grouping.TaskGroupSearchCV : Find the tasks to train together.
    TaskAffinityDisplay : Plot the affinities.

    Notes
    -----
    The cost with T tasks: "gain" takes T (T + 1) / 2 fits per fold, or `max_sets`.
    "lookahead" and "gradient" take one fit, in which each epoch needs T additional
    backward passes over 256 samples; "lookahead" also needs T forward passes. "label"
    takes O(T^2 n).

    The step of "lookahead" is plain gradient descent with the learning rate of the net,
    regardless of its optimiser. "lookahead" and "gradient" are measured after each
    epoch in evaluation mode, on samples drawn for this purpose. The measurement does
    not change the fit.

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
            f"{_WHO}: unknown method {method!r}; it must be one of {AFFINITY_METHODS}."
        )
    if estimator is None and method != "label":
        raise TypeError(f"{_WHO}: method {method!r} needs an estimator; got None.")
    data = read_data(estimator, X, y, _WHO, groups=groups)
    if data.task_set.n_tasks < 2:
        raise TaskError(f"{_WHO}: y has one task; it must have at least two.")
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
    """Return a random subsample, stratified on all tasks."""
    n_rows = len(data.codes)
    n_kept = max_samples if isinstance(max_samples, int) else max_samples * n_rows
    if not 1 < n_kept <= n_rows:
        raise ValueError(
            f"{_WHO}: max_samples is {max_samples}; it must be a fraction in (0, 1] or "
            f"a number of samples up to {n_rows}."
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
            f"{_WHO}: max_sets is {max_sets!r}; it must be None or an integer of at "
            "least 1."
        )
