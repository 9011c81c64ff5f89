"""Mixtures of experts by soft gates."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_mtl.modules._linear import MemberLinear
from sklearn_mtl.modules.heads._task_heads import TaskHeads

__all__ = ["Gates", "mix", "mix_logits", "mixed_logits"]

# Mixing logits takes n_experts * n_outputs products per unit. Mixing units takes
# n_experts * n_tasks + n_outputs products, which are smaller and slower. Up to this
# number of outputs per task, mixing logits was measured to be faster.
_FEW_OUTPUTS = 4


class Gates(nn.Module):
    """A softmax over experts for each task, or over the k experts of largest logits.

    With a single expert, the weight is always 1 and there are no parameters.

    Parameters
    ----------
    n_members, n_in : int
        Number of members, and of inputs of the gates.
    n_experts, n_tasks : int
        Number of experts and of tasks.
    top_k : int or None, default=None
        Number of experts with a non-zero weight; None for all.
    """

    def __init__(
        self,
        n_members: int,
        n_in: int,
        n_experts: int,
        n_tasks: int,
        top_k: int | None = None,
    ) -> None:
        super().__init__()
        self.linear = None
        if n_experts > 1:
            self.linear = MemberLinear(n_members, n_in, n_experts * n_tasks)
        self.n_experts, self.n_tasks, self.top_k = n_experts, n_tasks, top_k

    def take_tasks(self, places: Sequence[int]) -> None:
        """Select the gates of some tasks, in this order."""
        self.n_tasks, n_before = len(places), self.n_tasks
        if self.linear is None:
            return
        for parameter in (self.linear.weight, self.linear.bias):
            by_task = torch.unflatten(parameter.data, -1, (self.n_experts, n_before))
            parameter.data = by_task[..., list(places)].flatten(-2).contiguous()

    def forward(self, x: Tensor) -> Tensor:
        """Map rows (n_members, n, n_in) to (n_members, n, n_experts, n_tasks).

        Experts come before tasks, so that the softmax is vectorised over the tasks.
        """
        shape = (self.n_experts, self.n_tasks)
        if self.linear is None:
            return x.new_ones(*x.shape[:2], *shape)
        logits = torch.unflatten(self.linear(x), -1, shape)
        if self.top_k is not None and self.top_k < self.n_experts:
            kept, at = logits.topk(self.top_k, dim=-2)
            # Eq. 5 of Shazeer et al.; weights and gradients at -inf are exactly 0
            logits = torch.full_like(logits, -math.inf).scatter(-2, at, kept)
        return logits.softmax(dim=-2)


def mix(experts: Tensor, gates: Tensor) -> Tensor:
    """Mix the outputs of experts for each task.

    Shapes: experts (n_members, n_experts, n_rows, n_hidden), gates
    (n_members, n_rows, n_experts, n_tasks) -> (n_members, n_tasks, n_rows,
    n_hidden).
    """
    return (gates.transpose(2, 3) @ experts.transpose(1, 2)).transpose(1, 2)


class _MixedLogits(torch.autograd.Function):
    """Mixture of the heads' outputs on every expert, with a manual backward pass."""

    # autograd would create nine nodes, whose overhead dominates such short steps

    @staticmethod
    def forward(
        ctx: Any, experts: Tensor, gates: Tensor, weight: Tensor, bias: Tensor
    ) -> Tensor:
        by_expert = torch.bmm(experts.flatten(1, 2), weight)
        by_expert = torch.unflatten(by_expert, 1, experts.shape[1:3])
        gates = gates.transpose(1, 2)  # (n_members, n_experts, n_rows, n_outputs)
        ctx.save_for_backward(experts, gates, weight, by_expert)
        # the bias is added once, because the gates sum to 1
        return (by_expert * gates).sum(dim=1) + bias

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        experts, gates, weight, by_expert = ctx.saved_tensors
        each = gradient.unsqueeze(1)
        # reshape instead of flatten, which PyTorch 2.13 does not support for the
        # batched gradients of several tasks
        n_members, n_experts, n_rows, n_hidden = experts.shape
        of_logits = (each * gates).reshape(n_members, n_experts * n_rows, -1)
        of_experts = torch.bmm(of_logits, weight.mT)
        return (
            of_experts.reshape(n_members, n_experts, n_rows, n_hidden),
            (each * by_expert).transpose(1, 2),
            torch.bmm(experts.flatten(1, 2).mT, of_logits),
            gradient.sum(dim=1, keepdim=True),
        )


_mixed_logits: Callable[..., Tensor] = _MixedLogits.apply


def mixed_logits(experts: Tensor, gates: Tensor, heads: TaskHeads) -> Tensor:
    r"""Apply linear heads to mixtures of experts.

    Since :math:`(\sum_e g_{te} h_e) W_t = \sum_e g_{te} (h_e W_t)`, the heads can be
    applied to every expert in one large product, and the logits mixed afterwards.

    Shapes: -> (n_members, n_rows, n_outputs).
    """
    if heads.weight.shape[-1] > _FEW_OUTPUTS * heads.n_tasks:
        return heads(mix(experts, gates))
    return _mixed_logits(experts, heads.spread(gates), heads.weight, heads.bias)


def mix_logits(by_expert: Tensor, gates: Tensor, heads: TaskHeads) -> Tensor:
    """Mix the logits of experts.

    Shapes: by_expert (n_members, n_experts * n_rows, n_outputs), gates
    (n_members, n_rows, n_experts, n_tasks) -> (n_members, n_rows,
    n_outputs).
    """
    n_rows, n_experts = gates.shape[1:3]
    by_expert = torch.unflatten(by_expert, 1, (n_experts, n_rows))
    return (by_expert * heads.spread(gates).transpose(1, 2)).sum(dim=1)
