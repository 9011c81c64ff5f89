"""Check that the neural networks can use a loss."""

from __future__ import annotations

import torch
from torch import Tensor

from sklearn_mtl.losses._base import TaskLoss
from sklearn_mtl.losses._check_shapes import (
    N_CLASSES,
    check_shapes,
    draw_cells,
    layouts,
    made_task,
)
from sklearn_mtl.losses._fused import FusedLoss
from sklearn_mtl.losses._layout import OutputLayout
from sklearn_mtl.utils._check_spec import Faults, check_spec

__all__ = ["check_loss"]

#: Step of the finite differences, and largest error of a slope.
DIFFERENCE, PRECISION = 1e-5, 1e-6
#: Size of the logits of a network that has diverged.
LARGE = 1e3
#: Factors of the logits at which slopes are checked, because clipping may affect some.
FACTORS = (1.0, 10.0, LARGE)
#: Further numbers of classes that are checked, in addition to three.
MANY_CLASSES = (4, 10, 40)


def check_loss(loss: TaskLoss) -> None:
    """Check that the neural networks can minimise a loss.

    For each kind of task, both layouts of several logits, and single and double
    precision, this checks that

    - values and slopes have the right shapes,
    - slopes are the derivatives of the values, by finite differences for logits of up
      to thousands and for 3 to 40 classes,
    - the gradient of a missing label is exactly zero,
    - weights multiply the loss,
    - each value depends on one label only,
    - the global generator of PyTorch is not used.

    The parameters are those of the constructor. The random numbers are the same in
    every call.

    Parameters
    ----------
    loss : TaskLoss
        Instance of the class to check.

    Raises
    ------
    AssertionError
        If a check fails. The message names the method, the expected result and the
        result found.
    TypeError
        If `loss` is not a `TaskLoss`.

    Examples
    --------
    >>> from sklearn_mtl.losses import SquaredError, check_loss
    >>> class Half(SquaredError):
    ...     def cells(self, z, y, axis):
    ...         values, slopes = super().cells(z, y, axis)
    ...         return values, 0.5 * slopes
    >>> check_loss(SquaredError())
    >>> check_loss(Half())
    Traceback (most recent call last):
        ...
    AssertionError: Half.cells: expected slopes that are the derivatives of the...
    """
    faults = check_spec(loss, TaskLoss)
    loss.check()
    with (
        faults.keeping(loss, "cells"),
        faults.leaving_alone(torch.random.get_rng_state, "cells"),
    ):
        check_shapes(loss, faults)
        for kind in loss.kinds:
            _check_kind(loss, kind, faults)


def _check_kind(loss: TaskLoss, kind: str, faults: Faults) -> None:
    """Check the loss of tasks of one kind."""
    for axis in layouts(loss, kind):
        z, y = draw_cells(loss, kind, axis, torch.float64)
        with torch.no_grad():
            _check_cells(loss, z, y, axis, faults)
            _check_large(loss, z, y, axis, faults)
            for factor in FACTORS:
                _check_slopes(loss, factor * z, y, axis, faults)
            _check_precision(loss, kind, axis, faults)
            _check_axis(loss, kind, axis, faults)
            if kind == "multiclass":
                _check_classes(loss, axis, faults)
    for n_tasks in (1, 4):
        _check_fused(loss, kind, n_tasks, faults)


def _check_slopes(
    loss: TaskLoss, z: Tensor, y: Tensor, axis: int | None, faults: Faults
) -> None:
    """Compare the slopes of all labels with finite differences, logit by logit."""
    values, slopes = loss.cells(z, y, axis)
    where = f", with logits up to {float(z.abs().max()):.4g}"
    if axis is not None:
        where += f" and {z.shape[axis]} outputs"
    for output in range(1 if axis is None else z.shape[axis]):
        away = torch.zeros_like(z)
        place = away if axis is None else away.select(axis, output)
        place.fill_(DIFFERENCE)
        up, down = loss.cells(z + away, y, axis)[0], loss.cells(z - away, y, axis)[0]
        expected = (up - down) / (2.0 * DIFFERENCE)
        found = slopes if axis is None else slopes.select(axis, output)
        errors = (found - expected).abs() / expected.abs().clamp(min=1.0)
        rounding = 8.0 * torch.finfo(z.dtype).eps * values.abs() / DIFFERENCE
        excess = errors - rounding
        worst = int(excess.argmax())
        faults.require(
            float(excess.max()) <= PRECISION,
            "cells",
            "slopes that are the derivatives of the values: "
            f"{expected.flatten()[worst]:.8g} by differences for logit {output} of a "
            f"label {y.flatten()[worst]:.4g}{where}",
            f"{found.flatten()[worst]:.8g}",
        )


def _check_classes(loss: TaskLoss, axis: int | None, faults: Faults) -> None:
    """Check the slopes for other numbers of classes."""
    for n_classes in MANY_CLASSES:
        z, y = draw_cells(loss, "multiclass", axis, torch.float64, n_classes)
        _check_slopes(loss, z, y, axis, faults)


def _check_cells(
    loss: TaskLoss, z: Tensor, y: Tensor, axis: int | None, faults: Faults
) -> None:
    """Check that a sample does not depend on others, and that calls are repeatable."""
    values, slopes = loss.cells(z, y, axis)
    again = loss.cells(z, y, axis)
    faults.require(
        torch.equal(values, again[0]) and torch.equal(slopes, again[1]),
        "cells",
        "the same result at every call",
        "a different one",
    )
    alone = loss.cells(z[:, :1], y[:, :1], axis)
    pairs = zip((values[:, :1], slopes[:, :1]), alone, strict=True)
    for name, (whole, found) in zip(("values", "slopes"), pairs, strict=True):
        faults.close(
            found, whole, "cells", f"{name} of a sample that do not depend on others,"
        )


def _check_precision(
    loss: TaskLoss, kind: str, axis: int | None, faults: Faults
) -> None:
    """Compare single with double precision."""
    single = loss.cells(*draw_cells(loss, kind, axis, torch.float32), axis)
    double = loss.cells(*draw_cells(loss, kind, axis, torch.float64), axis)
    for name, found, expected in zip(("values", "slopes"), single, double, strict=True):
        what = f"the same {name} in single and double precision,"
        faults.close(found, expected, "cells", what, tol=1e-4)


def _check_large(
    loss: TaskLoss, z: Tensor, y: Tensor, axis: int | None, faults: Faults
) -> None:
    """Check that values and slopes are finite for very large logits."""
    z = (LARGE * z).to(torch.float32)
    for name, found in zip(
        ("values", "slopes"), loss.cells(z, y.to(z), axis), strict=True
    ):
        faults.require(
            bool(found.isfinite().all()),
            "cells",
            f"finite {name} for finite logits in single precision",
            f"{found[~found.isfinite()][:1].tolist()} for logits of about {LARGE:g}",
        )


def _check_axis(loss: TaskLoss, kind: str, axis: int | None, faults: Faults) -> None:
    """Compare both layouts of several logits per task."""
    if axis != -2:
        return
    here = loss.cells(*draw_cells(loss, kind, -2, torch.float64), -2)
    there = loss.cells(*draw_cells(loss, kind, -1, torch.float64), -1)
    faults.close(here[0], there[0], "cells", "the values of axis=-1 with axis=-2,")
    slopes = there[1].movedim(-1, -2)
    faults.close(here[1], slopes, "cells", "the slopes of axis=-1 with axis=-2,")


def _check_fused(loss: TaskLoss, kind: str, n_tasks: int, faults: Faults) -> None:
    """Check the loss of a batch with missing labels and weights."""
    tasks = [made_task(kind, loss, f"task{t}") for t in range(n_tasks)]
    layout = OutputLayout(tasks, [loss] * n_tasks)
    fused = FusedLoss(layout, torch.ones(n_tasks, dtype=torch.float64))
    draws = torch.Generator().manual_seed(1)
    shape = 1, 6, n_tasks
    z = torch.randn(1, 6, layout.n_outputs, generator=draws, dtype=torch.float64)
    y = torch.zeros(shape, dtype=torch.float64)
    if kind != "regression":
        y = torch.randint(N_CLASSES[kind], shape, generator=draws).double()
    weights = torch.rand(shape, generator=draws, dtype=torch.float64)
    weights[:, :2] = 0.0  # missing
    _, dlogits = fused(z, y, weights)
    faults.require(
        not dlogits[:, :2].any(),
        "cells",
        "a gradient of exactly zero for a missing label",
        f"{dlogits[:, :2].abs().max():g}",
    )
    values, twice = fused(z, y, 2.0 * weights)
    faults.close(twice, 2.0 * dlogits, "cells", "twice the gradient for weight 2,")
    ones = fused(z, y, weights)[0]
    faults.close(values, 2.0 * ones, "cells", "twice the loss for weight 2,")
