"""Estimators of the built-in models of `compare`."""

from __future__ import annotations

from typing import Any

from sklearn_mtl.comparison.design._inputs import check_inputs, read_inputs
from sklearn_mtl.comparison.design._models import MODELS, Situation
from sklearn_mtl.comparison.design._resolve import resolve_models
from sklearn_mtl.comparison.results._rows import twin_name
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._guesses import with_guesses
from sklearn_mtl.utils._table import as_table
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike, TaskTypes

__all__ = ["make_estimator"]

_WHO = "make_estimator"


def make_estimator(
    name: str,
    X: FeaturesLike,
    y: TargetsLike,
    *,
    task_types: TaskTypes | None = None,
    trunk: Any = None,
    random_state: int | None = 0,
) -> Any:
    """Make the estimator of a built-in model of `compare`.

    The estimator includes the preparation of its inputs.

    Parameters
    ----------
    name : str
        Name of a built-in model, such as "net", "forest" or "net, one per task".
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Input data. The preparation depends on which columns are numeric and which are
        categorical, and on whether values are missing.
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_tasks)
        Target values. The class of the estimator depends on the types of the tasks.
    task_types : str, sequence or dict, default=None
        "classification", "regression" or "tokens": one value for all tasks, a sequence
        in task order, or a dict by task name. None infers the types from the labels.
    trunk : trunk spec, nn.Module or callable, default=None
        Trunk of the net and of the net within the blend, such as `Conv` for images.
        None is the default trunk for tables.
    random_state : int or None, default=0
        Seed of the model.

    Returns
    -------
    estimator
        Unfitted estimator. `fit(X, y)` takes X and y in the form passed to this
        function.

    Raises
    ------
    ValueError
        If no model has this name; the message lists the names.
    TaskError
        If a target cannot be read.
    TypeError
        If X is None or an estimator.

    See Also
    --------
    compare : Compare models on the same splits.

    Examples
    --------
    >>> from sklearn_mtl.comparison import make_estimator
    >>> from sklearn_mtl.datasets import make_multitask_regression
    >>> X, y = make_multitask_regression(100, 5, 2, n_informative=5, random_state=0)
    >>> model = make_estimator("linear", X, y).fit(X, y)
    >>> round(model.score(X, y), 2)
    0.84
    """
    plain = name.removesuffix(twin_name(""))
    if plain not in MODELS:
        raise ValueError(
            f"{_WHO}: unknown model {with_guesses([name], MODELS)}. "
            f"Known models: {[*MODELS]}."
        )
    check_inputs(X, trunk)
    table = as_table(y, _WHO)
    tasks, _ = TaskSet.from_y(table, who=_WHO, task_types=task_types, allow_tokens=True)
    inputs = read_inputs(X, trunk)
    made = resolve_models([plain], Situation(tasks, inputs, random_state, trunk))
    for candidate in made:
        if candidate.row.name == name:
            return candidate.ready(inputs)
    raise ValueError(
        f"{_WHO}: there is no model {name!r}, because {plain!r} has no twin."
    )
