"""A trunk for each block of columns."""

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
    """A trunk for each block of columns, whose representations are joined.

    Use it where X holds things of several kinds side by side, such as the pixels of a
    picture, features of a text and a table. The blocks get the values of X as they
    are: scale those of a table before, and put ``nn.Unflatten`` in front of a net that
    wants pictures.

    All heads read one representation, which `transform` gives: those of the blocks side
    by side, in their order. ``transform_task(kind="input")`` gives the same,
    "projection" that in the row space of the task's head.

    Parameters
    ----------
    blocks : list of (str, trunk, columns)
        Name of a block; a trunk spec that builds one representation, or an nn.Module;
        and its columns, as a slice, numbers or a mask. Columns in no block are left
        out. Parameters of a spec are reached by the block's name, as in
        ``trunk__text__dropout``.

    Notes
    -----
    ``n_members="auto"`` is 1, since blocks may hold large nets.

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
        """Return the parameters, those of the blocks' specs included.

        Parameters
        ----------
        deep : bool, default=True
            Whether to go into the blocks.

        Returns
        -------
        dict
            Values by name.
        """
        if not deep:
            return super().get_params(deep=False)
        return self._get_params("_named", deep=True) | {"blocks": self.blocks}

    def set_params(self, **params: Any) -> Columns:
        """Set parameters, those of the blocks' specs included.

        Parameters
        ----------
        **params : dict
            Values by name.

        Returns
        -------
        Columns
            Itself.
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
            If there is no block, names repeat, a block has no column or one that X does
            not have, a spec gives each task a representation of its own, or the trunk
            of a fitted model comes with the preparation of a table.
        """
        names = [name for name, *_ in self.blocks]
        if not names or len(set(names)) < len(names):
            raise ValueError(
                f"Columns: blocks must have names that differ; found {names}."
            )
        trunks, places = {}, []
        for name, trunk, columns in self.blocks:
            at = _places(name, columns, n_features)
            trunks[name] = _build(name, trunk, len(at), n_members, n_tasks)
            places.append(at)
        return JoinedTrunk(trunks, places)


def _places(name: str, columns: Any, n_features: int) -> np.ndarray:
    """Return the numbers of a block's columns."""
    try:
        at = np.atleast_1d(np.arange(n_features)[columns])
    except IndexError as error:
        raise ValueError(
            f"Columns: block {name!r} asks for columns {columns!r} of X, which has "
            f"{n_features}."
        ) from error
    if not len(at):
        raise ValueError(
            f"Columns: block {name!r} has none of the {n_features} columns of X; found "
            f"{columns!r}."
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
            f"{type(trunk.fitted).__name__}, which comes with the preparation of a "
            "table; blocks get the values of X as they are."
        )
    if not isinstance(trunk, TrunkSpec):
        raise TypeError(
            f"Columns: the trunk of block {name!r} must be a trunk spec or an "
            f"nn.Module; found {trunk!r}."
        )
    if trunk.preparation == "text":
        raise ValueError(
            f"Columns: block {name!r} has {type(trunk).__name__}, which reads texts; "
            "blocks are columns of numbers."
        )
    module = trunk.build(n_features, n_members, n_tasks)
    if isinstance(module, TaskTrunk):
        raise ValueError(
            f"Columns: block {name!r} has {type(trunk).__name__}, which gives each "
            "task a representation of its own; the heads of joined blocks read one."
        )
    return module


class JoinedTrunk(nn.Module):
    """The module of `Columns`.

    Parameters
    ----------
    trunks : dict of str to nn.Module
        Each maps the columns of its block to (n_members, n_rows, width).
    places : sequence of ndarray
        Numbers of the columns of each.
    """

    def __init__(
        self, trunks: dict[str, nn.Module], places: Sequence[np.ndarray]
    ) -> None:
        super().__init__()
        # numbers, and not names, which nn.ModuleDict does not take all
        self.blocks = nn.ModuleList(trunks.values())
        for number, at in enumerate(places):
            self.register_buffer(f"columns_{number}", torch.as_tensor(at))

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n_rows, n_features) to the blocks' outputs side by side."""
        joined = [
            block(x.index_select(-1, self.get_buffer(f"columns_{number}")))
            for number, block in enumerate(self.blocks)
        ]
        return torch.cat(joined, dim=-1)
