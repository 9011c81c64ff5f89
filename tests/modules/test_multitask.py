import torch
from torch import nn

from sklearn_mtl.modules import MemberLinear, MultiTaskModule


def test_heads_read_the_shared_representation_of_the_prepared_rows():
    trunk, heads = MemberLinear(2, 3, 4), MemberLinear(2, 4, 5)
    draws = [torch.Generator().manual_seed(seed) for seed in (0, 1)]
    trunk.draw(draws)
    heads.draw(draws)
    module = MultiTaskModule(nn.Tanh(), trunk, heads)
    x = torch.randn(2, 6, 3, generator=draws[0])
    assert torch.equal(module.represent(x), trunk(x.tanh()))
    assert torch.equal(module(x), heads(trunk(x.tanh())))
