"""Checks of the results of a loss, which also run before each fit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.tasks import Task
from sklearn_mtl.utils._check_spec import Faults

__all__ = ["N_CLASSES", "check_shapes", "draw_cells", "layouts", "made_task"]

KINDS = ("binary", "multiclass", "regression")
N_CLASSES = {"binary": 2, "multiclass": 3, "regression": 0}
N_MEMBERS, N_ROWS, N_TASKS = 2, 4, 3


def made_task(
    kind: str, loss: TaskLoss, name: str = "task", n_classes: int | None = None
) -> Task:
    """Return a task of this kind, with the period of the loss."""
    if kind == "regression":
        return Task(name, kind, None, np.dtype(float), loss.period)
    classes = np.arange(n_classes or N_CLASSES[kind])
    return Task(name, kind, classes, np.dtype(int))


def layouts(loss: TaskLoss, kind: str) -> list[int | None]:
    """Return the values of `axis` with which `cells` is called for a kind of task."""
    is_single = loss.n_outputs(made_task(kind, loss)) == 1
    return [None] if is_single else [-1, -2]


def draw_cells(
    loss: TaskLoss,
    kind: str,
    axis: int | None,
    dtype: torch.dtype,
    n_classes: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return random logits and labels, with the shapes that `TaskLoss.cells` gets.

    Shapes: -> z (n_members, n_rows, n_tasks), y (n_members, n_rows,
    n_tasks).
    """
    generator = torch.Generator().manual_seed(0)
    shape = N_MEMBERS, N_ROWS, N_TASKS
    n_classes = n_classes or N_CLASSES[kind]
    width = loss.n_outputs(made_task(kind, loss, n_classes=n_classes))
    z = torch.randn(*shape, width, generator=generator, dtype=torch.float64)
    y = torch.randn(shape, generator=generator, dtype=torch.float64)
    if kind != "regression":
        y = torch.randint(n_classes, shape, generator=generator)
    z = z.squeeze(-1) if axis is None else z.movedim(-1, axis).contiguous()
    return (2.0 * z).to(dtype), y.to(dtype)


def check_shapes(
    loss: TaskLoss,
    faults: Faults,
    dtypes: Sequence[torch.dtype] = (torch.float32, torch.float64),
) -> None:
    """Check `kinds`, and shape, dtype and memory of the results of `cells`."""
    kinds = getattr(loss, "kinds", None)
    faults.require(
        isinstance(kinds, tuple) and kinds and set(kinds) <= set(KINDS),
        "kinds",
        f"a class attribute, a tuple of some of {KINDS}",
        kinds,
    )
    for kind in loss.kinds:
        _check_width(loss, kind, faults)
        for axis in layouts(loss, kind):
            for dtype in dtypes:
                _check_results(loss, *draw_cells(loss, kind, axis, dtype), axis, faults)


def _check_width(loss: TaskLoss, kind: str, faults: Faults) -> None:
    expected = N_CLASSES[kind] if kind == "multiclass" else 1
    if kind == "regression" and loss.period is not None:
        expected = 2  # the prediction is the direction of a vector
    found = loss.n_outputs(made_task(kind, loss))
    what = f"{expected} for a {kind} task"
    if kind == "multiclass":
        what = "one logit for each class"
    faults.require(found == expected, "n_outputs", what, found)


def _check_results(
    loss: TaskLoss, z: Tensor, y: Tensor, axis: int | None, faults: Faults
) -> None:
    before = z.clone(), y.clone()
    with torch.no_grad():
        values, slopes = loss.cells(z, y, axis)
    for name, found, like in (("values", values, y), ("slopes", slopes, z)):
        what = f"{name} of shape {tuple(like.shape)} in {like.dtype}"
        if axis is not None:
            what += f" with axis={axis}"
        is_right = isinstance(found, Tensor)
        is_right = is_right and (found.shape, found.dtype) == (like.shape, like.dtype)
        seen = f"{tuple(found.shape)} in {found.dtype}" if _has_shape(found) else found
        faults.require(is_right, "cells", what, seen)
        faults.require(
            bool(found.isfinite().all()), "cells", f"finite {name}", f"{found}"
        )
    faults.require(
        torch.equal(z, before[0]) and torch.equal(y, before[1]),
        "cells",
        "unchanged z and y",
        "a change",
    )
    for name, other in {"z": z, "y": y, "values": values}.items():
        faults.require(
            _memory(slopes) != _memory(other) and 0 not in slopes.stride(),
            "cells",
            "slopes that share no memory, such as slopes.clone()",
            f"memory shared with {name} or among the slopes",
        )


def _has_shape(found: object) -> bool:
    return hasattr(found, "shape") and hasattr(found, "dtype")


def _memory(tensor: Tensor) -> int:
    return tensor.untyped_storage().data_ptr()
