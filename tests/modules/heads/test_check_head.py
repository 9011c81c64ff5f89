"""`check_head` accepts what is right and names what is wrong."""

import pytest
import torch
from torch import nn

from sklearn_mtl.modules import (
    HEADS,
    FeedbackHead,
    HeadBlock,
    LinearHead,
    MLPHead,
    check_head,
)
from tests.modules.own import Clipped, Gain, GainTail, Halved

RIGHT = [
    LinearHead(),
    MLPHead(),
    MLPHead((4, 5), activation="relu", dropout=0.3),
    FeedbackHead(),
    FeedbackHead(n_passes=2),
    Gain(),
]


@pytest.mark.parametrize("head", RIGHT, ids=str)
def test_our_heads_and_those_of_users_pass(head):
    check_head(head)


def test_none_of_ours_is_left_out():
    assert set(HEADS.values()) <= {type(head) for head in RIGHT}


def head(kind, **attributes):
    """Return a head whose tail is of another class."""

    def build(self, n_members, blocks):
        return kind(n_members, blocks, self.start)

    return type("Wrong", (Gain,), {"build": build, **attributes})()


class ForgottenOwner(GainTail):
    def owners(self):
        return super().owners()[:1]


class SwappedOwners(GainTail):
    def owners(self):
        return [(one, task_of.flip(0)) for one, task_of in super().owners()]


class SwappedMaps(GainTail):
    @property
    def task_of_maps(self):
        return super().task_of_maps.flip(0)


class NoBias(GainTail):
    output_bias = None


class UnusedBias(GainTail):
    def forward(self, maps):
        return maps * self.gain + self.bias.detach() * 0.5


class SmallBias(GainTail):
    @property
    def output_bias(self):
        return nn.Parameter(self.bias[0])


class OneForAll(GainTail):
    def forward(self, maps):
        return maps * self.gain.mean(dim=0) + self.bias


class GlobalNoise(GainTail):
    def forward(self, maps):
        return super().forward(nn.functional.dropout(maps, 0.5, self.training))


class MeanOfRows(GainTail):
    def forward(self, maps):
        return super().forward(maps - maps.mean(dim=1, keepdim=True))


class InPlace(GainTail):
    def forward(self, maps):
        with torch.no_grad():
            maps *= 2.0
        return super().forward(maps)


class OneLogit(GainTail):
    def forward(self, maps):
        return super().forward(maps)[..., :1]


class Lost(GainTail):
    """Draws numbers that are neither a parameter nor a buffer."""

    def draw(self, generators):
        drawn = [torch.rand(1, 1, generator=generator) for generator in generators]
        self.scale = torch.stack(drawn).double()

    def forward(self, maps):
        return maps * self.gain * self.scale.to(maps) + self.bias


class WrongMaps(GainTail):
    def forward(self, maps):
        return super().forward(Halved.apply(maps))


class WrongGain(GainTail):
    def forward(self, maps):
        return maps * Halved.apply(self.gain) + self.bias


class WrongInTraining(GainTail):
    def forward(self, maps):
        return super().forward(Clipped.apply(maps) if self.training else maps)


class HalfDetached(GainTail):
    def forward(self, maps):
        return super().forward(0.5 * (maps + maps.detach()))


class Keeps(Gain):
    def build(self, n_members, blocks):
        self.n_ = n_members
        return super().build(n_members, blocks)


def four_maps(self, blocks):
    return [HeadBlock(sum(block.n_tasks for block in blocks), 4)]


def one_block(self, blocks):
    return list(blocks)[:1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (head(ForgottenOwner), r"owners: .* every parameter .*none for \['bias'\]"),
        (head(SwappedOwners), "owners: expected logits .* parameters of their task 0"),
        (head(SwappedMaps), "task_of_maps: expected logits .* maps of their task 0"),
        (head(NoBias, maps=four_maps), "build: expected a tail with an output_bias"),
        (head(UnusedBias), "output_bias: expected a bias that is added to the logits"),
        (head(SmallBias), r"output_bias: expected a parameter of shape \(3, 1, 1\)"),
        (head(OneForAll), "forward: expected a member that does not depend on other"),
        (head(GlobalNoise), "forward: .*found that a global generator was used"),
        (head(MeanOfRows), "forward: expected a row that does not depend on other"),
        (head(InPlace), "forward: expected unchanged maps"),
        (head(OneLogit), r"forward: expected logits of shape \(3, 12, 3\)"),
        (head(WrongMaps), "forward: .* the derivative, .* of the maps after a fit"),
        (head(WrongGain), "forward: .* the derivative, .* of parameter 'gain' after"),
        (head(WrongInTraining), "forward: .* the derivative, .* maps in training"),
        (head(HalfDetached), "forward: .* the derivative, .* of the maps after a fit"),
        (head(Lost), "load_state_dict: expected equal outputs after a copy"),
        (head(GainTail, maps=four_maps), "task_of_maps: expected a task index from 0"),
        (head(GainTail, maps=one_block), "maps: expected blocks of 9 tasks; found 3"),
        (head(lambda *sizes: nn.Identity()), "build: expected a HeadTail, or None"),
    ],
)
def test_a_fault_is_named(wrong, message):
    with pytest.raises(AssertionError, match=rf"Wrong\.{message}"):
        check_head(wrong)


def test_a_spec_that_keeps_what_it_builds_is_named():
    with pytest.raises(AssertionError, match=r"Keeps\.build: .*stored.*\['n_'\]"):
        check_head(Keeps())


def test_something_else_is_no_head():
    with pytest.raises(TypeError, match=r"a subclass of HeadSpec; found 'mlp'"):
        check_head("mlp")
