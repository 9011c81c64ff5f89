"""Linear layers and dropout for several independent members."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

__all__ = [
    "MemberDropout",
    "MemberLinear",
    "RandomPart",
    "ScaledLinear",
    "draw_parameters",
    "stop_dropout",
    "use_generators",
    "weight_gradient",
]


_NARROW = 16  # with fewer outputs, a product with transposed weights is faster


class _NarrowProduct(torch.autograd.Function):
    """An affine map that is fast for few outputs, such as the heads of a few tasks."""

    # On a CPU, a product whose last axis is shorter than a vector register takes 1.5 to
    # 2.5 times as long, in the forward pass and for the gradient of the weights. Here
    # the short axis is never the last one. With autograd, it would be the last one in
    # the backward pass.

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return torch.baddbmm(bias, x, weight.mT.contiguous().mT)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = torch.bmm(gradient, weight.mT.contiguous())
        of_weight = weight_gradient(x, gradient)
        return of_x, of_weight, gradient.sum(dim=1, keepdim=True)


def weight_gradient(x: Tensor, gradient: Tensor) -> Tensor:
    """Return the gradient of the weights of an affine map.

    Shapes: x (n_members, n_rows, n_in), gradient (n_members, n_rows, n_out)
    -> (n_members, n_in, n_out).
    """
    if gradient.is_cpu and gradient.shape[2] < _NARROW:
        return torch.bmm(gradient.mT, x).mT.contiguous()
    return torch.bmm(x.mT, gradient)


_narrow_product: Callable[..., Tensor] = _NarrowProduct.apply


class MemberLinear(nn.Module):
    """An affine map for each member of an ensemble.

    Parameters
    ----------
    n_members : int
        Number of members.
    n_in, n_out : int
        Sizes of the last axis before and after.
    """

    def __init__(self, n_members: int, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_members, n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_members, 1, n_out))

    def matrix(self) -> Tensor:
        """Return the matrix of the map, (n_members, n_in, n_out)."""
        return self.weight

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n_rows, n_in) to (n_members, n_rows, n_out)."""
        weight = self.matrix()
        if x.is_cpu and weight.shape[2] < _NARROW and _is_exact():
            if len(weight) > 1:
                return _narrow_product(x, weight, self.bias)
            weight = weight.mT.contiguous().squeeze(0)
            return F.linear(x, weight, self.bias.view(-1))  # faster for one member
        return torch.baddbmm(self.bias, x, weight)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw uniformly from [-b, b] for each member, b = 1 / sqrt(n_in)."""
        bound = 1.0 / math.sqrt(max(self.weight.shape[1], 1))
        for member, generator in enumerate(generators):
            for parameter in (self.weight, self.bias):
                parameter[member].uniform_(-bound, bound, generator=generator)

    @torch.no_grad()
    def draw_orthogonal(self, generators: Sequence[Generator], length: float) -> None:
        """Draw orthogonal weights for each member.

        The weights of the outputs are orthogonal and have this length. If there are
        more outputs than inputs, the weights of the inputs are orthogonal, and the
        length of the outputs is the root mean square.
        """
        n_in, n_out = self.weight.shape[1:]
        length *= max(1.0, n_out / n_in) ** 0.5
        for weight, generator in zip(self.weight, generators, strict=True):
            nn.init.orthogonal_(weight, length, generator=generator)


class ScaledLinear(MemberLinear):
    """An affine map of inputs that are multiplied by learned factors.

    A factor changes the effect of an input on all outputs of a block at once. It is
    trained at a higher learning rate than the weights, so that the map soon depends
    mostly on relevant inputs (Holzmüller et al., 2024, section 3). It is not decayed.

    Parameters
    ----------
    n_members : int
        Number of members.
    n_in, n_out : int
        Sizes of the last axis before and after.
    n_blocks : int, default=1
        Number of equal blocks of outputs, such as parts of different tasks.
    """

    optimizer_groups: Sequence[tuple[str, dict[str, Any]]] = [
        ("change", {"adaptive_lr_factor": 20.0, "weight_decay": 0.0})
    ]

    def __init__(
        self, n_members: int, n_in: int, n_out: int, n_blocks: int = 1
    ) -> None:
        super().__init__(n_members, n_in, n_out)
        # factors minus 1, so that a penalty on parameters pulls the factors to 1
        self.change = nn.Parameter(torch.zeros(n_members, n_in, n_blocks))

    def matrix(self) -> Tensor:
        """Return the weights multiplied by the factors, (n_members, n_in, n_out)."""
        factor = 1.0 + self.change
        n_blocks, n_out = factor.shape[-1], self.weight.shape[-1]
        if n_blocks > 1:
            width = n_out // n_blocks
            factor = factor.unsqueeze(-1).expand(-1, -1, -1, width).flatten(-2)
        return factor * self.weight


def _is_exact() -> bool:
    """Return whether autocast is disabled."""
    return not torch.is_autocast_enabled("cpu")


class RandomPart(nn.Module):
    """A part that draws random numbers in training, with one generator per member."""

    generators: Sequence[Generator] | None = None


class MemberDropout(RandomPart):
    """Dropout with a separate random generator for each member.

    Parameters
    ----------
    p : float
        Fraction of the units that are set to zero during training.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Drop units of (n_members, n_rows, n_units), and scale up the others."""
        if not self.training or self.p == 0.0 or self.generators is None:
            return x
        keep = torch.empty_like(x)
        for member, generator in enumerate(self.generators):
            keep[member].bernoulli_(1.0 - self.p, generator=generator)
        # scaled in training, so that predictions need no scaling
        return x * keep.div_(1.0 - self.p)


def draw_parameters(module: nn.Module, generators: Sequence[Generator]) -> None:
    """Draw the initial parameters of every part with a method `draw`."""
    trained = [part for part in module.modules() if getattr(part, "is_trained", False)]
    kept = {id(inner) for part in trained for inner in part.modules()}
    for part in module.modules():
        draw = getattr(part, "draw", None)
        if draw is not None and id(part) not in kept:
            draw(generators)


def use_generators(module: nn.Module, generators: Sequence[Generator] | None) -> None:
    """Set the generators of all random parts; None removes them after training."""
    for part in module.modules():
        if isinstance(part, RandomPart):
            part.generators = generators


def stop_dropout(module: nn.Module) -> None:
    """Disable dropout for the rest of this training."""
    for part in module.modules():
        if isinstance(part, MemberDropout):
            part.generators = None
