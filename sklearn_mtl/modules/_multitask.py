"""Trunk and heads as one module."""

from __future__ import annotations

from torch import Tensor, nn

from sklearn_mtl.modules._linear import MemberLinear

__all__ = ["MultiTaskModule"]


class MultiTaskModule(nn.Module):
    """A shared trunk and one linear layer for the heads of all tasks.

    Parameters
    ----------
    inputs : nn.Module
        Prepares the rows of each member; nn.Identity where the same holds for all.
    trunk : nn.Module
        Maps (n_members, n_rows, n_features) to (n_members, n_rows, n_hidden).
    heads : MemberLinear
        Maps the shared representation to the fused logits.
    """

    def __init__(
        self, inputs: nn.Module, trunk: nn.Module, heads: MemberLinear
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.trunk = trunk
        self.heads = heads

    def represent(self, x: Tensor) -> Tensor:
        """Return the shared representation (n_members, n_rows, n_hidden)."""
        return self.trunk(self.inputs(x))

    def forward(self, x: Tensor) -> Tensor:
        """Return the fused logits (n_members, n_rows, n_outputs)."""
        return self.heads(self.represent(x))
