import re

import pytest
import torch
from torch.nn import functional as F

from sklearn_mtl.modules import HeadBlock, MLPHead, draw_parameters
from tests.modules.heads.test_task_heads import BLOCKS, COLUMNS
from tests.modules.trunk_cases import generators

N_TASKS = len(COLUMNS)


def blocks():
    return [HeadBlock(*block) for block in BLOCKS]


def drawn(spec, n_members=2):
    tail = spec.build(n_members, blocks())
    draw_parameters(tail, generators(n_members))
    return tail.double()


@pytest.mark.parametrize("sizes", [(4,), (4, 3), (1, 5, 2)])
def test_each_task_has_a_net_of_its_own(sizes):
    tail = drawn(MLPHead(sizes, activation="tanh"))
    maps = torch.randn(2, 6, N_TASKS * sizes[0], dtype=torch.float64)
    found = tail(maps)
    *hidden, last = tail.layers
    for t, columns in enumerate(COLUMNS):
        u = maps[..., t * sizes[0] : (t + 1) * sizes[0]]
        for layer, width in zip(hidden, sizes[1:], strict=True):
            own = slice(t * width, (t + 1) * width)
            u = u.tanh() @ layer.weight[..., own] + layer.bias[..., own]
        expected = u.tanh() @ last.weight[..., columns] + last.bias[..., columns]
        torch.testing.assert_close(found[..., columns], expected)


def test_the_maps_are_the_first_hidden_units():
    spec = MLPHead((4, 3))
    assert spec.maps(blocks()) == [HeadBlock(N_TASKS, 4)]
    expected = torch.arange(N_TASKS).repeat_interleave(4)
    assert torch.equal(drawn(spec).task_of_maps, expected)


def test_the_bias_of_the_logits_is_that_of_the_last_layer():
    tail = drawn(MLPHead((4, 3)))
    before = tail(torch.zeros(2, 1, N_TASKS * 4, dtype=torch.float64))
    with torch.no_grad():
        tail.output_bias.add_(1.0)
    after = tail(torch.zeros(2, 1, N_TASKS * 4, dtype=torch.float64))
    torch.testing.assert_close(after - before, torch.ones_like(before))


def test_a_column_of_a_parameter_moves_only_the_task_that_owns_it():
    tail = drawn(MLPHead((3, 2)))
    maps = torch.randn(2, 6, N_TASKS * 3, dtype=torch.float64)
    owners = tail.owners()
    assert len(owners) == len(list(tail.parameters()))
    for t, columns in enumerate(COLUMNS):
        parameters = [parameter for parameter, _ in owners]
        gradients = torch.autograd.grad(tail(maps)[..., columns].sum(), parameters)
        for gradient, (_, task_of) in zip(gradients, owners, strict=True):
            assert (gradient[..., task_of != t] == 0).all()
            assert (gradient[..., task_of == t] != 0).any()


def test_hidden_units_are_dropped_in_training_only():
    tail = drawn(MLPHead((8,), dropout=0.5))
    tail.dropout.generators = generators(2)
    maps = torch.randn(2, 6, N_TASKS * 8, dtype=torch.float64)
    assert not torch.equal(tail(maps), tail(maps))
    tail.eval()
    assert torch.equal(tail(maps), tail(maps))


def test_the_default_activation_is_that_of_the_trunks():
    tail = drawn(MLPHead((2,)), n_members=1)
    maps = torch.randn(1, 3, N_TASKS * 2, dtype=torch.float64)
    (last,) = tail.layers
    expected = F.gelu(maps[..., :2]) @ last.weight[..., :1] + last.bias[..., :1]
    torch.testing.assert_close(tail(maps)[..., :1], expected)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (MLPHead(()), "MLPHead: hidden_layer_sizes must have at least 1 layer"),
        (MLPHead((0,)), "MLPHead: hidden_layer_sizes must be a sequence of whole"),
        (MLPHead(activation="step"), "MLPHead: activation 'step' is unknown"),
        (MLPHead(dropout=1.0), "MLPHead: dropout must lie in [0, 1)"),
    ],
)
def test_wrong_parameters_are_explained(spec, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        spec.check()
