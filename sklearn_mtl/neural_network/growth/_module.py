"""Give a module the heads of other tasks, and keep those that stay."""

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
    """A head that is taken over.

    Attributes
    ----------
    new, old : int
        Its places in the layouts.
    classes : ClassMap or None
        Where its classes went; None where they stay.
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

    `layouts` are those before and after; `parts` says for each place of the new layout
    from which old one a trunk with parts of tasks takes its part.
    """
    trunk = copy.deepcopy(old.trunk)
    if isinstance(trunk, TaskTrunk):
        try:
            trunk.take_tasks(parts)
        except NotImplementedError as error:
            raise TaskError(
                f"{who}: {type(trunk).__name__} gives each task parts of its own, and "
                "cannot take or drop some after fit. Trunks with one representation, "
                "such as MLP and Conv, can, and so can MixtureOfExperts and "
                "SharedPrivate."
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
    """Return heads of zeros on one representation, and what follows them.

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
    """Copy what belongs to some tasks; `layouts` are those of the new and old module.

    Classes that were added change the layer that gives the logits alone.
    """
    pairs = list(
        zip(head_owners(new, layouts[0]), head_owners(old, layouts[1]), strict=False)
    )
    if type(new.tail) is not type(old.tail) or any(
        a.shape[1:-1] != b.shape[1:-1] for (a, _), (b, _) in pairs if not _reads(a, new)
    ):
        raise ValueError(
            f"{who}: head was changed after fit, so that the heads of the tasks differ "
            "in shape. Set it to what it was, or fit again."
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
            if is_reader:  # whose rows are the outputs that are read
                block = _routes(layouts, links).to(block) @ block
            to[..., (task_to == link.new).to(to.device)] = block.to(to)


def _reads(parameter: Tensor, module: MultiTaskModule) -> bool:
    """Say whether the rows of a parameter are outputs of tasks."""
    readers = [] if module.tail is None else module.tail.readers()
    return any(parameter is one for one in readers)


def _routes(
    layouts: tuple[OutputLayout, OutputLayout], links: Sequence[Link]
) -> Tensor:
    """Return where the outputs of the old layout have gone, (n_new, n_old)."""
    new, old = layouts
    routes = np.zeros((new.n_outputs, old.n_outputs))
    rows, columns = np.arange(new.n_outputs), np.arange(old.n_outputs)
    for link in links:
        to, of = rows[new.columns(link.new)], columns[old.columns(link.old)]
        step = np.eye(len(of)) if link.classes is None else link.classes.soft_outputs
        routes[np.ix_(to, of)] = step
    return torch.as_tensor(routes)
