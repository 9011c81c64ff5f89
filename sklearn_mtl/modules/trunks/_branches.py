"""Parallel multilayer perceptrons of all members, with one product per layer."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Generator, Tensor, nn

from sklearn_mtl.modules._linear import MemberDropout, ScaledLinear
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS

__all__ = ["BranchLinear", "Branches", "Split"]


class BranchLinear(nn.Module):
    """An affine map for each branch of each member, with separate inputs.

    Parameters
    ----------
    n_members, n_branches : int
        Number of members, and of branches in each member.
    n_in, n_out : int
        Sizes of the last axis before and after.
    """

    def __init__(self, n_members: int, n_branches: int, n_in: int, n_out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(n_members, n_branches, n_in, n_out))
        self.bias = nn.Parameter(torch.zeros(n_members, n_branches, 1, n_out))

    def take(self, branches: Sequence[int]) -> None:
        """Select some branches, in this order, possibly with repetitions."""
        for parameter in (self.weight, self.bias):
            parameter.data = parameter.data[:, list(branches)].contiguous()

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n_branches, n, n_in) to (n_members, n_branches, n, n_out)."""
        shape = self.weight.shape[:2]
        flat = torch.baddbmm(
            self.bias.flatten(0, 1), x.flatten(0, 1), self.weight.flatten(0, 1)
        )
        return torch.unflatten(flat, 0, shape)

    @torch.no_grad()
    def draw(self, generators: Sequence[Generator]) -> None:
        """Draw uniformly from [-b, b] for each member, b = 1 / sqrt(n_in)."""
        bound = 1.0 / math.sqrt(max(self.weight.shape[2], 1))
        for member, generator in enumerate(generators):
            for parameter in (self.weight, self.bias):
                parameter[member].uniform_(-bound, bound, generator=generator)


class Split(nn.Module):
    """Divide units between branches.

    Parameters
    ----------
    n_branches, n_units : int
        Number of branches, and of units of each branch.
    """

    def __init__(self, n_branches: int, n_units: int) -> None:
        super().__init__()
        self.shape = (n_branches, n_units)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n, n_branches * n_units) to (n_members, n_branches, n, _)."""
        # contiguous, because later operations are slower on strided rows
        return torch.unflatten(x, -1, self.shape).transpose(1, 2).contiguous()


class Branches(nn.Sequential):
    """Parallel multilayer perceptrons, such as experts or private parts of tasks.

    Parameters
    ----------
    n_members, n_branches : int
        Number of members, and of branches in each member.
    n_in : int
        Number of inputs of a branch.
    sizes : sequence of int
        Number of units in each layer.
    activation : str
        Name of the nonlinearity after each layer.
    dropout : float
        Fraction of the units that are dropped after each activation during training.
    is_input_shared : bool
        Whether all branches have the same inputs (n_members, n, n_in), which each
        branch multiplies by its own factors, or separate ones (n_members, n_branches,
        n, n_in).
    end_layer : callable, default=None
        Builds a module that is appended to each layer.
    """

    def __init__(
        self,
        n_members: int,
        n_branches: int,
        n_in: int,
        sizes: Sequence[int],
        activation: str,
        dropout: float,
        *,
        is_input_shared: bool = True,
        end_layer: Callable[[], nn.Module] | None = None,
    ) -> None:
        layers: list[nn.Module] = []
        for size in sizes:
            if is_input_shared and not layers:
                # a single product, because a batched one would copy the inputs
                shape = (n_branches * size, n_branches)
                layers.append(ScaledLinear(n_members, n_in, *shape))
                layers.append(Split(n_branches, size))
            else:
                layers.append(BranchLinear(n_members, n_branches, n_in, size))
            layers.append(ACTIVATIONS[activation]())
            if dropout > 0:
                layers.append(MemberDropout(dropout))
            if end_layer is not None:
                layers.append(end_layer())
            n_in = size
        super().__init__(*layers)
        self.n_branches = n_branches

    def take(self, branches: Sequence[int]) -> None:
        """Select some branches, in this order, possibly with repetitions."""
        n_branches = self.n_branches
        for layer in self:
            if isinstance(layer, BranchLinear):
                layer.take(branches)
            elif isinstance(layer, Split):
                layer.shape = (len(branches), layer.shape[1])
            elif isinstance(layer, ScaledLinear):  # the first layer of all branches
                for parameter in (layer.weight, layer.bias, layer.change):
                    units = torch.unflatten(parameter.data, -1, (n_branches, -1))
                    units = units[:, :, list(branches)]
                    parameter.data = units.flatten(-2).contiguous()
        self.n_branches = len(branches)
