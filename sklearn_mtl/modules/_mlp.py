"""The multilayer perceptron trunk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from torch import nn

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

    def build(self, n_features: int, n_members: int) -> nn.Sequential:
        """Build the layers.

        Parameters
        ----------
        n_features : int
            Number of prepared columns.
        n_members : int
            Number of independent members.

        Returns
        -------
        nn.Sequential
            Maps (n_members, n_rows, n_features) to (n_members, n_rows, last size).

        Raises
        ------
        ValueError
            If a size is not positive, the activation unknown, or dropout not in [0, 1).
        """
        self._check()
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

    def _check(self) -> None:
        sizes = self.hidden_layer_sizes
        are_counts = isinstance(sizes, Iterable) and all(
            int(size) == size and size >= 1 for size in sizes
        )
        if not are_counts:
            raise ValueError(
                "MLP: hidden_layer_sizes must be whole numbers of at least 1; found "
                f"{sizes}."
            )
        if self.activation not in ACTIVATIONS:
            raise ValueError(
                f"MLP: activation {self.activation!r} is unknown; allowed are "
                f"{sorted(ACTIVATIONS)}."
            )
        if not 0 <= self.dropout < 1:
            raise ValueError(f"MLP: dropout must lie in [0, 1); found {self.dropout}.")
