"""Assignment of the head parameters to tasks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from sklearn_mtl.losses import OutputLayout
from sklearn_mtl.modules import HeadWeights, MultiTaskModule

__all__ = ["head_owners", "head_weights", "task_of_maps"]


def task_of_maps(module: MultiTaskModule, layout: OutputLayout) -> Tensor:
    """Return the task index of each column of the linear part of the heads."""
    if module.tail is not None:
        return module.tail.task_of_maps
    return torch.as_tensor(layout.task_places)


def head_weights(module: MultiTaskModule, layout: OutputLayout) -> HeadWeights:
    """Return the head weights that `task_relation` compares: no biases or feedback."""
    layers = [] if module.tail is None else module.tail.comparable_weights()
    return [(module.heads.weight, task_of_maps(module, layout)), *layers]


def head_owners(
    module: MultiTaskModule, layout: OutputLayout
) -> list[tuple[nn.Parameter, Tensor]]:
    """Return all parameters of the heads, with the task index of each column."""
    maps = task_of_maps(module, layout)
    rest = [] if module.tail is None else module.tail.owners()
    chain = [] if module.chain is None else module.chain.owners()
    return [(module.heads.weight, maps), (module.heads.bias, maps), *rest, *chain]
