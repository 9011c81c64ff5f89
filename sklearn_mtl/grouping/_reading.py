"""Reading of the arguments of fit of a group search."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sklearn import get_config
from sklearn.utils.metadata_routing import process_routing

from sklearn_mtl.inspection import TaskData, read_data, with_validation
from sklearn_mtl.utils._fit_params import refuse_untransformed, refuse_unused
from sklearn_mtl.utils._hold_out import HoldOut
from sklearn_mtl.utils._typing import FeaturesLike, TargetsLike

__all__ = ["read_search_data"]

_WHO = "TaskGroupSearchCV"


def read_search_data(
    search: Any,
    X: FeaturesLike,
    y: TargetsLike,
    weighted: dict[str, Any],
    held: dict[str, Any],
    fit_params: dict[str, Any],
) -> TaskData:
    """Return the samples and the validation set for the fits of groups.

    `weighted` contains sample_weight and groups, and `held` the validation set, both by
    the names of the arguments of fit.
    """
    on_empty_task = search.on_empty_task
    data = read_data(
        search.estimator, X, y, _WHO, **weighted, on_empty_task=on_empty_task
    )
    data = replace(data, params=_route(search, {**weighted, **held}, held, fit_params))
    given = HoldOut.read(_WHO, X, **held)
    if not given.has_validation:
        return data
    return with_validation(data, given.like_inputs(search), _WHO, on_empty_task)


def _route(
    search: Any,
    given: dict[str, Any],
    held: dict[str, Any],
    fit_params: dict[str, Any],
) -> dict[str, Any]:
    """Check the arguments of fit, and return those to pass on to all fits unread."""
    if not get_config()["enable_metadata_routing"]:
        refuse_unused([search.estimator], held, _WHO)
        refuse_untransformed(fit_params, "its step", _WHO)
        return fit_params
    given = {name: value for name, value in given.items() if value is not None}
    routed = process_routing(search, "fit", **given, **fit_params)
    return {k: v for k, v in routed.estimator.fit.items() if k not in given}
