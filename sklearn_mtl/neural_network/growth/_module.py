"""Conversion of a module to a changed set of tasks."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses import OutputLayout
from sklearn_mtl.modules import (
    HeadSpec,
    HeadTail,
    MemberLinear,
    MultiTaskModule,
    TaskHeads,
    TaskTrunk,
)
from sklearn_mtl.neural_network.growth._source import ClassMap
from sklearn_mtl.neural_network.objective._owners import head_owners
from sklearn_mtl.neural_network.training._build import head_blocks, output_blocks
from sklearn_mtl.neural_network.training._head_update import last_layer

__all__ = ["Link", "change_module", "copy_heads", "new_heads"]


@dataclass(frozen=True)
class Link:
    """A head to copy.

    Attributes
    ----------
    new, old : int
        Index of the task in the new and the old layout.
    classes : ClassMap or None
        Mapping of the classes; None if the classes do not change.
    """

    new: int
    old: int
    classes: ClassMap | None = None


def change_module(
    old: MultiTaskModule,
    layouts: tuple[OutputLayout, OutputLayout],
    links: Sequence[Link],
    parts: Sequence[int],
    head: HeadSpec,
    who: str,
) -> MultiTaskModule:
    """Return a module for another layout of outputs.

    `layouts` has the old and the new layout. `parts` has, for each task of the new
    layout, the index of the old task from which the task-specific parts of the trunk
    are copied.
    """
    trunk = copy.deepcopy(old.trunk)
    if isinstance(trunk, TaskTrunk):
        try:
            trunk.take_tasks(parts)
        except NotImplementedError as error:
            raise TaskError(
                f"{who}: {type(trunk).__name__} has task-specific layers and does not "
                "support adding or dropping tasks after fit. Trunks with one "
                "representation, such as MLP and Conv, support it, and so do "
                "MixtureOfExperts and SharedPrivate."
            ) from error
    n_members, n_in, _ = old.heads.weight.shape
    heads, tail = new_heads(head, layouts[1], (n_members, n_in))
    if isinstance(trunk, TaskTrunk):
        heads = TaskHeads(n_members, n_in, head.maps(head_blocks(layouts[1])))
    module = MultiTaskModule(copy.deepcopy(old.inputs), trunk, heads, tail)
    module.to(old.heads.weight.dtype)
    module.trunk_dtype = old.trunk_dtype
    copy_heads(module, old, (layouts[1], layouts[0]), links, who)
    return module


def new_heads(
    head: HeadSpec, layout: OutputLayout, shape: tuple[int, int]
) -> tuple[MemberLinear, HeadTail | None]:
    """Return linear maps initialised with zeros, and the layers that follow them.

    Shapes: shape (n_members, n_hidden).
    """
    maps = head.maps(head_blocks(layout))
    heads = MemberLinear(*shape, sum(block.width for block in maps))
    return heads, head.build(shape[0], output_blocks(layout))


@torch.no_grad()
def copy_heads(
    new: MultiTaskModule,
    old: MultiTaskModule,
    layouts: tuple[OutputLayout, OutputLayout],
    links: Sequence[Link],
    who: str,
) -> None:
    """Copy the heads of some tasks; `layouts` has the new and the old layout.

    Added classes change only the layer that computes the logits.
    """
    pairs = list(
        zip(head_owners(new, layouts[0]), head_owners(old, layouts[1]), strict=False)
    )
    if type(new.tail) is not type(old.tail) or any(
        a.shape[1:-1] != b.shape[1:-1] for (a, _), (b, _) in pairs if not _reads(a, new)
    ):
        raise ValueError(
            f"{who}: the parameter head was changed after fit, and the new heads have "
            "other shapes. Reset it to its previous value, or fit again."
        )
    layer, bias = last_layer(old)
    for (to, task_to), (of, task_of) in pairs:
        gives_logits = of is bias or (layer is not None and of is layer.weight)
        for link in links:
            block = of[..., (task_of == link.old).to(of.device)]
            is_reader = _reads(of, old)
            if link.classes is not None and (gives_logits or is_reader):
                matrix, offset = link.classes.logits
                block = block @ torch.as_tensor(matrix).to(block)
                if of is bias:
                    block = block + torch.as_tensor(offset).to(block)
            if is_reader:  # its rows are outputs of tasks
                block = _routes(layouts, links).to(block) @ block
            to[..., (task_to == link.new).to(to.device)] = block.to(to)


def _reads(parameter: Tensor, module: MultiTaskModule) -> bool:
    """Return whether the rows of a parameter are outputs of tasks."""
    readers = [] if module.tail is None else module.tail.readers()
    return any(parameter is one for one in readers)


def _routes(
    layouts: tuple[OutputLayout, OutputLayout], links: Sequence[Link]
) -> Tensor:
    """Return the matrix (n_new, n_old) that maps old outputs to new ones."""
    new, old = layouts
    routes = np.zeros((new.n_outputs, old.n_outputs))
    rows, columns = np.arange(new.n_outputs), np.arange(old.n_outputs)
    for link in links:
        to, of = rows[new.columns(link.new)], columns[old.columns(link.old)]
        step = np.eye(len(of)) if link.classes is None else link.classes.soft_outputs
        routes[np.ix_(to, of)] = step
    return torch.as_tensor(routes)
