"""Trunk that applies a separate trunk to each block of columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_mtl.modules.trunks._pretrained import Pretrained
from sklearn_mtl.modules.trunks._spec import TrunkSpec
from sklearn_mtl.modules.trunks._task_trunk import TaskTrunk
from sklearn_mtl.utils._private import BaseComposition

__all__ = ["Columns", "JoinedTrunk"]


class Columns(BaseComposition, TrunkSpec):
    """Apply a separate trunk to each block of columns, and concatenate the outputs.

    Use it if X contains features of several kinds, such as the pixels of an image,
    features of a text and a table. The blocks receive the raw values of X: scale the
    columns of a table first, and insert ``nn.Unflatten`` before a network that expects
    images.

    All heads use the same representation, the concatenated outputs of the blocks, which
    `transform` and ``transform_task(kind="input")`` return. "projection" is its
    projection on the row space of the task's head.

    Parameters
    ----------
    blocks : list of (str, trunk, columns)
        Blocks with a name, a trunk and columns. The trunk is an nn.Module or a spec
        with one representation for all tasks. The columns are a slice, indices or a
        mask. Columns that are in no block are ignored. Parameters of a spec are
        available by the name of the block, such as ``trunk__text__dropout``.

    Notes
    -----
    ``n_members="auto"`` is 1, because blocks may contain large networks.

    References
    ----------
    J. Ngiam et al., "Multimodal Deep Learning", ICML 2011.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.modules import MLP, Columns
    >>> trunk = Columns(
    ...     [("text", MLP((8,)), slice(0, 6)), ("table", MLP((4,)), [6, 7, 9])]
    ... )
    >>> trunk.build(n_features=10, n_members=2)(torch.zeros(2, 5, 10)).shape
    torch.Size([2, 5, 12])
    >>> trunk.get_params()["text__hidden_layer_sizes"]
    (8,)
    """

    preparation = "raw"
    default_n_members = 1

    def __init__(self, blocks: list[tuple[str, Any, Any]]) -> None:
        self.blocks = blocks

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters, including those of the blocks' specs.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the parameters of the blocks' specs.

        Returns
        -------
        dict
            Parameter names mapped to their values.
        """
        if not deep:
            return super().get_params(deep=False)
        return self._get_params("_named", deep=True) | {"blocks": self.blocks}

    def set_params(self, **params: Any) -> Columns:
        """Set parameters, including those of the blocks' specs.

        Parameters
        ----------
        **params : dict
            Parameter names and values.

        Returns
        -------
        Columns
            The spec.
        """
        if "blocks" in params:
            self.blocks = params.pop("blocks")
        self._set_params("_named", **params)
        return self

    @property
    def _named(self) -> list[tuple[str, Any]]:
        return [(name, trunk) for name, trunk, _ in self.blocks]

    @_named.setter
    def _named(self, value: list[tuple[str, Any]]) -> None:
        self.blocks = [
            (name, trunk, columns)
            for (name, trunk), (*_, columns) in zip(value, self.blocks, strict=True)
        ]

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> JoinedTrunk:
        """Build the trunks of all blocks.

        Raises
        ------
        TypeError
            If a trunk is neither a spec nor an nn.Module.
        ValueError
            If there is no block, names are not unique, a block has no column or one
            that is not in X, a spec has one representation per task, or the trunk of a
            fitted model requires the preparation of a table.
        """
        names = [name for name, *_ in self.blocks]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"Columns: blocks must have unique names; got {names}.")
        trunks, places = {}, []
        for name, trunk, columns in self.blocks:
            at = _places(name, columns, n_features)
            trunks[name] = _build(name, trunk, len(at), n_members, n_tasks)
            places.append(at)
        return JoinedTrunk(trunks, places)


def _places(name: str, columns: Any, n_features: int) -> np.ndarray:
    """Return the indices of a block's columns."""
    try:
        at = np.atleast_1d(np.arange(n_features)[columns])
    except IndexError as error:
        raise ValueError(
            f"Columns: block {name!r} has columns {columns!r}, but X has "
            f"{n_features} columns."
        ) from error
    if not len(at):
        raise ValueError(
            f"Columns: block {name!r} has columns {columns!r}, which select none of "
            f"the {n_features} columns of X."
        )
    return at


def _build(
    name: str, trunk: Any, n_features: int, n_members: int, n_tasks: int
) -> nn.Module:
    if isinstance(trunk, nn.Module):
        trunk = Pretrained(trunk, frozen=False)
    if isinstance(trunk, Pretrained) and trunk.preparation != "raw":
        raise ValueError(
            f"Columns: block {name!r} has Pretrained with the trunk of a fitted "
            f"{type(trunk.fitted).__name__}, which requires a prepared table; blocks "
            "receive the raw values of X."
        )
    if not isinstance(trunk, TrunkSpec):
        raise TypeError(
            f"Columns: the trunk of block {name!r} must be a trunk spec or an "
            f"nn.Module; got {trunk!r}."
        )
    if trunk.preparation == "text":
        raise ValueError(
            f"Columns: block {name!r} has {type(trunk).__name__}, which reads texts; "
            "blocks are columns of numbers."
        )
    module = trunk.build(n_features, n_members, n_tasks)
    if isinstance(module, TaskTrunk):
        raise ValueError(
            f"Columns: block {name!r} has {type(trunk).__name__}, which has one "
            "representation per task; blocks require one for all tasks."
        )
    return module


class JoinedTrunk(nn.Module):
    """The module of `Columns`.

    Parameters
    ----------
    trunks : dict of str to nn.Module
        Trunk of each block, which maps its columns to (n_members, n_rows, width).
    places : sequence of ndarray
        Indices of the columns of each block.
    """

    def __init__(
        self, trunks: dict[str, nn.Module], places: Sequence[np.ndarray]
    ) -> None:
        super().__init__()
        # not nn.ModuleDict, which does not accept all names
        self.blocks = nn.ModuleList(trunks.values())
        for number, at in enumerate(places):
            self.register_buffer(f"columns_{number}", torch.as_tensor(at))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n_rows, n_features) to the concatenated outputs."""
        joined = [
            block(x.index_select(-1, self.get_buffer(f"columns_{number}")))
            for number, block in enumerate(self.blocks)
        ]
        return torch.cat(joined, dim=-1)
