"""Assignment of estimators to tasks, and restriction of their parameters to tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone, is_classifier, is_regressor

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import by_task as spread_by_task
from sklearn_mtl.tasks import is_by_name, match_tasks
from sklearn_mtl.utils._typing import Estimator, TaskTypes

__all__ = ["Templates", "for_one_task", "for_tasks"]

_WHO = "IndependentTasks"
# Parameters of the estimators of this package that may be given by task, with their
# values for tasks that are not in a dict.
_BY_TASK: dict[str, Any] = {"class_weight": None, "loss": "auto", "task_weight": 1.0}


@dataclass(frozen=True)
class Templates:
    """The estimators of an IndependentTasks.

    Attributes
    ----------
    estimator, classifier, regressor : estimator or None
        Estimators for all tasks, or by type of task.
    by_task : dict of str to estimator
        Estimators for some tasks.
    """

    estimator: Estimator | None
    classifier: Estimator | None
    regressor: Estimator | None
    by_task: Mapping[str, Any]

    @classmethod
    def read(
        cls,
        estimator: Estimator | None,
        classifier: Estimator | None,
        regressor: Estimator | None,
        by_task: Any,
    ) -> Templates:
        """Check the estimators."""
        templates = cls(estimator, classifier, regressor, by_task or {})
        found = templates.named()
        if not found:
            raise ValueError(f"{_WHO}: set estimator, or classifier and/or regressor.")
        if estimator is not None and not (classifier is regressor is None):
            raise ValueError(
                f"{_WHO}: estimator cannot be combined with classifier or regressor. "
                "Use estimator for all tasks, or classifier and regressor by type of "
                "task."
            )
        for name, one in found.items():
            _check_estimator(name, one)
        return templates

    def named(self) -> dict[str, Any]:
        """Return the given estimators by the name of their parameter."""
        general = {
            "estimator": self.estimator,
            "classifier": self.classifier,
            "regressor": self.regressor,
        }
        special = {f"by_task[{name!r}]": one for name, one in self.by_task.items()}
        return {k: one for k, one in {**general, **special}.items() if one is not None}

    def types_of(
        self, names: Sequence[str], task_types: TaskTypes | None
    ) -> dict[str, str | None]:
        """Return the required type of each task, from its estimator or task_types."""
        asked = spread_by_task(task_types, names, parameter="task_types", who=_WHO)
        special = self._special(names)
        return {
            name: self._agree(name, asked[name], special.get(name)) for name in names
        }

    def _special(self, names: Sequence[str]) -> dict[str, Any]:
        """Return the estimators in by_task, by task name."""
        return match_tasks(self.by_task, names, "by_task", _WHO)

    def _agree(self, name: str, asked: str | None, special: Any) -> str | None:
        own = self._type_of(special)
        if None not in (asked, own) and (asked == "regression") != (
            own == "regression"
        ):
            raise TaskError(
                f"{_WHO}: task {name!r} is a {asked} task in task_types, but its "
                f"estimator is for {own}."
            )
        # a classifier may also support tokens
        return asked if asked == "tokens" else own or asked

    def _type_of(self, special: Any) -> str | None:
        one = self.estimator if special is None else special
        if one is not None:
            return _type(one)
        if self.classifier is None and self.regressor is not None:
            return "regression"
        return "classification" if self.regressor is None else None

    def keys_of(self, names: Sequence[str], kinds: Sequence[str]) -> list[str]:
        """Return the key in `named` of the estimator of each task."""
        special = match_tasks({k: k for k in self.by_task}, names, "by_task", _WHO)
        named, keys = self.named(), []
        for name, kind in zip(names, kinds, strict=True):
            by_kind = "regressor" if kind == "regression" else "classifier"
            key = by_kind if self.estimator is None else "estimator"
            if name in special:
                key = f"by_task[{special[name]!r}]"
            elif key not in named:
                raise TaskError(
                    f"{_WHO}: task {name!r} has the type {kind!r}, but there is no "
                    f"{by_kind}. Set {by_kind}, or add the task to by_task."
                )
            keys.append(key)
        return keys


def for_one_task(estimator: Estimator, t: int, names: Sequence[str], kind: str) -> Any:
    """Return a clone whose parameters by task are restricted to one task."""
    single, params = clone(estimator), estimator.get_params(deep=True)
    for name, value in params.items():
        parameter = name.rpartition("__")[2]
        if parameter == "task_types":
            single.set_params(**{name: kind})
            _drop_loss(single, name.removesuffix("task_types"), names, {kind})
        elif parameter in _BY_TASK and _is_by_task(parameter, value, names):
            (own,) = _of_tasks(value, [t], names, _BY_TASK[parameter])
            single.set_params(**{name: None if parameter == "task_weight" else own})
    return single


def for_tasks(
    estimator: Estimator,
    columns: Sequence[int],
    names: Sequence[str],
    types: Sequence[str],
) -> Any:
    """Return a clone whose parameters by task are restricted to some tasks."""
    several, own_types = clone(estimator), [types[t] for t in columns]
    for name, value in estimator.get_params(deep=True).items():
        parameter = name.rpartition("__")[2]
        if parameter == "task_types":
            several.set_params(**{name: own_types})
            _drop_loss(several, name.removesuffix("task_types"), names, set(own_types))
        elif parameter in _BY_TASK and _is_by_task(parameter, value, names):
            own = _of_tasks(value, columns, names, _BY_TASK[parameter])
            several.set_params(**{name: own})
    return several


def _of_tasks(
    value: Any, columns: Sequence[int], names: Sequence[str], default: Any
) -> list[Any]:
    """Return the values for some tasks as a list in task order."""
    given = spread_by_task(
        value, names, parameter="an argument", who=_WHO, default=default
    )
    return [given[names[t]] for t in columns]


def _drop_loss(
    estimator: Estimator, prefix: str, names: Sequence[str], types: set[str]
) -> None:
    """Reset the loss of a net if it supports none of the remaining types of tasks."""
    loss = estimator.get_params(deep=True).get(f"{prefix}loss")
    if loss is None or loss == "auto" or _is_by_task("loss", loss, names):
        return
    from sklearn_mtl.losses import LOSSES  # imports torch, which a net requires

    spec = LOSSES.get(loss) if isinstance(loss, str) else loss
    kinds = getattr(spec, "kinds", None)  # None for an unknown name: fit raises
    suits = {
        "regression" if kind == "regression" else "classification"
        for kind in kinds or ()
    }
    if "classification" in suits:  # also supports tags
        suits.add("tokens")
    if kinds is not None and not suits & types:
        estimator.set_params(**{f"{prefix}loss": "auto"})


def _is_by_task(parameter: str, value: Any, names: Sequence[str]) -> bool:
    if hasattr(value, "items"):
        is_by_label = parameter == "class_weight" and not is_by_name(value)
        return len(value) > 0 and not is_by_label
    is_sequence = hasattr(value, "__len__") and not isinstance(value, str)
    return is_sequence and len(value) == len(names)


def _type(estimator: Estimator) -> str | None:
    if is_classifier(estimator):
        return "classification"
    return "regression" if is_regressor(estimator) else None


def _check_estimator(name: str, one: Any) -> None:
    # predict is not required, because searches of scikit-learn have it only after fit
    if isinstance(one, type) or not hasattr(one, "fit"):
        raise TypeError(f"{_WHO}: {name} must be an estimator; got {one!r}.")
    wanted = {"classifier": "classification", "regressor": "regression"}.get(name)
    if wanted is not None and _type(one) not in (wanted, None):
        raise TypeError(
            f"{_WHO}: {name} must be a {name}; got {type(one).__name__}, which is for "
            f"{_type(one)}."
        )
