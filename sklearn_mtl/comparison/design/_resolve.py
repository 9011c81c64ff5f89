"""Turn what a user names or gives into the rows of the comparison."""

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
    """A row and what is fitted for it.

    Attributes
    ----------
    row : ModelRow
        How it is shown.
    estimator : estimator
        Unfitted.
    takes_raw : bool
        Whether it gets the inputs as they came; rows known by name bring their own
        preparation and get the inputs in one form.
    effort : float, default=1.0
        Rough cost of a fit compared with those of other models.
    is_recipe : bool, default=False
        Whether it was made by name.
    """

    row: ModelRow
    estimator: Estimator
    takes_raw: bool
    effort: float = 1.0
    is_recipe: bool = False

    @property
    def is_named(self) -> bool:
        """Whether `make_estimator` makes it by the name of its row."""
        name = self.row.name.removesuffix(twin_name(""))
        return self.is_recipe and name in MODELS

    def ready(self, inputs: Inputs) -> Any:
        """Return the estimator so that it takes the inputs as they came."""
        return self.estimator if self.takes_raw else with_reader(self.estimator, inputs)


def resolve_models(
    estimators: Sequence[Any] | Mapping[str, Any] | None, situation: Situation
) -> list[Candidate]:
    """Return the rows, each shared one after its twin if it has one."""
    candidates: list[Candidate] = []
    for name, given in _named(estimators, situation):
        if isinstance(given, str):
            candidates += _by_name(name, given, situation)
        else:
            candidates += _by_object(name, given, situation)
    _check_names([candidate.row.name for candidate in candidates])
    return candidates


def _named(estimators: Any, situation: Situation) -> list[tuple[str, Any]]:
    """Return (name of the row, name of a recipe or estimator)."""
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
    # the other members of a blend read tables, its net texts
    is_text = reads_texts(situation.trunk)
    return [name for name in MODELS if not (is_text and name == "blend")]


def _check_tokens(name: str, situation: Situation) -> None:
    """Refuse a row that cannot learn the tags of tokens."""
    if not situation.of_tokens:
        return
    able = [key for key, recipe in MODELS.items() if recipe.learns_tokens]
    if name not in able:
        raise TaskError(
            f"{_WHO}: {name!r} cannot learn task {situation.of_tokens[0]!r}, whose "
            f"labels are tags of tokens. Models that can: {able}."
        )
    if name == "net" and not reads_texts(situation.trunk):
        raise TaskError(
            f"{_WHO}: the labels of task {situation.of_tokens[0]!r} are tags of "
            "tokens, which a net learns from texts: trunk=sklearn_mtl.modules.Text()."
        )


def _listed(estimators: Sequence[Any] | Mapping[str, Any]) -> list[Any]:
    if not isinstance(estimators, Iterable):
        raise TypeError(
            f"{_WHO}: estimators is a {type(estimators).__name__}; give a list of "
            f"names ({list(MODELS)}) and (name, estimator) pairs, or a dict."
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
            f"{_WHO}: {name!r} is {estimator!r}; give an estimator, or one of the "
            f"names {list(MODELS)}."
        )
    # one answer for all folds, and for a model and its twin
    fixed = fix_task_types(estimator, situation.tasks.names, situation.task_types, _WHO)
    if _learns_apart(estimator):
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
    """Say with which tasks the second one, the shared row, shares nothing."""
    twin, shared = pair
    row = replace(shared.row, alone=tasks_alone(shared.estimator, situation))
    return [twin, replace(shared, row=row)]


def _learns_apart(estimator: Estimator) -> bool:
    """Say whether an estimator, or the last step of a Pipeline, has a model a task."""
    steps = getattr(estimator, "steps", None)
    last = steps[-1][1] if steps else estimator
    return isinstance(
        last, IndependentTasks | MultiOutputClassifier | MultiOutputRegressor
    )


def _check_names(names: list[str]) -> None:
    if not names:
        raise ValueError(
            f"{_WHO}: no estimator is given. Known models: {list(MODELS)}."
        )
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ValueError(f"{_WHO}: two rows have the name {double[0]!r}.")
    if SELECTED in names:
        raise ValueError(f"{_WHO}: the name {SELECTED!r} stands for the chosen row.")
