"""The multilayer perceptron trunk."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from sklearn_mtl.modules._checks import check_choice, check_dropout, check_sizes
from sklearn_mtl.modules._linear import MemberDropout, MemberLinear
from sklearn_mtl.modules._spec import TrunkSpec

__all__ = ["ACTIVATIONS", "MLP"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "gelu": nn.GELU,
    "identity": nn.Identity,
    "logistic": nn.Sigmoid,
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


class MLP(TrunkSpec):
    """Fully connected layers that all tasks share (hard parameter sharing).

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(128, 128)
        Units of each layer; the last is the width of the shared representation.
    activation : {"gelu", "identity", "logistic", "relu", "silu", "tanh"}, \
            default="gelu"
        Nonlinearity after each layer.
    dropout : float, default=0.0
        Share of units dropped after each activation while training.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997.

    Examples
    --------
    >>> from sklearn_mtl.modules import MLP
    >>> MLP(hidden_layer_sizes=(64,)).build(n_features=10, n_members=2)[0].weight.shape
    torch.Size([2, 10, 64])
    """

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (128, 128),
        activation: str = "gelu",
        dropout: float = 0.0,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> nn.Sequential:
        """Build the layers.

        Raises
        ------
        ValueError
            If a size is not positive, the activation unknown, or dropout not in [0, 1).
        """
        check_sizes(self, "hidden_layer_sizes")
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        layers: list[nn.Module] = []
        for size in self.hidden_layer_sizes:
            layers += [
                MemberLinear(n_members, n_features, size),
                ACTIVATIONS[self.activation](),
            ]
            if self.dropout > 0:
                layers.append(MemberDropout(self.dropout))
            n_features = size
        return nn.Sequential(*layers)
