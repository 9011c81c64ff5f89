import copy

import pytest
import torch
from sklearn.base import clone
from torch import nn

from sklearn_mtl.modules import MLP, MemberLinear, TrunkSpec, build_trunk
from sklearn_mtl.modules.trunks._spec import MemberModules


def generators(*seeds):
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def test_a_spec_is_cloned_searched_and_shown_as_an_estimator():
    spec = clone(MLP(dropout=0.1)).set_params(hidden_layer_sizes=(4,))
    assert spec.get_params() == {
        "activation": "gelu",
        "dropout": 0.1,
        "hidden_layer_sizes": (4,),
        "normalization": None,
        "residual": False,
        "scale_inputs": True,
    }
    assert spec.preparation == "table"
    assert repr(spec) == "MLP(dropout=0.1, hidden_layer_sizes=(4,))"


def test_what_builds_nothing_is_no_spec():
    with pytest.raises(TypeError, match="abstract"):
        TrunkSpec()


def test_a_spec_is_built_and_drawn_for_all_members():
    trunk = build_trunk(MLP(hidden_layer_sizes=(4,)), 3, generators(0, 1), 1, "me")
    assert trunk[0].weight.shape == (2, 3, 4)
    assert not torch.equal(trunk[0].weight[0], trunk[0].weight[1])
    alone = build_trunk(MLP(hidden_layer_sizes=(4,)), 3, generators(1), 1, "me")
    assert torch.equal(alone[0].weight[0], trunk[0].weight[1])


@pytest.mark.parametrize(
    "wrap", [lambda module: module, lambda module: lambda n: module]
)
def test_a_module_is_copied_for_each_member(wrap):
    module = nn.Linear(3, 2)
    before = copy.deepcopy(module.state_dict())
    trunk = build_trunk(wrap(module), 3, generators(0, 1), 1, "me")
    with torch.no_grad():
        trunk.members[0].weight.zero_()
    assert torch.equal(module.weight, before["weight"])
    assert torch.equal(trunk.members[1].weight, before["weight"])


class Kept(TrunkSpec):
    """Returns the same module each time."""

    def __init__(self, module):
        self.module = module

    def build(self, n_features, n_members, n_tasks=1):
        return self.module


def test_a_module_that_a_spec_keeps_is_left_alone():
    kept = MLP((4,)).build(3, 2)
    before = copy.deepcopy(kept.state_dict())
    trunk = build_trunk(Kept(kept), 3, generators(0, 1), 1, "me")
    assert not torch.equal(trunk[0].weight, kept[0].weight)
    assert torch.equal(kept[0].weight, before["0.weight"])


def test_a_part_that_draws_from_the_global_generator_is_refused():
    class Dropping(TrunkSpec):
        def __init__(self, part):
            self.part = part

        def build(self, n_features, n_members, n_tasks=1):
            layer = MemberLinear(n_members, n_features, 2)
            return nn.Sequential(layer, nn.Sequential(self.part))

    draws = [torch.Generator().manual_seed(0)]
    for part in (nn.Dropout(0.1), nn.AlphaDropout(0.1), nn.RReLU()):
        message = rf"Net: Dropping.build returns {type(part).__name__}\(.*MemberDropout"
        with pytest.raises(ValueError, match=message):
            build_trunk(Dropping(part), 3, draws, 1, "Net")
    build_trunk(Dropping(nn.Dropout(0.0)), 3, draws, 1, "Net")


def test_each_member_sees_its_own_rows():
    x = torch.randn(2, 5, 3, generator=generators(0)[0])
    trunk = MemberModules([nn.Linear(3, 2), nn.Linear(3, 2)])
    found = trunk(x)
    for m, member in enumerate(trunk.members):
        torch.testing.assert_close(found[m], member(x[m]))
    alone = MemberModules([trunk.members[1]])(x[1:])
    torch.testing.assert_close(alone, found[1:])


def test_a_callable_gets_the_number_of_columns_and_a_seed_of_ours():
    def make(n_features):
        return nn.Linear(n_features, 2)

    torch.manual_seed(0)
    before = torch.get_rng_state()
    first = build_trunk(make, 3, generators(5, 6), 1, "me")
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(99)
    second = build_trunk(make, 3, generators(5, 6), 1, "me")
    for a, b in zip(first.members, second.members, strict=True):
        assert torch.equal(a.weight, b.weight)
    assert not torch.equal(first.members[0].weight, first.members[1].weight)
    assert first.members[0].in_features == 3


@pytest.mark.parametrize("trunk", [3, "mlp", lambda n_features: None])
def test_anything_else_is_refused(trunk):
    message = (
        r"^me: trunk must be None, a trunk spec such as MLP\(\), an nn\.Module, or"
    )
    with pytest.raises(TypeError, match=message):
        build_trunk(trunk, 3, generators(0), 1, "me")
