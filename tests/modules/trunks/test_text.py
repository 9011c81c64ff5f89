"""The trunk of texts: against PyTorch's own layers, and without its padding."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sklearn_mtl.modules import Text, build_trunk
from sklearn_mtl.modules.trunks._text_trunk import UnitDropout, WordDropout
from tests.modules.trunk_cases import generators

SMALL = Text(n_buckets=20, embedding_size=4, width=3, n_layers=2)
# (n_texts, n_tokens, n_buckets); the third text is empty
TEXTS = torch.tensor(
    [
        [[3, 5, 0], [7, 0, 0], [4, 9, 20]],
        [[1, 0, 0], [3, 5, 0], [0, 0, 0]],
        [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
    ]
)
LENGTHS = [3, 2, 0]


def built(spec=SMALL, n_members=1):
    return build_trunk(spec, 0, generators(n_members), 1, "me").double().eval()


def by_hand(trunk, member=0):
    """Return pooled texts and tokens by PyTorch's packed bidirectional LSTM."""
    table = trunk.embedding.weight[member].detach()
    pooled, tokens = [], []
    for words, length in zip(TEXTS.tolist(), LENGTHS, strict=True):
        if length == 0:
            pooled.append(torch.zeros(6, dtype=torch.float64))
            continue
        vectors = [
            table[word[0] - 1]
            + table[[n - 1 for n in word[1:] if n]].sum(dim=0)
            / max(sum(n > 0 for n in word[1:]), 1) ** 0.5
            for word in words[:length]
        ]
        z = torch.stack(vectors)[None]
        for layer in trunk.layers:
            own = nn.LSTM(z.shape[2], 3, batch_first=True, bidirectional=True).double()
            pairs = layer.members[member]
            for direction, suffix in zip(pairs, ("", "_reverse"), strict=True):
                for name, value in direction.named_parameters():
                    getattr(own, name + suffix).data.copy_(value)
            packed = pack_padded_sequence(z, [length], batch_first=True)
            z, _ = pad_packed_sequence(own(packed)[0], batch_first=True)
        tokens.append(z[0])
        pooled.append(z[0].amax(dim=0))
    return torch.stack(pooled), tokens


@pytest.mark.parametrize("n_members", [1, 2])
def test_texts_are_what_a_packed_lstm_makes_of_them(n_members):
    trunk = built(n_members=n_members)
    found = trunk(TEXTS.expand(n_members, -1, -1, -1))
    for member in range(n_members):
        expected, _ = by_hand(trunk, member)
        torch.testing.assert_close(found[member], expected)


def test_members_differ():
    found = built(n_members=2)(TEXTS.expand(2, -1, -1, -1))
    assert (found[0, 0] - found[1, 0]).abs().min() > 1e-4


def test_tokens_stand_below_the_texts():
    trunk = built()
    trunk.gives_tokens = True
    found = trunk(TEXTS[None])
    pooled, tokens = by_hand(trunk)
    assert found.shape == (1, 3 + 3 * 3, 6)
    torch.testing.assert_close(found[0, :3], pooled)
    torch.testing.assert_close(found[0, 3:6], tokens[0])
    torch.testing.assert_close(found[0, 6:8], tokens[1])


def test_padding_changes_nothing():
    trunk = built()
    padded = torch.zeros(1, 3, 6, 5, dtype=torch.long)
    padded[:, :, :3, :3] = TEXTS
    torch.testing.assert_close(trunk(padded), trunk(TEXTS[None]), rtol=0, atol=1e-12)


def test_gradients_of_padding_are_zero():
    trunk = built()
    trunk(TEXTS[None]).square().sum().backward()
    used = sorted({bucket for bucket in TEXTS.flatten().tolist() if bucket})
    moved = trunk.embedding.weight.grad[0].abs().sum(dim=1).nonzero().flatten() + 1
    assert moved.tolist() == used


def test_gradients_are_those_of_finite_differences():
    trunk = built()
    trunk.gives_tokens = True
    table, ahead = trunk.embedding.weight, trunk.layers[0].members[0][0].weight_hh_l0

    def value(*_):
        return trunk(TEXTS[None])[0, :8]

    assert torch.autograd.gradcheck(value, (table, ahead))


def test_build_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    SMALL.build(0, 2)
    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_draws_from_the_generators_of_the_members():
    trunk = built().train()
    trunk.word_dropout.p = trunk.embedding_dropout.p = 0.0
    outputs = []
    for seed in (0, 0, 1):
        trunk.dropout.generators = generators(1, seed)
        outputs.append(trunk(TEXTS[None]))
    assert torch.equal(outputs[0], outputs[1])
    assert not torch.equal(outputs[0], outputs[2])


def test_word_dropout_sets_whole_tokens_to_zero():
    drop = WordDropout(0.5).train()
    ones = torch.ones(2, 5, 40, 3)
    assert torch.equal(drop(ones), ones)  # without generators, as when it predicts
    drop.generators = generators(2)
    found = drop(ones)
    assert torch.equal(found.amin(dim=-1), found.amax(dim=-1))
    assert not torch.equal(found[0], found[1])
    # within five standard errors of a half, and not scaled up
    assert abs(found.mean() - 0.5) < 5 * 0.5 / 400**0.5
    assert set(found.unique().tolist()) == {0.0, 1.0}


def test_units_are_dropped_for_whole_texts():
    drop = UnitDropout(0.5).train()
    ones = torch.ones(2, 5, 40, 3)
    assert torch.equal(drop(ones), ones)  # without generators, as when it predicts
    drop.generators = generators(2)
    found = drop(ones)
    assert torch.equal(found, found[:, :1].expand_as(found))
    assert not torch.equal(found[0], found[1])
    # within five standard errors of 1: scaled up, so that predictions need no scaling
    assert abs(found.mean() - 1.0) < 5 / 240**0.5
    assert set(found.unique().tolist()) == {0.0, 2.0}


def test_one_word_alone_is_a_text():
    found = built()(torch.tensor([[[[2]]]]))
    assert found.shape == (1, 1, 6)
    assert torch.isfinite(found).all()


def test_a_copy_says_the_same():
    trunk = built()
    assert torch.equal(copy.deepcopy(trunk)(TEXTS[None]), trunk(TEXTS[None]))


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_buckets": 0}, ValueError, "n_buckets must be a whole number"),
        ({"width": 1.5}, ValueError, "width must be a whole number"),
        ({"n_layers": 0}, ValueError, "n_layers must be a whole number"),
        ({"embedding_size": "8"}, ValueError, "embedding_size must be a whole number"),
        ({"ngrams": (0,)}, ValueError, "ngrams must be a sequence of whole numbers"),
        ({"dropout": 1.0}, ValueError, "dropout must lie in"),
        ({"word_dropout": -0.1}, ValueError, "word_dropout must lie in"),
        ({"embedding_dropout": 1}, ValueError, "embedding_dropout must lie in"),
        ({"crf": "yes"}, ValueError, "crf 'yes' is unknown"),
        ({"tokenizer": "words"}, TypeError, "tokenizer must be None or a callable"),
    ],
)
def test_wrong_parameters_are_refused(arguments, error, match):
    with pytest.raises(error, match=f"Text: {match}"):
        Text(**arguments).build(0, 1)


def test_parameters_are_found_by_name():
    assert np.isin(
        ["dropout", "n_layers", "ngrams", "width"], [*Text().get_params()]
    ).all()
