"""Exact gradients of the tasks with respect to the shared parameters."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_mtl.modules import BidirectionalLSTM, MemberModules, MultiTaskModule
from sklearn_mtl.neural_network.data._ranks import Ranks

__all__ = ["exact_gramian", "task_gradients"]


def exact_gramian(
    module: MultiTaskModule,
    parts: Sequence[Tensor],
    dlogits: Tensor,
    task_of: Tensor,
    n_tasks: int,
    ranks: Ranks | None = None,
) -> Tensor:
    """Return the inner products of the task gradients at all shared parameters.

    A single vectorised backward pass takes O(n_tasks) times as long as a plain one, and
    stores one gradient per task.

    Shapes: dlogits (n_members, n_rows, n_outputs), task_of (n_outputs,) ->
    (n_members, n_tasks, n_tasks).
    """
    n_members = len(dlogits)
    gramian = dlogits.new_zeros(n_members, n_tasks, n_tasks)
    owner = _owners(module.trunk)
    gradients = task_gradients(module, parts, dlogits, task_of, n_tasks)
    for parameter, gradient in gradients.items():
        flat = gradient if ranks is None else ranks.mean(gradient)
        member = owner.get(parameter, 0 if n_members == 1 else None)
        if member is None:  # parameters of a spec, whose first axis is the member
            flat = flat.flatten(2).transpose(0, 1)
            gramian += flat @ flat.mT
        else:
            flat = flat.flatten(1)
            gramian[member] += flat @ flat.T
    return gramian


def task_gradients(
    module: MultiTaskModule,
    parts: Sequence[Tensor],
    dlogits: Tensor,
    task_of: Tensor,
    n_tasks: int,
) -> dict[nn.Parameter, Tensor]:
    """Return the gradients of all tasks at each shared parameter.

    Shapes: dlogits (n_members, n_rows, n_outputs), task_of (n_outputs,) ->
    (n_tasks, *shape).
    """
    shared = module.shared_parameters()
    if not shared:
        return {}
    tasks = torch.arange(n_tasks, device=task_of.device)
    # One gradient per task, in a single vectorised backward pass.
    is_own = (task_of == tasks[:, None]).to(dlogits)[:, None, None]
    with torch.enable_grad():
        logits = module.decode(tuple(parts))
    gradients = torch.autograd.grad(
        logits,
        shared,
        is_own * dlogits,
        retain_graph=True,
        is_grads_batched=True,
        allow_unused=True,
    )
    pairs = zip(shared, gradients, strict=True)
    found = {one: gradient.detach() for one, gradient in pairs if gradient is not None}
    if module.gradient_scale is not None:
        scale = module.gradient_scale
        found = {one: gradient / scale for one, gradient in found.items()}
    return found


def _owners(trunk: nn.Module) -> dict[nn.Parameter, int]:
    """Return the member of each parameter of modules with one copy per member."""
    apart = [
        part
        for part in trunk.modules()
        if isinstance(part, MemberModules | BidirectionalLSTM)
    ]
    return {
        parameter: number
        for part in apart
        for number, member in enumerate(part.members)
        for parameter in member.parameters()
    }
