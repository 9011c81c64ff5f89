"""Multilayer perceptron trunk."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from sklearn_mtl.modules._checks import check_choice, check_dropout, check_sizes
from sklearn_mtl.modules._linear import MemberDropout, MemberLinear, ScaledLinear
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
        weighted samples of a batch, which must contain at least two samples; "layer"
        standardises each sample over the units, of which there must be at least two.
    residual : bool, default=False
        Whether to add the input of a layer to its output if they have the same width.
    scale_inputs : bool, default=True
        Whether to multiply each input by a learned factor. The factors start at 1 and
        have 20 times the learning rate of the weights (up to a rate of 0.06), so that
        the net soon depends mostly on relevant inputs. They are not decayed. With SGD,
        they have the rate of the weights.

    References
    ----------
    R. Caruana, "Multitask Learning", Machine Learning 28, 1997; for the options S.
    Ioffe, C. Szegedy, "Batch Normalization", ICML 2015; J. L. Ba, J. R. Kiros, G. E.
    Hinton, "Layer Normalization", 2016; K. He, X. Zhang, S. Ren, J. Sun, "Deep Residual
    Learning for Image Recognition", CVPR 2016; D. Holzmüller, L. Grinsztajn, I.
    Steinwart, "Better by Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular
    Data", NeurIPS 2024, section 3 (scaling layer).

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
        scale_inputs: bool = True,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.normalization = normalization
        self.residual = residual
        self.scale_inputs = scale_inputs

    def build(self, n_features: int, n_members: int, n_tasks: int = 1) -> nn.Sequential:
        """Build the layers.

        Raises
        ------
        ValueError
            If a size is not positive, the activation or normalisation is unknown,
            dropout is not in [0, 1), or a layer of one unit has layer normalisation.
        """
        check_sizes(self, "hidden_layer_sizes")
        check_choice(self, "activation", ACTIVATIONS)
        check_dropout(self)
        check_choice(self, "normalization", [None, *NORMALIZATIONS])
        if self.normalization == "layer" and 1 in self.hidden_layer_sizes:
            raise ValueError(
                f"{type(self).__name__}: normalization='layer' requires at least two "
                "units per layer, because a single unit would always be zero; got "
                f"hidden_layer_sizes={self.hidden_layer_sizes!r}."
            )
        layers: list[nn.Module] = []
        for size in self.hidden_layer_sizes:
            is_scaled = self.scale_inputs and not layers
            linear = ScaledLinear if is_scaled else MemberLinear
            layer = self._layer(linear(n_members, n_features, size))
            is_added = self.residual and size == n_features
            layers += [Residual(*layer)] if is_added else layer
            n_features = size
        return nn.Sequential(*layers)

    def _layer(self, linear: MemberLinear) -> list[nn.Module]:
        """Return a linear map and what follows it in a layer."""
        layer: list[nn.Module] = [linear]
        if self.normalization is not None:
            shape = linear.weight.shape[0], linear.weight.shape[2]
            layer.append(NORMALIZATIONS[self.normalization](*shape))
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
