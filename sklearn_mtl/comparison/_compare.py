"""Comparison of multi-task and single-task models on one data set."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse

from sklearn_mtl.comparison._comparison import Comparison
from sklearn_mtl.comparison.design._inputs import check_inputs, n_rows, read_inputs
from sklearn_mtl.comparison.design._models import Situation
from sklearn_mtl.comparison.design._periods import declare_periods
from sklearn_mtl.comparison.design._resolve import Candidate, resolve_models
from sklearn_mtl.comparison.design._scoring import TaskScores, describe_tasks
from sklearn_mtl.comparison.design._setting import describe_folds, describe_setting
from sklearn_mtl.comparison.design._splits import Folding, Split
from sklearn_mtl.comparison.design._targets import Targets, read_targets
from sklearn_mtl.comparison.design._texts import as_texts
from sklearn_mtl.comparison.report._progress import Progress
from sklearn_mtl.comparison.results._choice import select_single
from sklearn_mtl.comparison.results._gains import MEAN, TWIN
from sklearn_mtl.comparison.results._rows import Measured
from sklearn_mtl.comparison.run._curve import check_shares, gather_curve, hide_parts
from sklearn_mtl.comparison.run._fits import Fit, Material
from sklearn_mtl.comparison.run._jobs import gather, list_jobs, run_jobs, selectable
from sklearn_mtl.exceptions import NegativeTransferWarning
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._index import warn_of_index_order
from sklearn_mtl.utils._typing import (
    CrossValidator,
    FeaturesLike,
    MetricChoice,
    TargetsLike,
    TaskTypes,
)

__all__ = ["check_lengths", "compare"]


def compare(
    X: FeaturesLike,
    y: TargetsLike,
    estimators: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    cv: CrossValidator = 5,
    n_repeats: int = 1,
    inner_cv: int | None = None,
    scoring: MetricChoice | None = None,
    task_types: TaskTypes | None = None,
    groups: ArrayLike | None = None,
    missing_fraction: Any = 0.0,
    learning_curve: Any = None,
    trunk: Any = None,
    confidence: float = 0.95,
    n_jobs: int | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
    random_state: int | None = 0,
    verbose: bool = False,
) -> Comparison:
    """Compare models and measure whether learning tasks together helps.

    All models are fitted and scored on the same splits. A model that learns all tasks
    together is called shared. Each shared model is compared with its twin,
    `IndependentTasks` of the same estimator: the two differ only in whether the tasks
    are learned together. Two gains are computed for each task, and for the mean over
    tasks:

        gain from sharing                = score(shared) - score(twin)
        gain over automatically selected = score(shared) - score(selected model)

    The selected model is chosen for each split and task among the dummy and the
    single-task models, by cross-validation within the training set. Confidence
    intervals are computed as in `corrected_interval`. The verdict names the model to
    use, `Comparison.recommended`, and then says whether sharing helps.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Input data. Columns may be numeric or categorical; missing values are NaN.
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_tasks)
        Target values. Missing labels are NaN.
    estimators : None, sequence or mapping, default=None
        Models to compare. A sequence contains names of built-in models, estimators and
        (name, estimator) pairs; a mapping has the names of the models as keys. None
        uses all built-in models:

        - "dummy", "linear", "forest" and "boosting" fit one model per task. They
          receive imputed and encoded inputs; the preparation is fitted on each
          training set.
        - "shared-linear" is shared, with the same preparation of its inputs.
        - "net" and "blend" are shared and prepare the inputs themselves. "blend" has
          no twin, because fitting one blend per task takes several times as long. To
          measure the effect of sharing on a blend, pass the estimator.

        An estimator receives X unchanged. It counts as shared, and gets a twin, unless
        it is `IndependentTasks`, `MultiOutputClassifier` or `MultiOutputRegressor`, or
        a Pipeline that ends in one of them.
    cv : int, splitter or iterable, default=5
        Number of folds, which are stratified on all tasks; or a cross-validation
        splitter, or an iterable of (train, test) index arrays.
    n_repeats : int, default=1
        Number of repetitions of the cross-validation if `cv` is an integer. A few
        repetitions, such as 3, give narrower intervals.
    inner_cv : int, default=None
        Number of folds of the inner cross-validation that selects a single-task model.
        With None, the inner folds are the other folds of `cv`, if `cv` is a partition
        of the samples into 3 to 7 folds. This saves time: each fit without two folds
        is used for the selection in both of them. Otherwise None means 3.
    scoring : None, str, callable or dict, default=None
        Metric of `per_task_scorers` for all tasks, or a dict by task name or by kind
        of task. The defaults are ROC AUC for binary tasks, balanced accuracy for
        multiclass tasks, both with the log-loss as a second score, and R2 for
        regression tasks. Token tasks are scored by the F1 of spans with the accuracy
        of tags as a second score, or by this accuracy alone if the tags mark no
        spans. If an estimator has a `CircularLoss` for a task, the scores of all
        models on this task use its period.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens": one value for all tasks, a sequence
        in task order, or a dict by task name. None infers the types from the labels.
    groups : array-like of shape (n_samples,), default=None
        Group labels of the samples. Samples of one group are never divided between a
        training and a test set. Estimators whose fit takes groups receive those of
        the training set, for their own validation splits.
    missing_fraction : float or sequence of float, default=0.0
        Fraction of the labels to hide from training, for all tasks or one value per
        task. Hidden labels are still used for scoring. Use it to simulate scarce
        labels.
    learning_curve : sequence of float, default=None
        Fractions of the training labels, such as (0.1, 0.3, 1.0). Shared models and
        their twins are also fitted to each of these fractions, see
        `Comparison.learning_curve`. The fraction 1 is always included at no extra
        cost. The remaining labels are set to missing, separately for each task, so the
        estimators must support missing labels.
    trunk : trunk spec, nn.Module or callable, default=None
        Trunk of the models "net" and "blend", such as `Conv` for images; None is the
        default trunk of the nets. With `Text`, X may be a list of texts. Tasks may
        then have one tag per token, which "dummy" and "net" can learn.
    confidence : float, default=0.95
        Confidence level of the intervals.
    n_jobs : int, default=None
        Number of fits to run in parallel, as in joblib. The joblib backend decides
        where they run: with `joblib.parallel_config("dask")`, on a Dask cluster.
    cache_dir : str or path-like, default=None
        Folder in which each fit is saved as soon as it is finished, so that an
        interrupted run can be resumed. A saved fit is reused if data, folds, the
        estimator with its parameters, metrics and package versions are the same.
        Changes in the code of custom classes are not detected: empty the folder after
        such a change.
    random_state : int or None, default=0
        Seed of the folds, the hidden labels and the built-in models.
    verbose : bool, default=False
        Whether to print the scores of finished models, the number of finished fits and
        the remaining time to stderr: immediately on a terminal, otherwise every ten
        seconds.

    Returns
    -------
    Comparison
        Tables, gains and verdict, with the methods `plot()`, `to_html(path)` and
        `to_json(path)`.

    Raises
    ------
    ValueError
        If a model or metric is unknown, a number is out of its range, or X, y and
        groups differ in length.
    TaskError
        If a target cannot be read, has no label, or is constant.
    TypeError
        If an entry of `estimators` is not an estimator, or X is None or an estimator.

    Warns
    -----
    NegativeTransferWarning
        If sharing significantly hurts a task.

    Notes
    -----
    A model that fails in a split has no score for this split. The error is recorded in
    `problems` and shown in the HTML report. The other models are fitted.

    The number of fits is n_splits * n_models. Each model that can be selected
    automatically adds n_splits * inner_cv fits, or n_splits * (n_splits - 1) / 2 if
    `inner_cv` is None and the other folds are used. `learning_curve` adds two fits for
    each split, shared model and fraction below 1. The scores do not depend on `n_jobs`
    or on the backend.

    The ratio n_test / n_train of the intervals counts the labels of the test and
    training sets that are available for training. Labels hidden by `missing_fraction`
    are not counted: they are scored, but do not change the overlap of the training
    sets.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine
       Learning 52, 239-281, 2003.
    .. [2] S. Varma and R. Simon, "Bias in error estimation when using cross-validation
       for model selection", BMC Bioinformatics 7:91, 2006 (why the selection needs an
       inner cross-validation).

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn_mtl.comparison import compare
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> X, y = make_multitask_regression(200, 5, 2, n_informative=5, random_state=0)
    >>> found = compare(X, y, ["dummy", "linear", ("ridge", Ridge())], cv=3)
    >>> found.table[["task0", "task1", "mean"]].round(1)
                         task0  task1  mean
    model
    dummy                 -0.0   -0.0  -0.0
    linear                 0.8    0.8   0.8
    automatically selected    0.8    0.8   0.8
    ridge, one per task    0.8    0.8   0.8
    ridge                  0.8    0.8   0.8
    >>> found.recommended
    'ridge'
    """
    check_inputs(X, trunk)
    warn_of_index_order("compare", X=X, y=y, groups=groups)
    _check_arguments(n_repeats, inner_cv, confidence, random_state)
    shares = check_shares(learning_curve)
    targets = read_targets(y, task_types, missing_fraction, random_state)
    inputs = read_inputs(X, trunk)
    texts = as_texts(X, trunk)
    X = plain_inputs(X, "compare") if texts is None else texts
    check_lengths(inputs.X, targets, groups)
    candidates = resolve_models(
        estimators, Situation(targets.tasks, inputs, random_state, trunk)
    )
    known = declare_periods(targets.tasks, [one.estimator for one in candidates])
    tasks = describe_tasks(known, targets.codes, scoring, targets.tokens)
    folding = Folding(targets.task_types, groups, random_state)
    splits = folding.outer(cv, n_repeats, X, targets.y)
    is_choice = len(selectable(candidates)) > 1
    inner = folding.inner_of(splits, inner_cv, targets.y_fit) if is_choice else []
    raw = inputs.X if issparse(X) or not hasattr(X, "shape") else X
    group = None if groups is None else read_groups(groups, n_rows(inputs.X), "compare")
    scores = TaskScores(tasks)
    material = Material(inputs.X, raw, targets.y_fit, targets.y, scores, group)
    hidden = hide_parts(targets, splits, shares[:-1], _seed(random_state))
    fits = run_jobs(
        list_jobs(candidates, splits, inner, hidden),
        material,
        n_jobs=n_jobs,
        show=partial(Progress, tasks=tasks) if verbose else None,
        cache_dir=cache_dir,
    )
    n_inner = max((len(own) for own in inner), default=0)
    measured = _measure(fits, candidates, splits, targets, n_inner)
    arguments = {
        "estimators": estimators,
        "cv": cv,
        "n_repeats": n_repeats,
        "inner_cv": inner_cv,
        "scoring": scoring,
        "task_types": task_types,
        "missing_fraction": missing_fraction,
        "learning_curve": learning_curve,
        "trunk": trunk,
        "confidence": confidence,
        "random_state": random_state,
    }
    comparison = Comparison(
        tasks,
        [candidate.row for candidate in candidates],
        measured,
        problems=[problem for fit in fits for problem in fit.problems],
        setting={
            **describe_setting(inputs, targets, groups, arguments),
            **describe_folds(splits),
            "task_types": task_types,
            "has_trunk": trunk is not None,
            "named_models": [one.row.name for one in candidates if one.is_named],
        },
        confidence=confidence,
        curve=gather_curve(fits, measured.scores, shares, hidden, measured.n_train),
        estimators={one.row.name: one.ready(inputs) for one in candidates},
    )
    _warn_of_negative_transfer(comparison)
    return comparison


def _check_arguments(
    n_repeats: int, inner_cv: int | None, confidence: float, random_state: int | None
) -> None:
    for name, value, least in (("n_repeats", n_repeats, 1), ("inner_cv", inner_cv, 2)):
        if name == "inner_cv" and value is None:
            continue
        if not isinstance(value, Integral) or value < least:
            raise ValueError(
                f"compare: {name} is {value!r}; it must be an integer of at least "
                f"{least}."
            )
    if not 0 < confidence < 1:
        raise ValueError(f"compare: confidence is {confidence}; it must be in (0, 1).")
    if random_state is not None and not isinstance(random_state, Integral):
        # a generator would be advanced by every model that draws from it
        raise TypeError(
            f"compare: random_state is {random_state!r}; it must be an integer or None."
        )


def _seed(random_state: int | None) -> int:
    """Return the seed, or a random one below 2**30 for None."""
    if random_state is not None:
        return int(random_state)
    return int(np.random.default_rng().integers(2**30))


def check_lengths(X: FeaturesLike, targets: Targets, groups: Any) -> None:
    """Raise if inputs, groups and targets differ in their number of samples."""
    n_samples = len(targets.codes)
    if n_rows(X) != n_samples:
        raise ValueError(f"compare: X has {n_rows(X)} rows, but y has {n_samples}.")
    if groups is not None and len(groups) != n_samples:
        raise ValueError(
            f"compare: groups has {len(groups)} values, but y has {n_samples} rows."
        )


def _measure(
    fits: Sequence[Fit],
    candidates: Sequence[Candidate],
    splits: Sequence[Split],
    targets: Targets,
    n_inner: int,
) -> Measured:
    n_tasks = targets.tasks.n_tasks
    fitted, scored = targets.observed("y_fit"), targets.observed()
    arrays = gather(fits, (len(candidates), len(splits), n_tasks))
    return Measured(
        **arrays,
        n_train=np.array([fitted[train].sum(axis=0) for train, _ in splits]),
        n_test=np.array([scored[test].sum(axis=0) for _, test in splits]),
        n_held_out=np.array([fitted[test].sum(axis=0) for _, test in splits]),
        chosen=select_single(
            fits, selectable(candidates), (len(splits), n_inner, n_tasks)
        ),
    )


def _warn_of_negative_transfer(comparison: Comparison) -> None:
    hurt: dict[str, list[str]] = {}
    for gain in comparison.gains:
        is_sharing = gain.against == TWIN and gain.task != MEAN
        if is_sharing and gain.effect == "hurts":
            hurt.setdefault(gain.model, []).append(gain.task)
    if hurt:
        told = "; ".join(
            f"{model}: {', '.join(names)}" for model, names in hurt.items()
        )
        warnings.warn(
            f"compare: learning together significantly hurts ({told}).",
            NegativeTransferWarning,
            stacklevel=3,
        )
