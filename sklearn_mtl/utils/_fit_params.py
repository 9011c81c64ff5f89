"""What fit takes besides X and y: groups and validation sets, also in a pipeline."""

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

    With metadata routing it must have requested it. Without, it is looked for in the
    signature of fit; a search of scikit-learn's uses groups if its splitter does, and
    an estimator that does not stop early has no use for a validation set.
    """
    if get_config()["enable_metadata_routing"]:
        return name in get_routing_for_object(estimator).consumes("fit", [name])
    last = last_step(estimator)[1]
    if hasattr(last, "_takes_in_fit"):  # asks the estimators that it fits
        return bool(last._takes_in_fit(name))
    if isinstance(last, GridSearchCV | RandomizedSearchCV):
        return name == "groups" and _splits_by_group(last.cv)
    if name in VALIDATION and getattr(last, "early_stopping", None) is False:
        return False
    return has_fit_parameter(last, name)


def _splits_by_group(cv: object) -> bool:
    """Return whether a splitter asks for groups, as scikit-learn's say it."""
    if not hasattr(cv, "get_metadata_routing"):
        return False
    return cv.get_metadata_routing().split.requests.get("groups") is True


def fit_params_for(
    estimator: Estimator, given: Mapping[str, Any], who: str
) -> dict[str, Any]:
    """Return what fit of an estimator takes, by the names that it takes it under."""
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
    """Refuse what no estimator takes in fit."""
    fitted = list(estimators)
    for name, value in given.items():
        if value is not None and not any(takes(one, name) for one in fitted):
            kinds = sorted({type(last_step(one)[1]).__name__ for one in fitted})
            raise ValueError(
                f"{who}: {name} is given, but fit of {' and of '.join(kinds)} has no "
                "use for it."
            )


def refuse_untransformed(names: Iterable[str], last: str, who: str) -> None:
    """Refuse validation sets for a step of a pipeline that does not transform them."""
    if any("__" in name and is_validation(name) for name in names):
        raise ValueError(_untransformed(who, last))


def _untransformed(who: str, last: str) -> str:
    return (
        f"{who}: X_val would reach {last} untransformed by its Pipeline. Enable "
        "metadata routing (sklearn.set_config), let the last step request X_val and "
        "y_val, and build Pipeline(..., transform_input=['X_val'])."
    )
