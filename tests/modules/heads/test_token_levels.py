"""Feedback between tasks of texts and tasks of tokens, against a loop."""

import torch

from sklearn_mtl.modules import FeedbackHead, HeadBlock, soft_outputs
from sklearn_mtl.modules.heads._token_levels import TokenLevels
from tests.modules.trunk_cases import generators

# a task of texts with two classes as one logit, one of tokens with three tags
BLOCKS = [
    HeadBlock(1, 1, activation="sigmoid"),
    HeadBlock(1, 3, activation="softmax"),
]
OF_TOKENS = torch.tensor([False, True, True, True])
IS_TOKEN = torch.tensor([[[1, 1, 1], [1, 0, 0], [0, 0, 0]]]) > 0
DRAW = generators(1)[0]
# three texts, then three rows for the tokens of each
MAPS = torch.randn(1, 3 + 9, 4, generator=DRAW, dtype=torch.float64)


def levels():
    return TokenLevels(IS_TOKEN, OF_TOKENS)


def test_a_text_reads_the_largest_probability_of_its_tokens():
    soft = soft_outputs(MAPS, BLOCKS)
    found = levels().exchange(soft)[0]
    assert torch.equal(found[0, 1:], soft[0, 3:6, 1:].amax(dim=0))
    assert torch.equal(found[1, 1:], soft[0, 6, 1:])
    assert torch.equal(found[2, 1:], torch.zeros(3, dtype=torch.float64))
    assert torch.equal(found[:3, 0], soft[0, :3, 0])


def test_a_token_reads_what_is_said_of_its_text():
    soft = soft_outputs(MAPS, BLOCKS)
    found = levels().exchange(soft)[0]
    for text in range(3):
        rows = slice(3 + 3 * text, 6 + 3 * text)
        assert (found[rows, 0] == soft[0, text, 0]).all()
        assert torch.equal(found[rows, 1:], soft[0, rows, 1:])


def test_logits_have_the_feedback_of_the_other_level():
    tail = FeedbackHead().build(1, BLOCKS).double()
    with torch.no_grad():
        tail.weight.normal_(generator=DRAW)
    found, weight = tail(MAPS, levels())[0], tail.weight[0]
    said = levels().exchange(soft_outputs(MAPS, BLOCKS))[0]
    of_texts = MAPS[0, :3, :1] + said[:3, 1:] @ weight[1:, :1]
    of_tokens = MAPS[0, 3:, 1:] + said[3:, :1] @ weight[:1, 1:]
    torch.testing.assert_close(found[:3, :1], of_texts)
    torch.testing.assert_close(found[3:, 1:], of_tokens)
