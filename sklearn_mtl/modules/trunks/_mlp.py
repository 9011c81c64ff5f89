"""Multilayer perceptron trunk."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_mtl.modules._checks import check_choice, check_dropout, check_sizes
from sklearn_mtl.modules._linear import MemberDropout, MemberLinear
from sklearn_mtl.modules._normalization import NORMALIZATIONS
from sklearn_mtl.modules.trunks._spec import TrunkSpec

__all__ = ["ACTIVATIONS", "MLP", "Residual"]

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
        Number of units in each layer. The last layer is the shared representation.
    activation : {"gelu", "identity", "logistic", "relu", "silu", "tanh"}, \
            default="gelu"
        Nonlinearity after each layer.
    dropout : float, default=0.0
        Fraction of the units that are dropped after each activation during training.
    normalization : {"batch", "layer"} or None, default=None
        Normalisation before each activation. "batch" standardises each unit over the
        weighted samples of a batch, "layer" each sample over the units.
    residual : bool, default=False
        Whether to add the input of a layer to its output if they have the same width.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997; for the options S.
    Ioffe, C. Szegedy, "Batch Normalization", ICML 2015; J. L. Ba, J. R. Kiros, G. E.
    Hinton, "Layer Normalization", 2016; K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual
    Learning for Image Recognition", CVPR 2016.

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
        normalization: str | None = None,
        residual: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.normalization = normalization
        self.residual = residual

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> nn.Sequential:
        """Build the layers.

        Raises
        ------
        ValueError
            If a size is not positive, the activation or normalisation is unknown, or
            dropout is not in [0, 1).
        """
        check_sizes(self, "hidden_layer_sizes")
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        check_choice(self, "normalization", [None, *NORMALIZATIONS])
        layers: list[nn.Module] = []
        for size in self.hidden_layer_sizes:
            layer = self._layer(n_members, n_features, size)
            is_added = self.residual and size == n_features
            layers += [Residual(*layer)] if is_added else layer
            n_features = size
        return nn.Sequential(*layers)

    def _layer(self, n_members: int, n_in: int, n_out: int) -> list[nn.Module]:
        layer: list[nn.Module] = [MemberLinear(n_members, n_in, n_out)]
        if self.normalization is not None:
            layer.append(NORMALIZATIONS[self.normalization](n_members, n_out))
        layer.append(ACTIVATIONS[self.activation]())
        if self.dropout > 0:
            layer.append(MemberDropout(self.dropout))
        return layer


class Residual(nn.Sequential):
    """A sequence of modules whose output is added to the input."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of x and the output of the modules."""
        made = x
        for module in self:
            made = module(made)
        return x + made
