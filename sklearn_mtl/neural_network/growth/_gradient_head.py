"""Heads with hidden layers, trained on a fixed representation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from sklearn_mtl.losses import FusedLoss
from sklearn_mtl.modules import (
    MLP,
    HeadSpec,
    MultiTaskModule,
    draw_parameters,
    use_generators,
)
from sklearn_mtl.neural_network.data._targets import TargetEncoder
from sklearn_mtl.neural_network.growth._labels import TaskLabels, encoded_targets
from sklearn_mtl.neural_network.growth._module import new_heads
from sklearn_mtl.neural_network.training._head_update import last_layer
from sklearn_mtl.utils._random import spawn_seeds

__all__ = ["GradientHeads", "one_task_module"]

_STEPS = (0, 10, 20, 40, 80, 160, 320)


class GradientHeads:
    """Heads of one task that are not linear in the representation.

    Training uses full batches. The setting to select is the number of steps.

    Parameters
    ----------
    labels : TaskLabels
        Labels of the task.
    Z : Tensor of shape (n_members, n_labels, n_hidden)
        Inputs of the heads.
    head : HeadSpec
        Spec of the heads.
    lr : float
        Learning rate.
    seed : int
        Seed of initial weights and dropout.
    """

    settings: Sequence[float] = _STEPS

    def __init__(
        self, labels: TaskLabels, Z: Tensor, head: HeadSpec, lr: float, seed: int
    ) -> None:
        self.labels, self.Z = labels, Z
        self.head, self.lr, self.seed = head, lr, seed

    def path(
        self, train: np.ndarray, encoder: TargetEncoder, test: np.ndarray
    ) -> list[Tensor]:
        """Return the logits of test rows for each number of steps."""
        z, found = self.Z[:, test], []
        for module in self._train(train, encoder, _STEPS[-1]):
            with torch.no_grad():
                found.append(module(z))
        return found

    def solution(
        self, setting: int, rows: np.ndarray, encoder: TargetEncoder
    ) -> MultiTaskModule:
        """Return heads trained on some rows.

        Shapes: rows (n_labels,), a mask.
        """
        *_, module = self._train(rows, encoder, _STEPS[setting])
        return module

    def _train(
        self, rows: np.ndarray, encoder: TargetEncoder, n_steps: int
    ) -> Iterator[MultiTaskModule]:
        """Yield the module in evaluation mode at each number of steps in `_STEPS`."""
        n_members = len(self.Z)
        seeds = spawn_seeds(self.seed, n_members)
        generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        module = one_task_module(self.head, self.labels, self.Z, generators)
        _set_bias(module, encoder)
        weights = torch.as_tensor(self.labels.weights[rows])[:, None]
        weights = (weights / weights.mean()).expand(n_members, -1, -1)
        targets = encoded_targets(encoder, self.labels.codes[rows]).expand(
            n_members, -1, -1
        )
        z, loss = self.Z[:, rows], FusedLoss(self.labels.layout, torch.ones(1))
        named = list(module.named_parameters())
        is_bias = [name.endswith("bias") for name, _ in named]
        groups = [
            {"params": [p for (_, p), b in zip(named, is_bias, strict=True) if b == of]}
            | {"weight_decay": 0.0 if of else MLP.default_weight_decay}
            for of in (False, True)
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.lr)
        for step in range(n_steps + 1):
            if step in _STEPS:
                use_generators(module, None)
                yield module.eval()
                module.train()
                use_generators(module, generators)
            logits = module(z)
            _, slopes = loss(logits, targets, weights)
            logits.backward(slopes)
            optimizer.step()
            optimizer.zero_grad()


def one_task_module(
    head: HeadSpec,
    labels: TaskLabels,
    Z: Tensor,
    generators: Sequence[torch.Generator],
) -> MultiTaskModule:
    """Return a module with the heads of one task only.

    Shapes: Z (n_members, n_labels, n_hidden).
    """
    heads, tail = new_heads(head, labels.layout, (len(Z), Z.shape[2]))
    module = MultiTaskModule(nn.Identity(), nn.Identity(), heads, tail).double()
    heads.draw(generators)
    if tail is not None:
        draw_parameters(tail, generators)
    return module


def _set_bias(module: MultiTaskModule, encoder: TargetEncoder) -> None:
    _, bias = last_layer(module)
    with torch.no_grad():
        bias.copy_(torch.as_tensor(encoder.bias_[:1, None]).expand_as(bias))
