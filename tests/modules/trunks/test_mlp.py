import re

import pytest
import torch
from torch import nn

from sklearn_mtl.modules import MLP, MemberDropout, MemberLinear
from sklearn_mtl.modules._linear import ScaledLinear
from sklearn_mtl.modules.trunks._mlp import ACTIVATIONS
from tests.modules.trunk_cases import built, one_step, rows


def test_layers_alternate_with_activations_and_dropout():
    net = MLP(hidden_layer_sizes=(8, 4), activation="relu", dropout=0.5).build(3, 2)
    kinds = [nn.ReLU, MemberDropout]
    assert [type(layer) for layer in net] == [
        ScaledLinear,
        *kinds,
        MemberLinear,
        *kinds,
    ]
    assert net[0].weight.shape == (2, 3, 8)
    assert net[3].weight.shape == (2, 8, 4)
    assert net(torch.zeros(2, 5, 3)).shape == (2, 5, 4)


def test_without_dropout_there_is_no_layer_for_it():
    assert len(MLP(hidden_layer_sizes=(8,)).build(3, 1)) == 2


def test_without_layers_it_passes_the_columns_on():
    x = torch.arange(6.0).reshape(1, 2, 3)
    assert torch.equal(MLP(hidden_layer_sizes=()).build(3, 1)(x), x)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_can_be_named(name):
    net = MLP(hidden_layer_sizes=(2,), activation=name).build(3, 1)
    assert type(net[1]) is ACTIVATIONS[name]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"hidden_layer_sizes": (8, 0)},
            "MLP: hidden_layer_sizes must be a sequence of whole numbers of at least "
            "1; got (8, 0).",
        ),
        (
            {"hidden_layer_sizes": [2.5]},
            "MLP: hidden_layer_sizes must be a sequence of whole numbers of at least "
            "1; got [2.5].",
        ),
        (
            {"hidden_layer_sizes": 8},
            "MLP: hidden_layer_sizes must be a sequence of whole numbers of at least "
            "1; got 8.",
        ),
        (
            {"activation": "swish"},
            "MLP: activation 'swish' is unknown; allowed are ['gelu', 'identity', "
            "'logistic', 'relu', 'silu', 'tanh'].",
        ),
        ({"dropout": 1.0}, "MLP: dropout must lie in [0, 1); got 1.0."),
        ({"dropout": -0.1}, "MLP: dropout must lie in [0, 1); got -0.1."),
        (
            {"normalization": "group"},
            "MLP: normalization 'group' is unknown; allowed are [None, 'batch', "
            "'layer'].",
        ),
    ],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MLP(**arguments).build(3, 1)


@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_units_are_normalised_before_the_activation(normalization):
    spec = MLP((4,), activation="tanh", normalization=normalization)
    net, x = built(spec, n_members=2), rows(n_members=2)
    assert torch.equal(net(x), net[1](net[0](x)).tanh())
    names, still = one_step(MLP((4, 3), normalization=normalization))
    assert "trunk.1.weight" in names
    # a bias before a norm over the rows changes nothing
    unmoved = {"trunk.0.bias", "trunk.3.bias"} if normalization == "batch" else set()
    assert set(still) - unmoved == set()


def test_layers_of_the_same_width_add_to_what_they_read():
    net, x = built(MLP((5, 4, 4), residual=True, dropout=0.5)).eval(), rows()
    hidden = x + nn.functional.gelu(net[0][0](x))
    hidden = nn.functional.gelu(net[1](hidden))
    torch.testing.assert_close(net(x), hidden + nn.functional.gelu(net[4][0](hidden)))
