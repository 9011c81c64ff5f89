import re

import pytest
import torch
from torch import nn

from sklearn_mtl.modules import MLP, MemberDropout, MemberLinear
from sklearn_mtl.modules._mlp import ACTIVATIONS


def test_layers_alternate_with_activations_and_dropout():
    net = MLP(hidden_layer_sizes=(8, 4), activation="relu", dropout=0.5).build(3, 2)
    kinds = [MemberLinear, nn.ReLU, MemberDropout] * 2
    assert [type(layer) for layer in net] == kinds
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
            "MLP: hidden_layer_sizes must be whole numbers of at least 1; found "
            "(8, 0).",
        ),
        (
            {"hidden_layer_sizes": [2.5]},
            "MLP: hidden_layer_sizes must be whole numbers of at least 1; found [2.5].",
        ),
        (
            {"hidden_layer_sizes": 8},
            "MLP: hidden_layer_sizes must be whole numbers of at least 1; found 8.",
        ),
        (
            {"activation": "swish"},
            "MLP: activation 'swish' is unknown; allowed are ['gelu', 'identity', "
            "'logistic', 'relu', 'silu', 'tanh'].",
        ),
        ({"dropout": 1.0}, "MLP: dropout must lie in [0, 1); found 1.0."),
        ({"dropout": -0.1}, "MLP: dropout must lie in [0, 1); found -0.1."),
    ],
)
def test_wrong_arguments_are_explained(arguments, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        MLP(**arguments).build(3, 1)
