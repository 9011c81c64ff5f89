"""Distillation of a slow model into a fast net."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from sklearn_mtl.ensemble._members import (
    DEFAULT,
    is_multi_task,
    make_member,
    outputs_of,
)
from sklearn_mtl.exceptions import MissingLabelWarning, SingleClassWarning, TaskError
from sklearn_mtl.tasks import TaskSet, fix_task_types
from sklearn_mtl.utils._finite import check_outputs
from sklearn_mtl.utils._fit_params import fit_params_for
from sklearn_mtl.utils._groups import read_groups
from sklearn_mtl.utils._pipelines import last_step, weight_key
from sklearn_mtl.utils._private import num_samples, safe_indexing
from sklearn_mtl.utils._ties import first_highest
from sklearn_mtl.utils._typing import FeaturesLike, Predictor, Seed

__all__ = ["distill"]

_LEAST = 1e-3  # minimum probability of a class to be used as a soft label
_POSITIVE = 1e-12  # minimum weight of a label, because a weight of 0 means missing


def distill(
    teacher: Any,
    X: FeaturesLike,
    *,
    student: Any = None,
    groups: ArrayLike | None = None,
    random_state: Seed = None,
) -> Any:
    r"""Fit a fast net to the predictions of a slow but accurate model.

    For classification tasks, the student minimises the cross-entropy with respect to
    the probabilities :math:`p_t(x)` of the teacher,

    .. math:: \sum_t \frac{1}{n} \sum_i \sum_k p_{tk}(x_i)\,
       \bigl(-\log f_{tk}(x_i)\bigr).

    For regression tasks, it minimises the squared error with respect to the values of
    the teacher.

    Use it if a blend is accurate enough but predicts too slowly. It can also use
    samples without labels, because the teacher predicts labels of all tasks for them.

    Parameters
    ----------
    teacher : estimator
        Fitted multi-task estimator of this package, such as a blend, or a pipeline that
        ends in one.
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Input data to train the student: the training data of the teacher, samples
        without labels, or both.
    student : estimator, default=None
        Unfitted multi-task estimator of this package, of which a clone is fitted. None
        uses a net with ``n_members=1`` and ``early_stopping=False``, because there is
        little noise in predictions of a teacher to overfit.
    groups : array-like of shape (n_samples,), default=None
        Group labels of the samples, for a student that holds out samples. With None,
        each sample is a separate group.
    random_state : int, RandomState, Generator or None, default=None
        Seed of the default student.

    Returns
    -------
    estimator
        Fitted student, with the task names and classes of the teacher.

    Raises
    ------
    NotFittedError
        If the teacher is not fitted.
    TypeError
        If the teacher or the student is not a multi-task estimator of this package.
    TaskError
        If the teacher has not learned any task, or has a token task.
    ValueError
        If the student does not support sample weights, or the predictions of the
        teacher are not finite.

    Notes
    -----
    Each sample is repeated for each class with a probability of at least 0.001, with
    this probability as its weight. With K classes, n samples thus become at most n * K
    samples. A student whose fit takes groups does not divide the copies of a sample
    between training and held-out samples.

    The predictions of the teacher for its own training samples are used unchanged. They
    are more confident than its out-of-fold predictions, because trees have seen the
    labels of these samples. Students of out-of-fold predictions were less accurate
    (``python -m benchmarks.accuracy --models net blend distilled``).

    A student has no intervals or sets, because its errors are measured against the
    teacher and not against labels. Calibrate it on labelled samples with
    ``ConformalPredictor(FrozenEstimator(student))``.

    References
    ----------
    C. Bucilua, R. Caruana, A. Niculescu-Mizil, "Model Compression", KDD 2006.

    G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network",
    NeurIPS workshop 2014.

    Examples
    --------
    >>> from sklearn_mtl.datasets import make_multitask_classification
    >>> from sklearn_mtl.ensemble import MultiTaskForestClassifier, distill
    >>> X, y = make_multitask_classification(200, missing_fraction=0.3, random_state=0)
    >>> teacher = MultiTaskForestClassifier(random_state=0).fit(X[:150], y[:150])
    >>> student = distill(teacher, X, random_state=0)
    >>> bool((student.predict(X) == teacher.predict(X)).mean() > 0.9)
    True
    """
    _check_multi_task(teacher, "teacher")
    _, last = last_step(teacher)
    check_is_fitted(last)
    tasks: TaskSet = last.task_set_
    of_tokens = [task.name for task in tasks.tasks if task.is_tokens]
    if of_tokens:
        raise TaskError(
            f"distill: task {of_tokens[0]!r} of the teacher is a token task; distill "
            "only supports tasks with one label per sample."
        )
    with np.errstate(over="ignore", invalid="ignore"):
        outputs = outputs_of(teacher, X)
    check_outputs(outputs, tasks.tasks, f"distill: {type(last).__name__}")
    if all(task.kind == "empty" for task in tasks.tasks):
        raise TaskError(
            f"distill: the teacher, {type(last).__name__}, has not learned any task: "
            f"{tasks.names} had no labels in its fit."
        )
    if student is None:
        model = _default_student(last, tasks, random_state)
    else:
        _check_multi_task(student, "student")
        types = [task.type for task in tasks.tasks]
        model = fix_task_types(student, tasks.names, types, "distill")
    rows, codes, weights = _expand(outputs)
    if tasks.is_1d:
        y, weights = tasks.decode(codes), weights[:, 0]
    else:  # a DataFrame keeps the names of the tasks and their dtypes
        labels = [task.decode(codes[:, t]) for t, task in enumerate(tasks.tasks)]
        import pandas as pd

        y = pd.DataFrame(dict(zip(tasks.names, labels, strict=True)))
    with warnings.catch_warnings():  # the fit of the teacher already issued these
        for category in (MissingLabelWarning, SingleClassWarning):
            warnings.simplefilter("ignore", category)
        given = {"groups": _groups_of_copies(groups, rows, num_samples(X))}
        params = fit_params_for(model, given, "distill")
        params[weight_key(model)] = weights
        fitted = model.fit(safe_indexing(X, rows), y, **params)
    # the calibration of the student would be based on errors against the teacher
    forget = getattr(last_step(fitted)[1], "_forget_calibration", None)
    if forget is not None:
        forget()
    return fitted


def _groups_of_copies(
    groups: ArrayLike | None, rows: np.ndarray, n_samples: int
) -> np.ndarray | None:
    """Return the group of each copy, or its sample if no groups are given."""
    if groups is not None:
        return read_groups(groups, n_samples, "distill")[rows]
    return rows if len(np.unique(rows)) < len(rows) else None


def _check_multi_task(model: Predictor, role: str) -> None:
    if isinstance(model, type) or not is_multi_task(model):
        raise TypeError(
            f"distill: the {role} must be a multi-task estimator of sklearn_mtl, or a "
            f"pipeline that ends in one; got {model!r}."
        )


def _default_student(teacher: Any, tasks: TaskSet, random_state: Seed) -> Any:
    types = {task.type for task in tasks.tasks}
    settings = {
        "on_empty_task": "warn",
        "random_state": random_state,
        "categorical_features": getattr(teacher, "categorical_features", "from_dtype"),
    }
    kind = types.pop() if len(types) == 1 else "mixed"
    net = make_member("net", DEFAULT, tasks, kind, settings)
    return net.set_params(n_members=1, early_stopping=False, loss=_losses(tasks))


def _losses(tasks: TaskSet) -> Any:
    """Return CircularLoss for periodic tasks, and "auto" for all others."""
    if all(task.period is None for task in tasks.tasks):
        return "auto"
    from sklearn_mtl.losses import CircularLoss  # loads torch

    losses = [
        "auto" if task.period is None else CircularLoss(task.period)
        for task in tasks.tasks
    ]
    return losses[0] if tasks.is_1d else losses


def _expand(
    outputs: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return repeated rows with labels and weights that represent soft labels.

    Shapes: -> rows (n_copies,), codes (n_copies, n_tasks), weights
    (n_copies, n_tasks).
    """
    # The j-th copy of a row has the j-th most likely class of each task.
    copies = [_copies_of(output) for output in outputs]
    n_most = max(codes.shape[1] for codes, _, _ in copies)
    parts = []
    for j in range(n_most):
        # a task with fewer classes repeats its last class with weight 0, because NaN
        # for a missing label would convert integer labels to floats
        at = [min(j, codes.shape[1] - 1) for codes, _, _ in copies]
        pairs = list(zip(copies, at, strict=True))
        codes = np.stack([one[0][:, i] for one, i in pairs], axis=1)
        weights = np.stack([one[1][:, i] * (i == j) for one, i in pairs], axis=1)
        wanted = np.stack([one[2][:, i] & (i == j) for one, i in pairs], axis=1)
        rows = np.flatnonzero(wanted.any(axis=1))
        parts.append((rows, codes[rows], weights[rows]))
    rows, codes, weights = (np.concatenate(p) for p in zip(*parts, strict=True))
    return rows, codes, weights


def _copies_of(output: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return labels, weights and whether to use them, each (n_samples, n_copies)."""
    if output.ndim == 1 or not output.size or np.isnan(output).any():
        values = output if output.ndim == 1 else np.full(len(output), np.nan)
        is_there = ~np.isnan(values)[:, None]
        return values[:, None], is_there.astype(np.float64), is_there
    order = np.argsort(-output, axis=1, kind="stable")
    weights = np.take_along_axis(output, order, axis=1)
    wanted = weights >= _LEAST
    # each class needs at least one sample, so that the student knows it
    surest = first_highest(output, axis=0)
    wanted[surest] |= order[surest] == np.arange(output.shape[1])[:, None]
    weights = np.where(wanted, np.maximum(weights, _POSITIVE), 0.0)
    return order.astype(np.float64), weights, wanted
