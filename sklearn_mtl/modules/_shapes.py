"""Checks of the outputs of trunks and heads before training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from sklearn_mtl.modules.heads._spec import HeadTail
from sklearn_mtl.modules.heads._task_heads import HeadBlock
from sklearn_mtl.modules.trunks._task_trunk import TaskTrunk
from sklearn_mtl.utils._check_spec import Faults

__all__ = ["check_parts", "check_tail"]


def check_parts(
    trunk: nn.Module, parts: Any, shape: tuple[int, int], n_tasks: int, faults: Faults
) -> None:
    """Check the output of a trunk."""
    if not isinstance(trunk, TaskTrunk):
        is_right = isinstance(parts, Tensor) and parts.ndim == 3
        faults.require(
            is_right and tuple(parts.shape[:2]) == shape,
            "forward",
            f"a tensor (n_members, n_rows, n_hidden) = {(*shape, 'n_hidden')}",
            _seen(parts),
        )
        return
    faults.require(
        isinstance(parts, tuple) and all(isinstance(part, Tensor) for part in parts),
        "forward",
        "a tuple of tensors",
        _seen(parts),
    )
    n_members, n_rows = shape
    for method, expected in {
        "gather": (n_members, n_tasks, n_rows, trunk.n_hidden),
        "share": (n_members, n_rows, trunk.n_shared),
    }.items():
        found = getattr(trunk, method)(parts)
        is_right = isinstance(found, Tensor) and tuple(found.shape) == expected
        faults.require(is_right, method, f"shape {expected}", _seen(found))


def check_tail(
    tail: Any,
    n_members: int,
    maps: Sequence[HeadBlock],
    blocks: Sequence[HeadBlock],
    faults: Faults,
) -> None:
    """Check the maps and the tail of a head spec."""
    n_maps, n_outputs = (sum(block.width for block in some) for some in (maps, blocks))
    n_tasks = sum(block.n_tasks for block in blocks)
    found = sum(block.n_tasks for block in maps)
    faults.require(found == n_tasks, "maps", f"blocks of {n_tasks} tasks", found)
    faults.require(
        tail is None or isinstance(tail, HeadTail),
        "build",
        "a HeadTail, or None if the maps are the logits",
        _seen(tail),
    )
    bias = None if tail is None else tail.output_bias
    if bias is None:
        faults.require(
            n_maps == n_outputs,
            "build",
            f"a tail with an output_bias, or as many maps as outputs ({n_outputs})",
            f"{n_maps} maps",
        )
    else:
        expected = (n_members, 1, n_outputs)
        is_right = isinstance(bias, nn.Parameter) and tuple(bias.shape) == expected
        what = f"a parameter of shape {expected}, or None"
        faults.require(is_right, "output_bias", what, _seen(bias))
    if tail is not None:
        _check_owners(tail, n_maps, n_tasks, faults)


def _check_owners(tail: HeadTail, n_maps: int, n_tasks: int, faults: Faults) -> None:
    """Check that each map and each column of each parameter has a task."""
    _check_places("task_of_maps", tail.task_of_maps, n_maps, n_tasks, faults)
    owners = tail.owners()
    for parameter, task_of in owners:
        _check_places("owners", task_of, parameter.shape[-1], n_tasks, faults)
    known = {id(parameter) for parameter, _ in owners}
    missing = [name for name, one in tail.named_parameters() if id(one) not in known]
    faults.require(
        not missing, "owners", "every parameter of the tail", f"none for {missing}"
    )
    foreign = [one for one, _ in tail.comparable_weights() if id(one) not in known]
    faults.require(
        not foreign,
        "comparable_weights",
        "only parameters that owners returns",
        "other parameters",
    )


def _check_places(
    method: str, task_of: Any, n_columns: int, n_tasks: int, faults: Faults
) -> None:
    is_right = isinstance(task_of, Tensor) and tuple(task_of.shape) == (n_columns,)
    faults.require(
        is_right and all(0 <= place < n_tasks for place in task_of.tolist()),
        method,
        f"a task index from 0 to {n_tasks - 1} for each of {n_columns} columns",
        task_of.tolist() if is_right else _seen(task_of),
    )


def _seen(found: Any) -> str:
    """Return the shape of a tensor, or the type of another object."""
    if isinstance(found, Tensor):
        return f"shape {tuple(found.shape)}"
    return f"{type(found).__name__}"
