"""Conversion of the argument `estimators` into the models of a comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sklearn.base import clone
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor

from sklearn_mtl.comparison.design._alone import tasks_alone
from sklearn_mtl.comparison.design._inputs import Inputs
from sklearn_mtl.comparison.design._models import MODELS, Situation
from sklearn_mtl.comparison.design._table_reader import with_reader
from sklearn_mtl.comparison.design._texts import reads_texts
from sklearn_mtl.comparison.results._rows import SELECTED, ModelRow, twin_name
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.multioutput import IndependentTasks
from sklearn_mtl.tasks import fix_task_types
from sklearn_mtl.utils._guesses import with_guesses
from sklearn_mtl.utils._typing import Estimator

__all__ = ["Candidate", "resolve_models"]

_WHO = "compare"


@dataclass(frozen=True)
class Candidate:
    """A model of the comparison and its estimator.

    Attributes
    ----------
    row : ModelRow
        Name and role of the model.
    estimator : estimator
        Unfitted estimator.
    takes_raw : bool
        Whether the estimator receives X unchanged. Built-in models that prepare tables
        receive the common form of `Inputs` instead.
    effort : float, default=1.0
        Rough cost of a fit relative to other models.
    is_recipe : bool, default=False
        Whether this is a built-in model.
    """

    row: ModelRow
    estimator: Estimator
    takes_raw: bool
    effort: float = 1.0
    is_recipe: bool = False

    @property
    def is_named(self) -> bool:
        """Return whether `make_estimator` can make this model by its name."""
        name = self.row.name.removesuffix(twin_name(""))
        return self.is_recipe and name in MODELS

    def ready(self, inputs: Inputs) -> Any:
        """Return the estimator in a form that takes X unchanged."""
        return self.estimator if self.takes_raw else with_reader(self.estimator, inputs)


def resolve_models(
    estimators: Sequence[Any] | Mapping[str, Any] | None, situation: Situation
) -> list[Candidate]:
    """Return the models, where each shared model comes after its twin."""
    candidates: list[Candidate] = []
    for name, given in _named(estimators, situation):
        if isinstance(given, str):
            candidates += _by_name(name, given, situation)
        else:
            candidates += _by_object(name, given, situation)
    _check_names([candidate.row.name for candidate in candidates])
    return candidates


def _named(estimators: Any, situation: Situation) -> list[tuple[str, Any]]:
    """Return pairs of a name and a built-in model's name or an estimator."""
    if estimators is None:
        return [(name, name) for name in _default_names(situation)]
    if isinstance(estimators, str) or hasattr(estimators, "fit"):
        estimators = [estimators]
    if isinstance(estimators, Mapping):
        return [(str(name), given) for name, given in estimators.items()]
    return [_pair(given) for given in _listed(estimators)]


def _default_names(situation: Situation) -> list[str]:
    if situation.of_tokens:
        return [name for name, recipe in MODELS.items() if recipe.learns_tokens]
    # a blend needs a table for its other members and texts for its net
    is_text = reads_texts(situation.trunk)
    return [name for name in MODELS if not (is_text and name == "blend")]


def _check_tokens(name: str, situation: Situation) -> None:
    """Raise if there are token tasks and the model cannot learn them."""
    if not situation.of_tokens:
        return
    able = [key for key, recipe in MODELS.items() if recipe.learns_tokens]
    if name not in able:
        raise TaskError(
            f"{_WHO}: model {name!r} cannot learn task {situation.of_tokens[0]!r}, "
            f"whose labels are tags of tokens. Models that can: {able}."
        )
    if name == "net" and not reads_texts(situation.trunk):
        raise TaskError(
            f"{_WHO}: the labels of task {situation.of_tokens[0]!r} are tags of "
            "tokens. A net learns them from texts; pass "
            "trunk=sklearn_mtl.modules.Text()."
        )


def _listed(estimators: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    if not isinstance(estimators, Iterable):
        raise TypeError(
            f"{_WHO}: estimators is a {type(estimators).__name__}; it must be a dict, "
            f"or a list of (name, estimator) pairs and of the names {list(MODELS)}."
        )
    return list(estimators)


def _pair(given: Any) -> tuple[str, Any]:
    if isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str):
        return given
    return (given, given) if isinstance(given, str) else (type(given).__name__, given)


def _by_name(name: str, recipe_name: str, situation: Situation) -> list[Candidate]:
    if recipe_name not in MODELS:
        raise ValueError(
            f"{_WHO}: unknown model {with_guesses([recipe_name], MODELS)}. "
            f"Known models: {list(MODELS)}."
        )
    _check_tokens(recipe_name, situation)
    recipe = MODELS[recipe_name]
    made = recipe.make(situation)
    is_of_texts = bool(situation.of_tokens) or reads_texts(situation.trunk)
    takes_raw = recipe.learns_tokens and is_of_texts

    def prepared(model: Any) -> Any:
        return model if takes_raw else recipe.prepared(model, situation.inputs)

    estimator = prepared(made)
    if recipe.role != "shared" or not recipe.has_twin:
        row = ModelRow(name, recipe.role, estimator=str(estimator))
        return [Candidate(row, estimator, takes_raw, recipe.effort, is_recipe=True)]
    twin = prepared(situation.apart(clone(made)))
    pair = [
        replace(candidate, effort=recipe.effort, is_recipe=True)
        for candidate in _with_twin(name, estimator, twin, takes_raw=takes_raw)
    ]
    return _sharing(pair, situation)


def _by_object(
    name: str, estimator: Estimator, situation: Situation
) -> list[Candidate]:
    if not hasattr(estimator, "fit") or isinstance(estimator, type):
        raise TypeError(
            f"{_WHO}: model {name!r} is {estimator!r}; it must be an estimator or one "
            f"of the names {list(MODELS)}."
        )
    # all folds, and a model and its twin, must use the same task types
    fixed = fix_task_types(estimator, situation.tasks.names, situation.task_types, _WHO)
    if _fits_each_task(estimator):
        row = ModelRow(name, "single", estimator=str(estimator))
        return [Candidate(row, fixed, takes_raw=True)]
    twin = situation.apart(clone(estimator))
    twin_row, shared = _with_twin(name, estimator, twin, takes_raw=True)
    return _sharing([twin_row, replace(shared, estimator=fixed)], situation)


def _with_twin(
    name: str, estimator: Estimator, twin: Any, *, takes_raw: bool
) -> list[Candidate]:
    twin_row = ModelRow(twin_name(name), "twin", estimator=str(twin))
    row = ModelRow(name, "shared", twin=twin_row.name, estimator=str(estimator))
    return [Candidate(twin_row, twin, takes_raw), Candidate(row, estimator, takes_raw)]


def _sharing(pair: list[Candidate], situation: Situation) -> list[Candidate]:
    """Record the tasks with which the shared model, the second one, shares nothing."""
    twin, shared = pair
    row = replace(shared.row, alone=tasks_alone(shared.estimator, situation))
    return [twin, replace(shared, row=row)]


def _fits_each_task(estimator: Estimator) -> bool:
    """Return whether an estimator, or the end of a Pipeline, fits a model per task."""
    steps = getattr(estimator, "steps", None)
    last = steps[-1][1] if steps else estimator
    return isinstance(
        last, IndependentTasks | MultiOutputClassifier | MultiOutputRegressor
    )


def _check_names(names: list[str]) -> None:
    if not names:
        raise ValueError(
            f"{_WHO}: estimators is empty. Built-in models: {list(MODELS)}."
        )
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ValueError(
            f"{_WHO}: several models have the name {double[0]!r}; names must be unique."
        )
    if SELECTED in names:
        raise ValueError(
            f"{_WHO}: a model has the name {SELECTED!r}, which is reserved for the "
            "automatically selected single-task model. Use another name."
        )
