"""Customized gate control and progressive layered extraction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from sklearn_mtl.modules._checks import (
    check_choice,
    check_count,
    check_dropout,
    check_sizes,
)
from sklearn_mtl.modules.heads._task_heads import TaskHeads
from sklearn_mtl.modules.trunks._branches import Branches, BranchLinear
from sklearn_mtl.modules.trunks._gates import Gates, mix, mix_logits, mixed_logits
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS
from sklearn_mtl.modules.trunks._spec import TrunkSpec
from sklearn_mtl.modules.trunks._task_trunk import Parts, TaskTrunk

__all__ = ["ExtractionLevel", "ExtractionTrunk", "ProgressiveExtraction", "TaskGates"]


class ProgressiveExtraction(TrunkSpec):
    r"""Shared and private experts in one or more levels (CGC, PLE).

    With experts :math:`s_e` of all tasks and private experts :math:`p_{te}` of task t,
    the input of the head of task t is

    .. math:: z_t = \sum_e g_{te} p_{te} + \sum_e g'_{te} s_e

    The weights are a softmax over both sums, computed by a linear gate of the task.
    With one level this is CGC. In PLE with more levels, the private experts and gates
    of task t receive the :math:`z_t` of the level below, and the shared experts receive
    a mixture of all experts of the level below. Use it if the tasks conflict. Unlike in
    a mixture of shared experts, other tasks do not affect the private experts of a
    task.

    Each task has a separate representation. `transform` returns the concatenated shared
    experts of the last level, and ``transform_task(kind="input")`` returns :math:`z_t`.
    "projection" is the projection of :math:`z_t` on the row space of the task's head.

    Parameters
    ----------
    n_shared_experts : int, default=4
        Number of experts in each level that all tasks share.
    n_private_experts : int, default=1
        Number of private experts of each task in each level.
    n_levels : int, default=1
        Number of levels; 1 is CGC.
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each layer of an expert.
    activation : str, default="gelu"
        Nonlinearity after each layer: "gelu", "identity", "logistic", "relu", "silu" or
        "tanh".
    dropout : float, default=0.0
        Fraction of the units that are dropped after each activation during training.

    References
    ----------
    H. Tang, J. Liu, M. Zhao, X. Gong, "Progressive Layered Extraction (PLE): A Novel
    Multi-Task Learning (MTL) Model for Personalized Recommendations", RecSys 2020,
    eq. 1 to 6.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.modules import ProgressiveExtraction
    >>> trunk = ProgressiveExtraction(n_shared_experts=2, hidden_layer_sizes=(16,))
    >>> module = trunk.build(n_features=10, n_members=1, n_tasks=3)
    >>> parts = module(torch.zeros(1, 5, 10))
    >>> module.gather(parts).shape, module.share(parts).shape
    (torch.Size([1, 3, 5, 16]), torch.Size([1, 5, 32]))
    """

    def __init__(
        self,
        n_shared_experts: int = 4,
        n_private_experts: int = 1,
        n_levels: int = 1,
        hidden_layer_sizes: Sequence[int] = (64, 64),
        activation: str = "gelu",
        dropout: float = 0.0,
    ) -> None:
        self.n_shared_experts = n_shared_experts
        self.n_private_experts = n_private_experts
        self.n_levels = n_levels
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout

    def build(
        self, n_features: int, n_members: int, n_tasks: int = 1
    ) -> ExtractionTrunk:
        """Build the levels.

        Raises
        ------
        ValueError
            If a count or size is not positive, the activation is unknown, or dropout is
            not in [0, 1).
        """
        for name in ("n_shared_experts", "n_private_experts", "n_levels"):
            check_count(self, name)
        check_sizes(self, "hidden_layer_sizes", least=1)
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        n_hidden, levels = self.hidden_layer_sizes[-1], []
        for number in range(self.n_levels):
            level = ExtractionLevel(
                self,
                n_members,
                n_tasks,
                n_hidden if number else n_features,
                is_first=number == 0,
                is_last=number == self.n_levels - 1,
            )
            levels.append(level)
        return ExtractionTrunk(levels, self.n_shared_experts, n_hidden)


class ExtractionLevel(nn.Module):
    """Experts and gates of one level.

    Parameters
    ----------
    spec : ProgressiveExtraction
        Numbers and sizes of the experts.
    n_members, n_tasks, n_in : int
        Number of members, of tasks, and of inputs of an expert.
    is_first, is_last : bool
        In the first level, all experts have the same inputs. The last level has no
        mixture of all experts.
    """

    def __init__(
        self,
        spec: ProgressiveExtraction,
        n_members: int,
        n_tasks: int,
        n_in: int,
        *,
        is_first: bool,
        is_last: bool,
    ) -> None:
        super().__init__()
        n_shared, n_private = spec.n_shared_experts, spec.n_private_experts
        layers = (n_in, spec.hidden_layer_sizes, spec.activation, spec.dropout)
        self.n_tasks, self.n_private = n_tasks, n_private
        self.shared = Branches(n_members, n_shared, *layers)
        self.private = Branches(
            n_members, n_tasks * n_private, *layers, is_input_shared=is_first
        )
        # above the first level, the inputs are the mixture of the task
        n_read = n_private + n_shared
        if is_first:
            self.gates: nn.Module = Gates(n_members, n_in, n_read, n_tasks)
        else:
            self.gates = TaskGates(n_members, n_in, n_read, n_tasks)
        self.shared_gate = None
        # only a further level would use the mixture of all experts
        if not is_last:
            n_all = n_tasks * n_private + n_shared
            self.shared_gate = Gates(n_members, n_in, n_all, 1)

    def forward(self, own: Tensor, common: Tensor) -> Parts:
        """Return the outputs of private experts, shared experts and task gates.

        Shapes: own (n_members, n_tasks, n_rows, n_in), common (n_members,
        n_rows, n_in).
        """
        read = own
        if own.ndim == 4 and self.n_private > 1:
            read = own.repeat_interleave(self.n_private, dim=1)
        shape = (self.n_tasks, self.n_private)
        private = torch.unflatten(self.private(read), 1, shape)
        return private, self.shared(common), self.gates(own)

    def mix_all(self, parts: Parts, common: Tensor) -> Tensor:
        """Return the mixture of all experts, (n_members, n_rows, n_hidden)."""
        assert self.shared_gate is not None
        private, shared, _ = parts
        experts = torch.cat([private.flatten(1, 2), shared], dim=1)
        return mix(experts, self.shared_gate(common)).squeeze(1)


class TaskGates(BranchLinear):
    """Gates with separate inputs for each task.

    Parameters
    ----------
    n_members, n_in : int
        Number of members, and of inputs of a gate.
    n_experts, n_tasks : int
        Number of experts and of tasks.
    """

    def __init__(self, n_members: int, n_in: int, n_experts: int, n_tasks: int) -> None:
        super().__init__(n_members, n_tasks, n_in, n_experts)

    def forward(self, x: Tensor) -> Tensor:
        """Map (n_members, n_tasks, n, n_in) to (n_members, n, n_experts, n_tasks)."""
        return super().forward(x).softmax(dim=-1).permute(0, 2, 3, 1)


class ExtractionTrunk(TaskTrunk):
    """The module of `ProgressiveExtraction`.

    Parameters
    ----------
    levels : sequence of ExtractionLevel
        Levels, starting at the inputs.
    n_shared_experts, n_hidden : int
        Number of shared experts, and width of an expert.
    """

    def __init__(
        self,
        levels: Sequence[ExtractionLevel],
        n_shared_experts: int,
        n_hidden: int,
    ) -> None:
        super().__init__()
        self.levels = nn.ModuleList(levels)
        self.n_hidden = n_hidden
        self.n_shared = n_shared_experts * n_hidden

    @property
    def _levels(self) -> list[ExtractionLevel]:
        return cast("list[ExtractionLevel]", list(self.levels))

    def forward(self, x: Tensor) -> Parts:
        """Return private experts, shared experts and gates of the last level.

        Their shapes are (n_members, n_tasks, n_private, n_rows, n_hidden), (n_members,
        n_shared, n_rows, n_hidden) and (n_members, n_rows, n_private + n_shared,
        n_tasks).
        """
        own = common = x
        *lower, last = self._levels
        for level in lower:
            parts = level(own, common)
            own, common = self.gather(parts), level.mix_all(parts, common)
        return last(own, common)

    def gather(self, parts: Parts) -> Tensor:
        """Return each task's mixture of its private and the shared experts."""
        private, shared, gates = parts
        n_private = private.shape[2]
        # (n_members, n_tasks, n_private, n_rows, 1)
        own_gates = gates[:, :, :n_private].permute(0, 3, 2, 1).unsqueeze(-1)
        own = (private * own_gates).sum(dim=2)
        return own + mix(shared, gates[:, :, n_private:])

    def share(self, parts: Parts) -> Tensor:
        """Return the concatenated outputs of the shared experts."""
        return parts[1].transpose(1, 2).flatten(2)

    def apply_heads(self, parts: Parts, heads: TaskHeads) -> Tensor:
        """Return the mixtures of the logits of the experts."""
        private, shared, gates = parts
        n_private = private.shape[2]
        # Heads are linear, so both mixtures are added; the second one has the bias.
        by_expert = heads.read_tasks(private.flatten(2, 3))
        own = mix_logits(by_expert, gates[:, :, :n_private], heads)
        common = mixed_logits(shared, gates[:, :, n_private:], heads)
        return own + common

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the shared experts of the last level, and the levels below.

        Several tasks use the private experts of lower levels, by the mixture of all
        experts. The task gates of the second last level are used by their task only.
        """
        *lower, last = self._levels
        found = [parameter for level in lower for parameter in level.parameters()]
        if lower:
            private = {id(parameter) for parameter in lower[-1].gates.parameters()}
            found = [one for one in found if id(one) not in private]
        return found + list(last.shared.parameters())
