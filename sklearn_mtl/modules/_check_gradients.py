"""Check of the gradients of trunks and heads by finite differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Generator, Tensor

from sklearn_mtl.utils._check_spec import Faults

__all__ = ["check_gradients"]

#: Length of a step, and the maximum relative error of the derivative.
STEP, PRECISION = 1e-6, 1e-4
#: Norms of the gradients at the output. Clipped gradients fail only for the large one.
SCALES = (1.0, 1.0, 1e3)
#: Rounding error of a sum, in units of the machine precision.
ROUNDING = 100.0


def check_gradients(
    read: Callable[[], Tensor],
    tensors: Mapping[str, Tensor],
    faults: Faults,
    when: str,
    lenient: str = "",
) -> None:
    """Compare derivatives along random directions with finite differences.

    At a kink, such as that of a ReLU, any number between the two one-sided derivatives
    is accepted.
    """
    names = [name for name, one in tensors.items() if one.requires_grad]
    draws = Generator().manual_seed(11)
    for scale in SCALES:
        output = read()
        if not output.requires_grad:
            return  # nothing is trained
        weights = scale * _direction(output, draws)
        gradients = torch.autograd.grad(
            output, [tensors[name] for name in names], weights, allow_unused=True
        )
        for name, gradient in zip(names, gradients, strict=True):
            if gradient is None and name == lenient:
                continue
            direction = _direction(tensors[name], draws)
            left, right, noise = _slopes(read, tensors[name], direction, weights)
            found = 0.0 if gradient is None else float((gradient * direction).sum())
            expected = 0.5 * (left + right)
            tolerance = PRECISION * abs(expected) + 0.5 * abs(right - left) + noise
            if gradient is None and abs(expected) > tolerance:
                what = f"a gradient of {name} {when}, on which the output depends"
                faults.fail("forward", what, "none")
            faults.require(
                abs(found - expected) <= tolerance,
                "forward",
                f"a gradient equal to the derivative, {expected:.8g} by finite "
                f"differences along a random direction of {name} {when}",
                f"{found:.8g}",
            )


def _direction(like: Tensor, draws: Generator) -> Tensor:
    """Return random numbers with a norm of about 1."""
    found = torch.randn(like.shape, generator=draws, dtype=like.dtype)
    return found / max(like.numel(), 1) ** 0.5


@torch.no_grad()
def _slopes(
    read: Callable[[], Tensor], tensor: Tensor, direction: Tensor, weights: Tensor
) -> tuple[float, float, float]:
    """Return the one-sided derivatives, and a bound of their rounding errors."""
    before = tensor.clone()
    here = read().clone()  # cloned, because an identity returns the tensor itself
    tensor.add_(STEP * direction)
    ahead = read().clone()
    tensor.copy_(before).sub_(STEP * direction)
    behind = read()
    tensor.copy_(before)
    size = float((weights * here).abs().sum())
    noise = ROUNDING * torch.finfo(torch.float64).eps * size / STEP
    right = float((weights * (ahead - here)).sum()) / STEP
    left = float((weights * (here - behind)).sum()) / STEP
    return left, right, noise
