"""The preparation of X that comes with the trunk of a fitted net."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.modules import Pretrained
from sklearn_mtl.preprocessing import (
    Preparation,
    ReadInputs,
    Table,
    TablePreparation,
)

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = ["trained_preparation"]


def trained_preparation(model: BaseMultiTaskNet, X: ReadInputs) -> Preparation | None:
    """Return a copy of the preparation of the net that the trunk is from, or None."""
    older = model.trunk.fitted if isinstance(model.trunk, Pretrained) else None
    if older is None:
        return None
    preparation: Preparation = copy.deepcopy(older._trained_parts().preparation)
    _compare_columns(model, older)
    if isinstance(X, Table) != isinstance(preparation, TablePreparation):
        raise ValueError(
            f"{type(model).__name__}: Pretrained has the trunk of a net that was "
            "fitted to another kind of X: one of the two is sparse."
        )
    return preparation


def _compare_columns(model: BaseMultiTaskNet, older: Any) -> None:
    """Refuse columns that are not those which the trunk was trained on."""
    who, name = type(model).__name__, type(older).__name__
    found, known = model.n_features_in_, older.n_features_in_
    if found != known:
        raise ValueError(
            f"{who}: X has {found} features, but the {name} in Pretrained was fitted "
            f"to {known}."
        )
    names = getattr(model, "feature_names_in_", None)
    wanted = getattr(older, "feature_names_in_", None)
    if names is not None and wanted is not None and not np.array_equal(names, wanted):
        at = int(np.flatnonzero(names != wanted)[0])
        raise ValueError(
            f"{who}: column {at} of X is {names[at]!r}, but {wanted[at]!r} where the "
            f"{name} in Pretrained was fitted."
        )
    here, there = model.is_categorical_, older.is_categorical_
    if not np.array_equal(_flags(here, found), _flags(there, found)):
        at = int(np.flatnonzero(_flags(here, found) != _flags(there, found))[0])
        raise ValueError(
            f"{who}: column {at} of X is categorical either here or where the {name} "
            "in Pretrained was fitted, and not in both; see categorical_features."
        )


def _flags(is_categorical: np.ndarray | None, n_features: int) -> np.ndarray:
    """Return whether each column is categorical."""
    none = np.zeros(n_features, dtype=bool)
    return none if is_categorical is None else np.asarray(is_categorical, dtype=bool)
