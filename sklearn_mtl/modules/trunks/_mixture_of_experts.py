"""Multi-gate mixture of experts."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_mtl.modules._checks import (
    check_choice,
    check_count,
    check_dropout,
    check_sizes,
)
from sklearn_mtl.modules.heads._task_heads import TaskHeads
from sklearn_mtl.modules.trunks._branches import Branches
from sklearn_mtl.modules.trunks._gates import Gates, mix, mixed_logits
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS
from sklearn_mtl.modules.trunks._spec import TrunkSpec
from sklearn_mtl.modules.trunks._task_trunk import Parts, TaskTrunk

__all__ = ["MixtureOfExperts", "MixtureTrunk"]


class MixtureOfExperts(TrunkSpec):
    r"""Shared experts that each task mixes by a separate gate (MMoE).

    The input of the head of task t is

    .. math:: z_t(x) = \sum_e g_{te}(x)\, h_e(x), \quad g_t(x) = softmax(V_t x + c_t)

    where each expert :math:`h_e` is a multilayer perceptron. Use it if the tasks may be
    only loosely related: the gate of a task can ignore experts of other tasks.

    Each task has a separate representation. `transform` returns the concatenated
    experts :math:`h_1, h_2, \ldots`, and ``transform_task(kind="input")`` returns
    :math:`z_t`. "projection" is the projection of :math:`z_t` on the row space of the
    task's head.

    Parameters
    ----------
    n_experts : int, default=8
        Number of experts. A single expert is equivalent to `MLP`.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each layer of an expert.
    activation : str, default="gelu"
        Nonlinearity after each layer: "gelu", "identity", "logistic", "relu", "silu" or
        "tanh".
    dropout : float, default=0.0
        Fraction of the units that are dropped after each activation during training.
    top_k : int or None, default=None
        Number of experts used for each sample and task: those with the largest gates,
        whose weights sum to 1. None uses all experts. This does not reduce the cost,
        because all experts are computed.

    References
    ----------
    J. Ma, Z. Zhao, X. Yi, J. Chen, L. Hong, E. H. Chi, "Modeling Task Relationships in
    Multi-task Learning with Multi-gate Mixture-of-Experts", KDD 2018, eq. 6 to 8; for
    `top_k` N. Shazeer et al., "Outrageously Large Neural Networks: The
    Sparsely-Gated Mixture-of-Experts Layer", ICLR 2017, eq. 3 to 5, without noise.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.modules import MixtureOfExperts
    >>> trunk = MixtureOfExperts(n_experts=4, hidden_layer_sizes=(16,))
    >>> module = trunk.build(n_features=10, n_members=2, n_tasks=3)
    >>> module.gather(module(torch.zeros(2, 5, 10))).shape
    torch.Size([2, 3, 5, 16])
    """

    def __init__(
        self,
        n_experts: int = 8,
        hidden_layer_sizes: Sequence[int] = (64, 64),
        activation: str = "gelu",
        dropout: float = 0.0,
        top_k: int | None = None,
    ) -> None:
        self.n_experts = n_experts
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.top_k = top_k

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> MixtureTrunk:
        """Build experts and gates.

        Raises
        ------
        ValueError
            If a count or size is not positive, `top_k` is larger than `n_experts`, the
            activation is unknown, or dropout is not in [0, 1).
        """
        check_count(self, "n_experts")
        check_sizes(self, "hidden_layer_sizes", least=1)
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        if self.top_k is not None:
            check_count(self, "top_k", self.n_experts)
        experts = Branches(
            n_members,
            self.n_experts,
            n_features,
            self.hidden_layer_sizes,
            self.activation,
            self.dropout,
        )
        shape = (self.n_experts, n_tasks)
        gates = Gates(n_members, n_features, *shape, self.top_k)
        return MixtureTrunk(experts, gates, self.hidden_layer_sizes[-1])


class MixtureTrunk(TaskTrunk):
    """The module of `MixtureOfExperts`.

    Parameters
    ----------
    experts : nn.Module
        Maps rows to (n_members, n_experts, n_rows, n_hidden).
    gates : Gates
        Compute the weights of the experts for each row and task.
    n_hidden : int
        Width of an expert.
    """

    def __init__(self, experts: nn.Module, gates: Gates, n_hidden: int) -> None:
        super().__init__()
        self.experts = experts
        self.gates = gates
        self.n_hidden = n_hidden
        self.n_shared = gates.n_experts * n_hidden

    def forward(self, x: Tensor) -> Parts:
        """Return experts (n_members, n_experts, n_rows, n_hidden) and gates."""
        return self.experts(x), self.gates(x)

    def gather(self, parts: Parts) -> Tensor:
        """Return each task's mixture."""
        return mix(parts[0], parts[1])

    def share(self, parts: Parts) -> Tensor:
        """Return the concatenated outputs of the experts."""
        return parts[0].transpose(1, 2).flatten(2)

    def apply_heads(self, parts: Parts, heads: TaskHeads) -> Tensor:
        """Return the logits, by mixing the experts' logits if this is faster."""
        return mixed_logits(parts[0], parts[1], heads)

    def take_tasks(self, places: Sequence[int]) -> None:
        """Select the gates of some tasks."""
        self.gates.take_tasks(places)

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the experts; gates are task-specific."""
        return list(self.experts.parameters())
