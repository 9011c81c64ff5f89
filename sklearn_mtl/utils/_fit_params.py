"""Passing of groups and validation sets to fit, also in pipelines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sklearn import get_config
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.validation import has_fit_parameter

from sklearn_mtl.utils._hold_out import VALIDATION
from sklearn_mtl.utils._pipelines import last_step
from sklearn_mtl.utils._typing import Estimator

__all__ = ["fit_params_for", "is_validation", "refuse_unused", "takes"]


def takes(estimator: Estimator, name: str) -> bool:
    """Return whether fit of an estimator, or of its last step, uses a parameter.

    With metadata routing, the estimator must request the parameter. Without it, the
    parameter must be in the signature of fit. There are two exceptions: a parameter
    search of scikit-learn uses groups if its splitter does, and an estimator without
    early stopping does not use a validation set.
    """
    if get_config()["enable_metadata_routing"]:
        return name in get_routing_for_object(estimator).consumes("fit", [name])
    last = last_step(estimator)[1]
    if hasattr(last, "_takes_in_fit"):  # depends on the estimators that it fits
        return bool(last._takes_in_fit(name))
    if isinstance(last, GridSearchCV | RandomizedSearchCV):
        return name == "groups" and _splits_by_group(last.cv)
    if name in VALIDATION and getattr(last, "early_stopping", None) is False:
        return False
    return has_fit_parameter(last, name)


def _splits_by_group(cv: object) -> bool:
    """Return whether a splitter requests groups."""
    if not hasattr(cv, "get_metadata_routing"):
        return False
    return cv.get_metadata_routing().split.requests.get("groups") is True


def fit_params_for(
    estimator: Estimator, given: Mapping[str, Any], who: str
) -> dict[str, Any]:
    """Return the parameters that fit of an estimator uses, with their full names."""
    prefix, last = last_step(estimator)
    is_routed = get_config()["enable_metadata_routing"]
    found = {}
    for name, value in given.items():
        if value is None or not takes(estimator, name):
            continue
        if name in VALIDATION and prefix and not is_routed:
            raise ValueError(_untransformed(who, type(last).__name__))
        found[name if is_routed else f"{prefix}{name}"] = value
    return found


def is_validation(name: str) -> bool:
    """Return whether a parameter of fit, or of a step, is part of a validation set."""
    return name.rpartition("__")[2] in VALIDATION


def refuse_unused(
    estimators: Iterable[Any], given: Mapping[str, Any], who: str
) -> None:
    """Raise if a parameter of fit is not used by any estimator."""
    fitted = list(estimators)
    for name, value in given.items():
        if value is not None and not any(takes(one, name) for one in fitted):
            kinds = sorted({type(last_step(one)[1]).__name__ for one in fitted})
            raise ValueError(
                f"{who}: {name} is given, but fit of {' and of '.join(kinds)} does not "
                "use it."
            )


def refuse_untransformed(names: Iterable[str], last: str, who: str) -> None:
    """Raise for a validation set that would skip the transformers of a pipeline."""
    if any("__" in name and is_validation(name) for name in names):
        raise ValueError(_untransformed(who, last))


def _untransformed(who: str, last: str) -> str:
    return (
        f"{who}: the Pipeline does not transform X_val before it is passed to {last}. "
        "Enable metadata routing (sklearn.set_config), request X_val and y_val in the "
        "last step, and use Pipeline(..., transform_input=['X_val'])."
    )
