"""Cross-stitch networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from sklearn_mtl.modules._checks import (
    check_choice,
    check_dropout,
    check_share,
    check_sizes,
)
from sklearn_mtl.modules.trunks._branches import Branches
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS
from sklearn_mtl.modules.trunks._spec import TrunkSpec
from sklearn_mtl.modules.trunks._task_trunk import Parts, TaskTrunk

__all__ = ["CrossStitch", "CrossStitchTrunk", "Stitch"]


class CrossStitch(TrunkSpec):
    r"""One network per task, with linear mixing of the activations after each layer.

    After each layer, the activations :math:`h_s` of the networks are replaced by

    .. math:: \tilde h_t = \sum_s a_{ts} h_s

    with one trained matrix :math:`a` (n_tasks, n_tasks) per layer. Its diagonal is
    initialised with `self_weight` and the other entries with equal weights such that
    rows sum to 1. Use it for a few tasks whose relation is unknown. The cost is
    proportional to the number of tasks.

    Each task has a separate representation, the last :math:`\tilde h_t`, which
    ``transform_task(kind="input")`` returns. "projection" is its projection on the row
    space of the task's head. `transform` returns the concatenated representations of
    all tasks.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(64, 64)
        Number of units in each layer of a task's network.
    activation : str, default="gelu"
        Nonlinearity after each layer: "gelu", "identity", "logistic", "relu", "silu" or
        "tanh".
    dropout : float, default=0.0
        Fraction of the units that are dropped after each activation during training.
    self_weight : float, default=0.9
        Initial weight of each task's own activations.

    References
    ----------
    I. Misra, A. Shrivastava, A. Gupta, M. Hebert, "Cross-Stitch Networks for Multi-task
    Learning", CVPR 2016, eq. 1. In the paper, each channel has separate weights.

    Examples
    --------
    >>> from sklearn_mtl.modules import CrossStitch
    >>> module = CrossStitch((16,)).build(n_features=10, n_members=1, n_tasks=2)
    >>> module.nets[3].weight.detach()[0].round(decimals=2)
    tensor([[0.9000, 0.1000],
            [0.1000, 0.9000]])
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (64, 64),
        activation: str = "gelu",
        dropout: float = 0.0,
        self_weight: float = 0.9,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.self_weight = self_weight

    def build(
        self, n_features: int, n_members: int, n_tasks: int = 1
    ) -> CrossStitchTrunk:
        """Build the networks of all tasks.

        Raises
        ------
        ValueError
            If a size is not positive, the activation is unknown, dropout is not in
            [0, 1), or `self_weight` is not in [0, 1].
        """
        check_sizes(self, "hidden_layer_sizes", least=1)
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        check_share(self, "self_weight", 1.0)
        nets = Branches(
            n_members,
            n_tasks,
            n_features,
            self.hidden_layer_sizes,
            self.activation,
            self.dropout,
            # a single task needs no mixing
            end_layer=(lambda: Stitch(n_members, n_tasks, self.self_weight))
            if n_tasks > 1
            else None,
        )
        return CrossStitchTrunk(nets, n_tasks, self.hidden_layer_sizes[-1])


class Stitch(nn.Module):
    """Mix the activations of tasks, with one matrix per member.

    Parameters
    ----------
    n_members, n_tasks : int
        Number of members and of tasks.
    self_weight : float
        Initial weight of a task's own activations.
    """

    # no decay, because weights of 0 for a task's own activations are no simpler model
    optimizer_groups: Sequence[tuple[str, dict[str, Any]]] = [
        ("weight", {"weight_decay": 0.0})
    ]

    def __init__(self, n_members: int, n_tasks: int, self_weight: float) -> None:
        super().__init__()
        own = torch.eye(n_tasks)
        other = (1.0 - own) / max(n_tasks - 1, 1)
        weight = self_weight * own + (1.0 - self_weight) * other
        self.weight = nn.Parameter(weight.repeat(n_members, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Mix (n_members, n_tasks, n_rows, n_hidden) over the tasks."""
        # eq. 1 for all tasks at once
        mixed = torch.bmm(self.weight, x.flatten(2))
        return torch.unflatten(mixed, 2, x.shape[2:])


class CrossStitchTrunk(TaskTrunk):
    """The module of `CrossStitch`.

    Parameters
    ----------
    nets : Branches
        Maps rows to (n_members, n_tasks, n_rows, n_hidden).
    n_tasks, n_hidden : int
        Number of tasks, and width of their representations.
    """

    def __init__(self, nets: Branches, n_tasks: int, n_hidden: int) -> None:
        super().__init__()
        self.nets = nets
        self.n_hidden = n_hidden
        self.n_shared = n_tasks * n_hidden

    def forward(self, x: Tensor) -> Parts:
        """Return the representations of all tasks."""
        return (self.nets(x),)

    def gather(self, parts: Parts) -> Tensor:
        """Return the representations of all tasks."""
        return parts[0]

    def share(self, parts: Parts) -> Tensor:
        """Return the concatenated representations of all tasks."""
        return parts[0].transpose(1, 2).flatten(2)
