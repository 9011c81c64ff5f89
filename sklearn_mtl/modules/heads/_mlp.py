"""Heads with hidden layers."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sklearn_mtl.modules._checks import check_choice, check_dropout, check_sizes
from sklearn_mtl.modules._linear import MemberDropout
from sklearn_mtl.modules.heads._spec import HeadSpec, HeadTail
from sklearn_mtl.modules.heads._task_heads import HeadBlock, TaskHeads, tasks_of_columns
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS

__all__ = ["LayersTail", "MLPHead"]


class MLPHead(HeadSpec):
    r"""A small neural network for each task on the shared representation.

    .. math:: f_t(x) = W_{t2}\, \sigma(W_{t1} z + b_{t1}) + b_{t2}

    More hidden layers are possible. Use it if the tasks need different nonlinear
    functions of the shared representation and have enough labels to learn them. Each
    layer is computed for all tasks in one batched product.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(32,)
        Number of units in each hidden layer of each task; at least one layer.
    activation : str, default="gelu"
        Nonlinearity after each hidden layer: "gelu", "identity", "logistic", "relu",
        "silu" or "tanh".
    dropout : float, default=0.0
        Fraction of the hidden units that are dropped during training.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997, section 2.

    Examples
    --------
    >>> from sklearn_mtl import MultiTaskClassifier
    >>> from sklearn_mtl.modules import MLPHead
    >>> model = MultiTaskClassifier(head=MLPHead())
    >>> model.set_params(head__hidden_layer_sizes=(16,)).head
    MLPHead(hidden_layer_sizes=(16,))
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (32,),
        activation: str = "gelu",
        dropout: float = 0.0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout

    def check(self) -> None:
        """Raise ValueError if a size, the activation or dropout is invalid."""
        check_sizes(self, "hidden_layer_sizes", least=1)
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)

    def maps(self, blocks: Sequence[HeadBlock]) -> list[HeadBlock]:
        """Return the blocks of the first hidden layer."""
        n_tasks = sum(block.n_tasks for block in blocks)
        return [HeadBlock(n_tasks, next(iter(self.hidden_layer_sizes)))]

    def build(self, n_members: int, blocks: Sequence[HeadBlock]) -> HeadTail:
        """Return the layers after the first one."""
        first, *rest = self.hidden_layer_sizes
        n_tasks = sum(block.n_tasks for block in blocks)
        layers = [[HeadBlock(n_tasks, size)] for size in rest]
        return LayersTail(n_members, first, [*layers, list(blocks)], self)


class LayersTail(HeadTail):
    """One or more blocks of activation, dropout and a linear layer for each task."""

    def __init__(
        self,
        n_members: int,
        n_in: int,
        layers: Sequence[Sequence[HeadBlock]],
        spec: MLPHead,
    ) -> None:
        super().__init__()
        self.activation = ACTIVATIONS[spec.activation]()
        self.dropout = MemberDropout(spec.dropout)
        self.layers = nn.ModuleList()
        self.maps = HeadBlock(sum(block.n_tasks for block in layers[0]), n_in)
        self.widths: list[int] = []  # number of inputs of each layer, per task
        for blocks in layers:
            self.widths.append(n_in)
            self.layers.append(TaskHeads(n_members, n_in, blocks))
            # hidden layers have one block; the last layer may have none
            n_in = blocks[0].n_outputs if blocks else 0

    @property
    def _task_heads(self) -> list[TaskHeads]:
        return [layer for layer in self.layers if isinstance(layer, TaskHeads)]

    @property
    def output_bias(self) -> nn.Parameter:
        """The bias of the last layer."""
        return self._task_heads[-1].bias

    @property
    def last_layer(self) -> TaskHeads:
        """The last layer."""
        return self._task_heads[-1]

    @property
    def task_of_maps(self) -> Tensor:
        """Task index of each linear map; the units of a task are contiguous."""
        return tasks_of_columns([self.maps])

    def owners(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return weights and biases of every layer."""
        return [
            (parameter, tasks_of_columns(layer.blocks))
            for layer in self._task_heads
            for parameter in (layer.weight, layer.bias)
        ]

    def comparable_weights(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Return the weights of every layer."""
        return [
            (layer.weight, tasks_of_columns(layer.blocks)) for layer in self._task_heads
        ]

    def forward(self, maps: Tensor) -> Tensor:
        """Apply the layers to the first hidden layer before its activation."""
        n_tasks = self.maps.n_tasks
        for layer, width in zip(self.layers, self.widths, strict=True):
            units = self.dropout(self.activation(maps))
            by_task = torch.unflatten(units, -1, (n_tasks, width))
            maps = layer(by_task.transpose(1, 2))
        return maps
