"""Check of trunks with one representation per task."""

from __future__ import annotations

import torch
from torch import Generator, Tensor, nn

from sklearn_mtl.modules.heads._task_heads import HeadBlock, TaskHeads
from sklearn_mtl.modules.trunks._task_trunk import Parts, TaskTrunk
from sklearn_mtl.utils._check_spec import Faults

__all__ = ["check_task_trunk", "task_outputs"]

#: Rounding errors between two ways to compute the logits.
PRECISION = 1e-6


def check_task_trunk(trunk: TaskTrunk, x: Tensor, n_tasks: int, faults: Faults) -> None:
    """Check the logits, the penalty and the shared parameters of a TaskTrunk.

    Shapes: x (n_members, n_rows, n_features).
    """
    parts = trunk(x)
    gathered = trunk.gather(parts)
    heads = _heads(trunk, x, n_tasks)
    found, expected = trunk.apply_heads(parts, heads), heads(gathered)
    what = "the logits heads(gather(parts)),"
    faults.close(found, expected, "apply_heads", what, tol=PRECISION)
    weights = torch.ones(*x.shape[:2], n_tasks, dtype=x.dtype)
    penalty = trunk.penalty(parts, weights)
    faults.require(
        penalty is None or tuple(penalty.shape) == (len(x),),
        "penalty",
        "None, or one number per member",
        penalty,
    )
    _check_shared(trunk, gathered, faults)


def _heads(trunk: TaskTrunk, x: Tensor, n_tasks: int) -> TaskHeads:
    """Return linear heads with fixed random weights."""
    heads = TaskHeads(len(x), trunk.n_hidden, [HeadBlock(n_tasks, 2)])
    heads.draw([Generator().manual_seed(member) for member in range(len(x))])
    return heads.to(x)


def task_outputs(trunk: TaskTrunk, parts: Parts, x: Tensor, n_tasks: int) -> Tensor:
    """Return all outputs that depend on the parts, as one flat tensor."""
    found = [trunk.gather(parts), trunk.share(parts)]
    found.append(trunk.apply_heads(parts, _heads(trunk, x, n_tasks)))
    weights = torch.ones(*x.shape[:2], n_tasks, dtype=x.dtype)
    penalty = trunk.penalty(parts, weights)
    if penalty is not None:
        found.append(penalty)
    return torch.cat([one.flatten() for one in found])


def _check_shared(trunk: TaskTrunk, gathered: Tensor, faults: Faults) -> None:
    """Check that parameters on which several tasks depend are declared as shared."""
    # checked per entry, because a parameter may have separate entries for each task
    shared = {id(one) for one in trunk.shared_parameters()}
    known = {id(one) for one in trunk.parameters()}
    is_right = shared <= known
    faults.require(is_right, "shared_parameters", "parameters of the trunk", "others")
    for name, parameter in trunk.named_parameters():
        if id(parameter) in shared or not parameter.requires_grad:
            continue
        moves = _moves(gathered, parameter)
        if bool((moves.sum(dim=0) > 1).any()):
            tasks = moves.flatten(1).any(dim=1).nonzero().flatten().tolist()
            what = f"{name!r} in the list, because tasks {tasks} depend on it"
            faults.fail("shared_parameters", what, "a list without it")


def _moves(gathered: Tensor, parameter: nn.Parameter) -> Tensor:
    """Return the mask of entries on which each task depends, (n_tasks, *shape)."""
    found = []
    for task in range(gathered.shape[1]):
        (gradient,) = torch.autograd.grad(
            gathered[:, task].square().sum(),
            [parameter],
            retain_graph=True,
            allow_unused=True,
        )
        found.append(torch.zeros_like(parameter) if gradient is None else gradient)
    return torch.stack(found) != 0
