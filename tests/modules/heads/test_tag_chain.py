"""Chains of tags, against the sum over all sequences of tags."""

from itertools import pairwise, product

import pytest
import torch

from sklearn_mtl.modules.heads._tag_chain import TagChain, log_marginals
from tests.modules.trunk_cases import generators

# three texts in two members: of four tokens, of one, and an empty one
IS_TOKEN = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]]).bool()
IS_TOKEN = IS_TOKEN.expand(2, -1, -1)


def drawn(*shape):
    draws = generators(1)[0]
    return 2 * torch.randn(*shape, generator=draws, dtype=torch.float64)


def by_hand(logits, scores):
    """Return the marginal probabilities of one text (n_tokens, n_tags)."""
    n_tokens, n_tags = logits.shape
    total = torch.zeros(n_tokens, n_tags, dtype=torch.float64)
    for tags in product(range(n_tags), repeat=n_tokens):
        steps = [n_tags, *tags, n_tags]  # the last place stands for the two ends
        score = sum(scores[a, b] for a, b in pairwise(steps))
        score = score + sum(logits[k, tag] for k, tag in enumerate(tags))
        for k, tag in enumerate(tags):
            total[k, tag] += score.exp()
    return total / total.sum(dim=1, keepdim=True)


def test_marginals_are_sums_over_all_sequences():
    logits, scores = drawn(2, 3, 4, 3), drawn(2, 4, 4)
    found = log_marginals(logits, scores, IS_TOKEN).exp()
    for member in range(2):
        for text, length in enumerate([4, 1]):
            expected = by_hand(logits[member, text, :length], scores[member])
            torch.testing.assert_close(found[member, text, :length], expected)


def test_unlikely_tags_keep_their_order():
    logits = torch.tensor([[[[0.0, -500.0, -800.0]] * 4]])
    found = log_marginals(logits, torch.zeros(1, 4, 4), IS_TOKEN[:1, :1])
    torch.testing.assert_close(found, logits)


def test_a_chain_without_scores_leaves_probabilities_alone():
    chain = TagChain(2, {0: slice(1, 4)}).double()
    logits = drawn(2, 3 + 12, 4)
    found = chain(logits, IS_TOKEN)
    assert torch.equal(found[:, :3], logits[:, :3])  # texts
    assert torch.equal(found[..., 0], logits[..., 0])  # another task
    expected = logits[:, 3:, 1:].log_softmax(dim=-1)
    torch.testing.assert_close(found[:, 3:, 1:], expected)


def test_two_tags_have_one_logit():
    chain = TagChain(1, {0: slice(0, 1), 1: slice(1, 7, 2)}).double()
    with torch.no_grad():
        chain.scores[0].copy_(drawn(1, 3, 3))
    logits = drawn(1, 3 + 12, 7)
    found = chain(logits, IS_TOKEN[:1])[0, 3:7, 0].sigmoid()
    pair = torch.stack([torch.zeros(4, dtype=torch.float64), logits[0, 3:7, 0]], dim=1)
    expected = by_hand(pair, chain.scores[0][0].detach())[:, 1]
    torch.testing.assert_close(found, expected)


def test_gradients_are_those_of_finite_differences():
    logits, scores = drawn(1, 2, 3, 3), drawn(1, 4, 4)
    logits.requires_grad_(), scores.requires_grad_()
    there = torch.tensor([[[1, 1, 1], [1, 1, 0]]]).bool()

    def value(z, s):
        return log_marginals(z, s, there)[there]

    assert torch.autograd.gradcheck(value, (logits, scores))


@pytest.mark.parametrize("columns", [slice(0, 3), slice(0, 5, 2)])
def test_scores_belong_to_their_task(columns):
    chain = TagChain(1, {4: columns})
    ((parameter, task_of),) = chain.owners()
    assert parameter.shape == (1, 4, 4)
    assert task_of.tolist() == [4] * 4
