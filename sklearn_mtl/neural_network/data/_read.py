"""Validation of X for the trunk of a net."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn_mtl.modules import MLP, TrunkSpec
from sklearn_mtl.neural_network.data._pretrained import (
    older_net,
    take_over_inputs,
    take_over_texts,
    text_reader,
)
from sklearn_mtl.preprocessing import read_inputs, read_texts
from sklearn_mtl.utils._containers import plain_inputs
from sklearn_mtl.utils._typing import FeaturesLike

if TYPE_CHECKING:
    from sklearn_mtl.neural_network._base import BaseMultiTaskNet


__all__ = ["preparation_of", "read_net_inputs"]


def preparation_of(model: Any) -> str:
    """Return the kind of inputs that the trunk reads: "table", "raw" or "text"."""
    trunk = MLP if model.trunk is None else model.trunk
    return getattr(trunk, "preparation", "raw")


def read_net_inputs(
    model: BaseMultiTaskNet, X: FeaturesLike, *, reset: bool, grows: bool = False
) -> Any:
    """Validate X for the trunk; `grows` allows new categories."""
    reader, older = text_reader(model), older_net(model)
    if reader is not None:
        reader.check()
        texts = read_texts(model, X, reader, reset=reset)
        if reset and older is not None:
            take_over_texts(model, older)
        return texts
    _refuse_texts(X, type(model).__name__)
    if isinstance(model.trunk, TrunkSpec):
        X = model.trunk.flatten(plain_inputs(X, type(model).__name__))
    wanted = preparation_of(model)
    # the preparation of a pretrained net does not accept new categories
    grows = grows and older is None
    read = read_inputs(model, X, wanted, reset=reset, grows=grows)
    if not reset or older is None:
        return read
    take_over_inputs(model, older)
    try:
        return read_inputs(model, X, wanted, reset=False)
    except ValueError as error:
        raise ValueError(
            f"{error} Here, fit refers to the fit of the {type(older).__name__} in "
            "Pretrained."
        ) from error


def _refuse_texts(X: Any, who: str) -> None:
    """Refuse texts on behalf of trunks that read numbers."""
    is_flat = isinstance(X, list | tuple) or getattr(X, "ndim", 2) == 1
    first = next(iter(X), None) if is_flat else None
    if isinstance(first, str):
        raise ValueError(
            f"{who}: X contains texts, such as {first[:40]!r}. To fit texts, set "
            "trunk=sklearn_mtl.modules.Text()."
        )
