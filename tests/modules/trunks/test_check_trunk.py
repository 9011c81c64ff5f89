"""`check_trunk` accepts what is right and names what is wrong."""

import pytest
import torch
from torch import nn

from sklearn_mtl import modules
from sklearn_mtl.modules import (
    MLP,
    Augmentation,
    Columns,
    Conv,
    CrossStitch,
    MemberLinear,
    MixtureOfExperts,
    Pretrained,
    ProgressiveExtraction,
    SharedPrivate,
    Text,
    TrunkSpec,
    build_trunk,
    check_trunk,
)
from tests.modules.own import Clipped, Halved, Halves, HalvesTrunk, Plain, Wide

RIGHT = {
    "mlp": MLP((8,)),
    "no layer": MLP(()),
    "batch": MLP((8, 8), dropout=0.3, normalization="batch", residual=True),
    "layer": MLP((8,), normalization="layer"),
    "mixture": MixtureOfExperts(3, (4,), top_k=1),
    "extraction": ProgressiveExtraction(2, 1, 2, (4,)),
    "cross-stitch": CrossStitch((4,)),
    "shared-private": SharedPrivate((6,), (2,)),
    "pretrained": Pretrained(nn.Linear(5, 3)),
    "columns": Columns([("a", MLP((4,)), [0, 1]), ("b", nn.Linear(3, 2), [2, 3, 4])]),
    "texts": Text(word_dropout=0.4),
    "own": Wide(dropout=0.3),
    "own, plain": Plain(dropout=0.3),
    "own, for each task": Halves(),
    "module": nn.Sequential(nn.Linear(5, 4), nn.Dropout(0.3), nn.BatchNorm1d(4)),
    "callable": lambda n_features: nn.Linear(n_features, 3),
}


@pytest.mark.parametrize("trunk", RIGHT.values(), ids=RIGHT)
def test_our_trunks_and_those_of_users_pass(trunk):
    check_trunk(trunk)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dropout": 0.2, "normalization": "batch", "augmentation": Augmentation(1)},
    ],
    ids=["plain", "options"],
)
def test_the_number_of_features_may_be_given(options):
    check_trunk(Conv((1, 6, 6), channels=(4,), hidden=5, **options), n_features=36)


def test_none_of_ours_is_left_out():
    public = [getattr(modules, name) for name in modules.__all__]
    specs = {one for one in TrunkSpec.__subclasses__() if one in public}
    others = {Conv}  # above
    assert specs - others <= {type(trunk) for trunk in RIGHT.values()}


class Shuffled(Text):
    """Texts that read the members' buckets in another order."""

    def build(self, n_features, n_members, n_tasks=1):
        trunk = super().build(n_features, n_members, n_tasks)
        trunk.register_forward_pre_hook(lambda _, given: (given[0].flip(0),))
        return trunk


def test_members_of_a_trunk_of_texts_read_their_own():
    with pytest.raises(AssertionError, match="a member that does not depend on other"):
        check_trunk(Shuffled(n_buckets=30, embedding_size=4, width=3))


def spec(module, **attributes):
    """Return a spec that builds what a function of its arguments makes."""

    def build(self, n_features, n_members, n_tasks=1):
        return module(n_features, n_members, n_tasks)

    return type("Wrong", (TrunkSpec,), {"build": build, **attributes})()


class Layer(nn.Module):
    """A right trunk, of which the cases below change one thing."""

    def __init__(self, n_features, n_members, n_tasks=1):
        super().__init__()
        self.linear = MemberLinear(n_members, n_features, 4)

    def forward(self, x):
        return self.linear(x)


class GlobalDropout(Layer):
    def forward(self, x):
        return nn.functional.dropout(self.linear(x), 0.5, self.training)


class JointNorm(Layer):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.norm = nn.BatchNorm1d(4)

    def forward(self, x):
        z = self.linear(x)
        return self.norm(z.flatten(0, 1)).view_as(z)


class MeanOfRows(Layer):
    def forward(self, x):
        return self.linear(x - x.mean(dim=1, keepdim=True))


class NoGraph(Layer):
    def forward(self, x):
        with torch.no_grad():
            return self.linear(x)


class Double(Layer):
    def forward(self, x):
        return self.linear(x).double()


class Memory(Layer):
    n_calls = 0

    def forward(self, x):
        self.n_calls += 1
        return self.linear(x) * self.n_calls


class LostBuffer(Layer):
    """Draws numbers that are neither a parameter nor a buffer."""

    def draw(self, generators):
        drawn = [torch.rand(1, 1, generator=generator) for generator in generators]
        self.scale = torch.stack(drawn).double()

    def forward(self, x):
        return self.linear(x) * self.scale.to(x)


class Flat(Layer):
    def forward(self, x):
        return self.linear(x).flatten(1)


class SaysNothingIsShared(HalvesTrunk):
    def shared_parameters(self):
        return []


class WrongGather(HalvesTrunk):
    def gather(self, parts):
        return super().gather(parts).transpose(1, 2)


class WrongShare(HalvesTrunk):
    def share(self, parts):
        return parts[1]


class WrongWay(HalvesTrunk):
    def apply_heads(self, parts, heads):
        return super().apply_heads(parts, heads) - heads.bias


class OnePenalty(HalvesTrunk):
    def penalty(self, parts, weights):
        return parts[0].square().mean()


class WrongSlope(Layer):
    def forward(self, x):
        return Halved.apply(self.linear(x))


class ClippedSlope(Layer):
    def forward(self, x):
        return Clipped.apply(self.linear(x))


class WrongInTraining(Layer):
    def forward(self, x):
        z = self.linear(x)
        return Halved.apply(z) if self.training else z


class TwoLayers(Layer):
    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.last = MemberLinear(sizes[1], 4, 4)

    def forward(self, x):
        return self.last(self.linear(x).detach())


class WrongShortWay(HalvesTrunk):
    def apply_heads(self, parts, heads):
        return Halved.apply(super().apply_heads(parts, heads))


class WrongPenalty(HalvesTrunk):
    def penalty(self, parts, weights):
        return Halved.apply(parts[0].square().mean(dim=(1, 2)))


class Constant(Layer):
    """Nothing is trained, and nothing read."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.linear.requires_grad_(False)

    def forward(self, x):
        return 0.0 * self.linear(x)


def writes(self, n_features, n_members, n_tasks=1):
    self.n_ = n_features
    return Layer(n_features, n_members)


def halves(kind):
    return lambda f, m, t: kind(f, m, t, 4)


@pytest.mark.parametrize(
    ("trunk", "message"),
    [
        (
            spec(lambda f, m, t: nn.Linear(f, 4)),
            "build: expected a member that does not depend on other members, output",
        ),
        (spec(GlobalDropout), "forward: .*found that a global generator was used"),
        (spec(JointNorm), "forward: expected a member that does not .* in training"),
        (spec(MeanOfRows), "forward: expected a row that does not depend on other"),
        (spec(NoGraph), "forward: expected an output with a gradient function"),
        (spec(WrongSlope), "forward: expected a gradient equal to the derivative"),
        (spec(ClippedSlope), "forward: expected a gradient equal to the derivative"),
        (spec(WrongInTraining), "forward: .* the derivative, .* in training; found"),
        (
            spec(TwoLayers),
            "forward: expected a gradient of parameter 'linear.weight' .*; found none",
        ),
        (spec(halves(WrongShortWay)), "forward: .* equal to the derivative"),
        (spec(halves(WrongPenalty)), "forward: .* equal to the derivative"),
        (spec(Constant), "forward: .* that depends on the inputs; found the same"),
        (
            spec(Layer, build=writes),
            r"build: expected nothing stored.*; found \['n_'\]",
        ),
        (spec(Double), "forward: expected torch.float32 for parameters of this type"),
        (spec(Memory), "forward: expected equal outputs in every call"),
        (spec(LostBuffer), "load_state_dict: expected equal outputs after a copy"),
        (spec(Flat), r"forward: expected a tensor .*; found shape \(3, 24\)"),
        (spec(lambda f, m, t: torch.tanh), "build: expected a module for 5 features"),
        (spec(Layer, preparation="none"), "preparation: expected 'table', 'raw'"),
        (spec(Layer, default_n_members=0), "default_n_members: expected a whole"),
        (
            spec(halves(SaysNothingIsShared)),
            r"shared_parameters: expected 'shared.weight' .* tasks \[0, 1, 2\] depend",
        ),
        (spec(halves(WrongGather)), r"gather: expected shape \(3, 3, 6, 8\)"),
        (spec(halves(WrongShare)), r"share: expected shape \(3, 6, 4\)"),
        (spec(halves(WrongWay)), r"apply_heads: .* heads\(gather\(parts\)\)"),
        (spec(halves(OnePenalty)), "penalty: expected None, or one number per member"),
    ],
)
def test_a_fault_is_named(trunk, message):
    with pytest.raises(AssertionError, match=rf"Wrong\.{message}"):
        check_trunk(trunk)


class Detached(nn.Module):
    """The module of one member, of which one layer is never trained."""

    def __init__(self, n_features):
        super().__init__()
        self.first, self.last = nn.Linear(n_features, 4), nn.Linear(4, 4)

    def forward(self, x):
        return self.last(self.first(x).detach())


@pytest.mark.parametrize(
    ("trunk", "message"),
    [
        (lambda n: Detached(n), "a gradient of parameter 'members.0.first.weight'"),
        (lambda n: nn.Sequential(nn.Linear(n, 4), HalvedLayer()), "the derivative"),
    ],
)
def test_a_wrong_gradient_of_a_callable_is_named(trunk, message):
    with pytest.raises(AssertionError, match=rf"forward: expected .*{message}"):
        check_trunk(trunk)


class HalvedLayer(nn.Module):
    def forward(self, x):
        return Halved.apply(x)


def test_kinks_are_no_fault():
    class Kinked(nn.Module):
        def forward(self, x):
            return x.round() + x.abs() + (x * 0.0).relu() + x.clamp(max=0.3)

    check_trunk(lambda n: nn.Sequential(nn.Linear(n, 4), Kinked(), nn.Linear(4, 2)))


def test_something_else_is_no_trunk():
    with pytest.raises(TypeError, match=r"must be a trunk spec, .* got 'mlp'"):
        check_trunk("mlp")


def test_what_is_no_module_is_named_before_a_fit():
    wrong = spec(lambda f, m, t: torch.tanh)
    with pytest.raises(TypeError, match=r"me: Wrong\.build must return an nn\.Module"):
        build_trunk(wrong, 5, [torch.Generator()], 1, "me")
