"""Trunk with a shared part and a private part for each task."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_mtl.modules._checks import (
    check_choice,
    check_dropout,
    check_share,
    check_sizes,
)
from sklearn_mtl.modules.heads._task_heads import TaskHeads
from sklearn_mtl.modules.trunks._branches import Branches
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS, MLP
from sklearn_mtl.modules.trunks._spec import TrunkSpec
from sklearn_mtl.modules.trunks._task_trunk import Parts, TaskTrunk

__all__ = ["SharedPrivate", "SharedPrivateTrunk", "mean_squared_correlation"]


class SharedPrivate(TrunkSpec):
    r"""A shared network and a private network for each task.

    The input of the head of task t is :math:`z_t = [s(x), p_t(x)]`. A penalty makes the
    private outputs uncorrelated with the shared ones:

    .. math:: \gamma \sum_t \frac{1}{h_s h_p} \sum_{j,k} corr(s_j, p_{tk})^2

    where :math:`\gamma` is `orthogonality`, and corr is the weighted correlation over
    the samples of the batch between the :math:`h_s` units of s and the :math:`h_p`
    units of :math:`p_t`. Features that only one task needs are then learned in its
    private part instead of in s. Use it to obtain a shared representation for other
    tasks or for retrieval, or if the tasks have many task-specific features.

    Each task has a separate representation. `transform` returns the shared part s, and
    ``transform_task(kind="input")`` returns :math:`z_t`. "projection" is the projection
    of :math:`z_t` on the row space of the task's head.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128, 128)
        Number of units in each layer of the shared part.
    private_layer_sizes : sequence of int, default=(32,)
        Number of units in each layer of a private part.
    activation : str, default="gelu"
        Nonlinearity after each layer: "gelu", "identity", "logistic", "relu", "silu" or
        "tanh".
    dropout : float, default=0.0
        Fraction of the units that are dropped after each activation during training.
    orthogonality : float, default=1.0
        Factor of the penalty; 0 for no penalty.

    Notes
    -----
    The papers penalise :math:`\|S^T P_t\|_F^2`, which also decreases if the private
    outputs become smaller. Each sample has the maximum weight of its labels; samples
    without labels are ignored.

    References
    ----------
    K. Bousmalis, G. Trigeorgis, N. Silberman, D. Krishnan, D. Erhan, "Domain Separation
    Networks", NeurIPS 2016, eq. 5; P. Liu, X. Qiu, X. Huang, "Adversarial Multi-task
    Learning for Text Classification", ACL 2017.

    Examples
    --------
    >>> import torch
    >>> from sklearn_mtl.modules import SharedPrivate
    >>> trunk = SharedPrivate((16,), private_layer_sizes=(4,))
    >>> module = trunk.build(n_features=10, n_members=1, n_tasks=3)
    >>> module.gather(module(torch.zeros(1, 5, 10))).shape
    torch.Size([1, 3, 5, 20])
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (128, 128),
        private_layer_sizes: Sequence[int] = (32,),
        activation: str = "gelu",
        dropout: float = 0.0,
        orthogonality: float = 1.0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.private_layer_sizes = private_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.orthogonality = orthogonality

    def build(
        self, n_features: int, n_members: int, n_tasks: int = 1
    ) -> SharedPrivateTrunk:
        """Build the shared part and the private ones.

        Raises
        ------
        ValueError
            If a size is not positive, the activation is unknown, dropout is not in
            [0, 1), or `orthogonality` is negative.
        """
        check_sizes(self, "hidden_layer_sizes", least=1)
        check_sizes(self, "private_layer_sizes", least=1)
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        check_share(self, "orthogonality")
        options = (self.activation, self.dropout)
        shared = MLP(self.hidden_layer_sizes, *options).build(n_features, n_members)
        sizes = self.private_layer_sizes
        private = Branches(n_members, n_tasks, n_features, sizes, *options)
        widths = (self.hidden_layer_sizes[-1], sizes[-1])
        return SharedPrivateTrunk(shared, private, *widths, self.orthogonality)


class SharedPrivateTrunk(TaskTrunk):
    """The module of `SharedPrivate`.

    Parameters
    ----------
    shared : nn.Module
        Maps rows to (n_members, n_rows, n_shared).
    private : Branches
        Maps rows to (n_members, n_tasks, n_rows, n_private).
    n_shared, n_private : int
        Widths of the parts.
    orthogonality : float
        Factor of the penalty.
    """

    def __init__(
        self,
        shared: nn.Module,
        private: Branches,
        n_shared: int,
        n_private: int,
        orthogonality: float,
    ) -> None:
        super().__init__()
        self.shared = shared
        self.private = private
        self.n_shared = n_shared
        self.n_hidden = n_shared + n_private
        self.orthogonality = orthogonality

    def forward(self, x: Tensor) -> Parts:
        """Return the shared part and the private ones."""
        return self.shared(x), self.private(x)

    def gather(self, parts: Parts) -> Tensor:
        """Return the shared part, concatenated with the private part of each task."""
        shared, private = parts
        n_tasks = private.shape[1]
        return torch.cat(
            [shared.unsqueeze(1).expand(-1, n_tasks, -1, -1), private], dim=-1
        )

    def share(self, parts: Parts) -> Tensor:
        """Return the shared part."""
        return parts[0]

    def apply_heads(self, parts: Parts, heads: TaskHeads) -> Tensor:
        """Return the logits, with one product for all heads on the shared part."""
        shared, private = parts
        logits = heads.read_shared(shared, slice(0, self.n_shared))
        logits = logits + heads.read_tasks(private, slice(self.n_shared, None))
        return logits + heads.bias

    def take_tasks(self, places: Sequence[int]) -> None:
        """Select the private parts of some tasks."""
        self.private.take(places)

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of the shared part."""
        return list(self.shared.parameters())

    def penalty(self, parts: Parts, weights: Tensor) -> Tensor | None:
        """Return the penalty on correlations of the shared and the private parts."""
        if self.orthogonality == 0:
            return None
        shared, private = parts
        row_weights = weights.amax(dim=-1).expand(shared.shape[:2])
        found = mean_squared_correlation(shared, private, row_weights)
        return self.orthogonality * found.sum(dim=1)


def mean_squared_correlation(a: Tensor, b: Tensor, weights: Tensor) -> Tensor:
    """Return the mean of the squared correlations between two sets of columns.

    Shapes: a (n_members, n_rows, n_a), b (n_members, n_sets, n_rows, n_b),
    weights (n_members, n_rows) -> (n_members, n_sets).
    """
    total = weights.sum(dim=1, keepdim=True).clamp(min=1e-30)  # 0 if no row has labels
    weights = (weights / total).unsqueeze(-1)
    a = _standardise(a, weights)
    b = _standardise(b, weights.unsqueeze(1))
    wide = b.transpose(1, 2).flatten(2)  # (n_members, n_rows, n_sets * n_b)
    correlation = torch.bmm(a.mT, wide)
    by_set = torch.unflatten(correlation.square(), -1, (b.shape[1], b.shape[3]))
    return by_set.mean(dim=(1, 3))


def _standardise(x: Tensor, weights: Tensor) -> Tensor:
    """Centre columns and scale them to norm 1, with weighted rows."""
    x = (x - (weights * x).sum(dim=-2, keepdim=True)) * weights.sqrt()
    # 1e-12 keeps the gradient of a constant column finite
    return x * (x.square().sum(dim=-2, keepdim=True) + 1e-12).rsqrt()
