import pickle

import pytest
import torch
from torch import nn

from sklearn_mtl.modules import (
    MemberDropout,
    MemberLinear,
    draw_parameters,
    use_generators,
)
from sklearn_mtl.modules._linear import ScaledLinear


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


@pytest.mark.parametrize("n_members", [1, 3])
def test_each_member_has_an_affine_map_of_its_own(n_members):
    layer = MemberLinear(n_members, 4, 2).double()
    layer.draw(generators(*range(n_members)))
    x = torch.randn(n_members, 5, 4, dtype=torch.float64, generator=generators(9)[0])
    found = layer(x)
    for m in range(n_members):
        expected = x[m] @ layer.weight[m] + layer.bias[m]
        torch.testing.assert_close(found[m], expected)


def test_one_member_has_the_gradient_of_a_plain_layer():
    layer = MemberLinear(1, 4, 2)
    layer.draw(generators(0))
    plain = nn.Linear(4, 2)
    with torch.no_grad():
        plain.weight.copy_(layer.weight[0].T)
        plain.bias.copy_(layer.bias[0, 0])
    x = torch.randn(1, 5, 4, generator=generators(1)[0])
    layer(x).square().sum().backward()
    plain(x[0]).square().sum().backward()
    torch.testing.assert_close(layer.weight.grad[0].T, plain.weight.grad)
    torch.testing.assert_close(layer.bias.grad[0, 0], plain.bias.grad)


def test_initial_values_are_uniform_within_the_bound_of_torch():
    layer = MemberLinear(2, 100, 300)
    layer.draw(generators(0, 1))
    for parameter in (layer.weight.detach(), layer.bias.detach()):
        assert parameter.abs().max() <= 0.1
        assert float(parameter.std()) == pytest.approx(0.1 / 3**0.5, rel=0.1)


@pytest.mark.parametrize(("n_in", "n_out"), [(6, 4), (4, 6)])
def test_orthogonal_weights_have_the_given_length(n_in, n_out):
    layer = MemberLinear(2, n_in, n_out)
    layer.draw_orthogonal(generators(0, 1), 3.0)
    first, second = layer.weight.detach()
    assert not torch.equal(first, second)
    square = first.T @ first
    assert float(square.diagonal().mean()) == pytest.approx(9.0)
    short = square if n_in >= n_out else first @ first.T
    expected = torch.eye(4) * short[0, 0]
    torch.testing.assert_close(short, expected, rtol=1e-5, atol=1e-5)


def test_a_members_draws_do_not_depend_on_the_others():
    many, one = MemberLinear(3, 4, 2), MemberLinear(1, 4, 2)
    many.draw(generators(5, 6, 7))
    one.draw(generators(7))
    assert torch.equal(many.weight[2], one.weight[0])
    assert torch.equal(many.bias[2], one.bias[0])


def test_a_layer_without_inputs_can_be_drawn():
    layer = MemberLinear(1, 0, 2)
    layer.draw(generators(0))
    assert layer(torch.zeros(1, 3, 0)).shape == (1, 3, 2)


def test_every_part_that_can_draw_does():
    module = nn.Sequential(MemberLinear(1, 2, 2), nn.Sequential(MemberLinear(1, 2, 2)))
    draw_parameters(module, generators(0))
    first, second = module[0].weight, module[1][0].weight
    assert (first != 0).all()
    assert not torch.equal(first, second)


class TestDropout:
    """Draws come from a generator of each member."""

    def test_the_share_is_dropped_and_the_mean_kept(self):
        layer = MemberDropout(0.25)
        use_generators(layer, generators(0, 1))
        out = layer(torch.ones(2, 200, 100))
        assert out.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
        assert (out == 0).float().mean() == pytest.approx(0.25, abs=0.01)
        assert not torch.equal(out[0], out[1])

    def test_a_members_draws_do_not_depend_on_the_others(self):
        layer, x = MemberDropout(0.5), torch.ones(2, 20, 10)
        use_generators(layer, generators(0, 7))
        both = layer(x)
        use_generators(layer, generators(7))
        assert torch.equal(layer(x[1:]), both[1:])

    @pytest.mark.parametrize("state", ["eval", "none", "zero"])
    def test_nothing_is_dropped_while_predicting(self, state):
        layer, x = MemberDropout(0.0 if state == "zero" else 0.5), torch.ones(1, 9, 9)
        use_generators(layer, None if state == "none" else generators(0))
        layer.train(state != "eval")
        assert layer(x) is x

    def test_without_generators_it_can_be_pickled(self):
        module = nn.Sequential(MemberDropout(0.5))
        use_generators(module, generators(0))
        use_generators(module, None)
        assert pickle.loads(pickle.dumps(module))[0].generators is None

    def test_the_global_generator_is_not_used(self):
        layer = MemberDropout(0.5)
        use_generators(layer, generators(0))
        before = torch.get_rng_state()
        layer(torch.ones(1, 9, 9))
        assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("n_blocks", [1, 3])
def test_each_block_multiplies_its_inputs_by_its_own_factors(n_blocks):
    layer = ScaledLinear(2, 4, 6, n_blocks).double()
    layer.draw(generators(0, 1))
    x = torch.randn(2, 5, 4, dtype=torch.float64, generator=generators(9)[0])
    plain = torch.baddbmm(layer.bias, x, layer.weight)
    assert torch.equal(layer(x), plain)  # the factors start at 1
    with torch.no_grad():
        layer.change.uniform_(-0.5, 2.0, generator=generators(3)[0])
    found = torch.unflatten(layer(x), -1, (n_blocks, -1))
    for block in range(n_blocks):
        weight = torch.unflatten(layer.weight, -1, (n_blocks, -1))[:, :, block]
        bias = torch.unflatten(layer.bias, -1, (n_blocks, -1))[:, :, block]
        factors = 1.0 + layer.change[:, :, block]
        expected = torch.baddbmm(bias, x * factors.unsqueeze(1), weight)
        torch.testing.assert_close(found[:, :, block], expected)
