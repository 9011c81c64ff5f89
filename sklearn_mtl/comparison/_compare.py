"""Compare models that learn tasks together and apart, on the same splits."""

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
from sklearn_mtl.comparison.run._jobs import choosable, gather, list_jobs, run_jobs
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
    """Find out whether learning tasks together helps.

    All models are fitted and scored on the same splits. A model that learns the tasks
    together has a twin, `IndependentTasks` of the same estimator, because only the
    difference between the two is due to sharing:

        gain from sharing               = score(shared) - score(twin)
        gain over automatically selected = score(shared) - score(selected row),

    per task and in the mean over tasks, where the row is selected for every split and
    task among the dummy and the single-task rows by cross-validation inside the
    training part. The intervals are those of `corrected_interval`. The verdict says
    which row to use, `Comparison.recommended`, and then whether sharing helps.

    Parameters
    ----------
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Inputs: numbers and categories, NaN where missing.
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_tasks)
        Targets; NaN where missing.
    estimators : None, sequence or mapping, default=None
        The rows. None takes all that are known by name: "dummy", "linear", "forest",
        "boosting" (each one model per task), "shared-linear", "net" and "blend"
        (shared). A sequence holds names, estimators and (name, estimator) pairs; a
        mapping has them by the name of the row. "dummy", "linear", "forest", "boosting"
        and "shared-linear" get inputs that are imputed and encoded, fitted in each
        training part; "net" and "blend" prepare the inputs themselves; an estimator
        gets X as it is. "blend" has no twin, because fitting a blend for every task
        takes as many times as long: to see what sharing does for it, give the
        estimator itself. An estimator is taken for a shared model, and gets a twin,
        unless it is
        `IndependentTasks`, `MultiOutputClassifier` or
        `MultiOutputRegressor`, or a Pipeline that ends in one of them.
    cv : int, splitter or iterable, default=5
        Number of folds, stratified on all tasks; or a splitter, or (train, test) rows.
    n_repeats : int, default=1
        How often the folds of a number `cv` are drawn anew. A few more, such as 3, give
        narrower intervals.
    inner_cv : int, default=None
        Folds of each training part in which the automatically selected row is chosen.
        None takes the other folds of `cv` where these are 3 to 7 folds that divide the
        samples, since a fit that leaves out two folds serves the choice for both;
        else 3.
    scoring : None, str, callable or dict, default=None
        A metric of `per_task_scorers`, for all tasks, or by task name or kind. None is
        ROC AUC for binary tasks, R2 for regressions and balanced accuracy for more
        classes, with the log-loss beside it; of tokens it is the F1 of spans with the
        accuracy of tags beside it, or that accuracy if tags mark no spans. Where one of
        the estimators has a `CircularLoss` for a task, all are scored on its circle.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens" for all tasks, in order, or by name;
        None infers it from the labels.
    groups : array-like of shape (n_samples,), default=None
        Rows of one group stay on one side of every split. Every fit that takes groups
        gets those of its training part, so that what it holds out does not divide them
        either.
    missing_fraction : float or sequence of float, default=0.0
        Share of the labels, of all tasks or by task, that is hidden from training and
        kept for scoring, to see what scarce labels do.
    learning_curve : sequence of float, default=None
        Shares of the labels, such as (0.1, 0.3, 1.0): the shared rows and their twins
        are also fitted to that share of each training part, for
        `Comparison.learning_curve`. 1 is always among them and costs nothing. The
        other labels are made missing, task by task, so the estimators must take that.
    trunk : trunk spec, nn.Module or callable, default=None
        Trunk of the rows "net" and "blend", such as `Conv` for pictures; None is the
        default of the nets. With `Text`, X may be a list of texts, and tasks may have a
        tag for each token, which "dummy" and "net" learn.
    confidence : float, default=0.95
        Confidence of the intervals.
    n_jobs : int, default=None
        Number of fits at a time, as in joblib. Its backends run the fits elsewhere:
        with `joblib.parallel_config("dask")` they run on a Dask cluster.
    cache_dir : str or path-like, default=None
        Folder in which every finished fit is kept at once. An interrupted run that is
        started again goes on where it was. Data, folds, estimators with their
        parameters, metrics and versions of packages tell the fits apart; the code of
        your own classes does not, so empty the folder when you change it.
    random_state : int or None, default=0
        Seed of the folds, the hidden labels and the models known by name.
    verbose : bool, default=False
        Whether finished rows of the table, the number of fits done and the time left
        are shown on stderr: at once on a terminal, else every ten seconds.

    Returns
    -------
    Comparison
        Tables, gains, verdict; `plot()`, `to_html(path)`, `to_json(path)`.

    Raises
    ------
    ValueError
        If a model, metric or number is unknown or out of its range, or lengths differ.
    TaskError
        If a target cannot be read, has no label, or does not vary.
    TypeError
        If an estimator is none, or X is None or an estimator.

    Warns
    -----
    NegativeTransferWarning
        If sharing hurts a task by more than noise.

    Notes
    -----
    A model that fails in a split has no score there; the error is in `problems` and on
    the page, and the other models go on. There are n_splits * n_models fits, and
    n_splits * inner_cv for each row that may be selected automatically, or n_splits *
    (n_splits - 1) / 2 where `inner_cv` is None and the folds serve; `learning_curve`
    adds two fits for each split, share below 1 and shared row. The scores do not depend
    on `n_jobs` and the backend.

    n_test / n_train of the intervals counts the labels that may be learned from, in the
    test and in the training parts: labels hidden by `missing_fraction` are scored, but
    make no difference to how much the training parts overlap.

    References
    ----------
    .. [1] C. Nadeau and Y. Bengio, "Inference for the Generalization Error", Machine
       Learning 52, 239-281, 2003.
    .. [2] S. Varma and R. Simon, "Bias in error estimation when using cross-validation
       for model selection", BMC Bioinformatics 7:91, 2006 (why the choice is inside).

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
    is_choice = len(choosable(candidates)) > 1
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
                f"compare: {name} is {value!r}; it must be a whole number of at least "
                f"{least}."
            )
    if not 0 < confidence < 1:
        raise ValueError(f"compare: confidence is {confidence}; it must be in (0, 1).")
    if random_state is not None and not isinstance(random_state, Integral):
        # one generator would be used up by the first of the models
        raise TypeError(
            f"compare: random_state is {random_state!r}; it must be a whole number, or "
            "None."
        )


def _seed(random_state: int | None) -> int:
    """Return a seed; a new one if the user wants none, of at most 31 bits."""
    if random_state is not None:
        return int(random_state)
    return int(np.random.default_rng().integers(2**30))


def check_lengths(X: FeaturesLike, targets: Targets, groups: Any) -> None:
    """Refuse inputs and groups with another number of samples than the targets."""
    n_samples = len(targets.codes)
    if n_rows(X) != n_samples:
        raise ValueError(f"compare: X has {n_rows(X)} rows, but y has {n_samples}.")
    if groups is not None and len(groups) != n_samples:
        raise ValueError(f"compare: groups has {len(groups)} rows, y has {n_samples}.")


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
            fits, choosable(candidates), (len(splits), n_inner, n_tasks)
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
            f"compare: learning together costs more than noise ({told}).",
            NegativeTransferWarning,
            stacklevel=3,
        )
