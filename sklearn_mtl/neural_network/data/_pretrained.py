"""Inputs of a net whose trunk is that of a fitted net."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from sklearn_mtl.modules import Pretrained, Text
from sklearn_mtl.preprocessing import Preparation

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet

__all__ = [
    "older_net",
    "take_over_inputs",
    "take_over_texts",
    "text_reader",
    "trained_preparation",
]

#: Attributes set by reading X: category codes, and the type and unit of X.
_LEARNED = ("_categories", "_is_byte_fit", "_is_sparse_fit", "_is_unit_fit")


def older_net(model: BaseMultiTaskNet) -> Any:
    """Return the fitted net whose trunk the model uses, or None."""
    return model.trunk.fitted if isinstance(model.trunk, Pretrained) else None


def text_reader(model: BaseMultiTaskNet) -> Text | None:
    """Return the Text spec that tokenizes and hashes texts; None for other inputs."""
    older = older_net(model)
    if older is not None:
        return text_reader(older)
    return model.trunk if isinstance(model.trunk, Text) else None


def trained_preparation(model: BaseMultiTaskNet) -> Preparation | None:
    """Return a copy of the preparation of the pretrained net, or None."""
    older = older_net(model)
    return None if older is None else copy.deepcopy(older._trained_parts().preparation)


def take_over_inputs(model: BaseMultiTaskNet, older: Any) -> None:
    """Copy the input attributes of the pretrained net, after checking X against it."""
    _check_members(model, older)
    _compare_columns(model, older)
    for name in _LEARNED:
        if hasattr(older, name):
            setattr(model, name, copy.copy(getattr(older, name)))


def take_over_texts(model: Any, older: Any) -> None:
    """Check that the texts have the type of those of the pretrained net."""
    _check_members(model, older)
    if model._is_token_fit is not older._is_token_fit:
        known = "lists of tokens" if older._is_token_fit else "texts"
        raise ValueError(
            f"{type(model).__name__}: the {type(older).__name__} in Pretrained was "
            f"fitted to {known}. Pass {known} as X."
        )


def _check_members(model: BaseMultiTaskNet, older: Any) -> None:
    """Refuse a number of members that differs from the pretrained net."""
    parts = older._trained_parts()
    if model.n_members not in ("auto", parts.n_members):
        # checked before the inputs of the members are prepared, which would fail too
        raise ValueError(
            f"{type(model).__name__}: n_members={model.n_members}, but the "
            f"{type(older).__name__} in Pretrained has {parts.n_members} members; "
            f"allowed are {parts.n_members} and 'auto'."
        )


def _compare_columns(model: BaseMultiTaskNet, older: Any) -> None:
    """Refuse columns that differ from those of the pretrained net."""
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
            f"{who}: column {at} of X is {names[at]!r}, but was {wanted[at]!r} in the "
            f"fit of the {name} in Pretrained."
        )
    here, there = model.is_categorical_, older.is_categorical_
    if not np.array_equal(_flags(here, found), _flags(there, found)):
        at = int(np.flatnonzero(_flags(here, found) != _flags(there, found))[0])
        raise ValueError(
            f"{who}: column {at} of X is {_kind(here, at)}, but was "
            f"{_kind(there, at)} in the fit of the {name} in Pretrained; see "
            "categorical_features."
        )


def _flags(is_categorical: np.ndarray | None, n_features: int) -> np.ndarray:
    """Return the mask of the categorical columns."""
    none = np.zeros(n_features, dtype=bool)
    return none if is_categorical is None else np.asarray(is_categorical, dtype=bool)


def _kind(is_categorical: np.ndarray | None, column: int) -> str:
    is_one = is_categorical is not None and is_categorical[column]
    return "categorical" if is_one else "numeric"
