"""Make the estimator of a row that is known by name."""

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
    """Make a model that `compare` knows by name, with the preparation of its inputs.

    Parameters
    ----------
    name : str
        Name of a row of `compare`, such as "net", "forest" or "net, one per task".
    X : array-like, sparse matrix or DataFrame of shape (n_samples, n_features)
        Inputs: which columns are numbers and which are categories, and whether values
        are missing, decides how they are prepared.
    y : array-like or DataFrame of shape (n_samples,) or (n_samples, n_tasks)
        Targets: whether they are classes or numbers decides which estimator it is.
    task_types : str, sequence or dict, default=None
        "classification" or "regression" for all tasks, in order, or by name; None
        infers it from the labels.
    trunk : trunk spec, nn.Module or callable, default=None
        Trunk of the net and of the net in the blend, such as `Conv` for pictures; None
        is that of tables.
    random_state : int or None, default=0
        Seed of the model.

    Returns
    -------
    estimator
        Unfitted; `fit(X, y)` takes X and y as they were given here.

    Raises
    ------
    ValueError
        If no row has this name; the message lists the names.
    TaskError
        If a target cannot be read.
    TypeError
        If X is None or an estimator.

    See Also
    --------
    compare : Find out which model is the best.

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
        f"{_WHO}: {plain!r} is one model per task; it has no twin {name!r}."
    )
