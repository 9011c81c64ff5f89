import pytest
import torch

from sklearn_mtl.modules import FeedbackHead, HeadBlock, draw_parameters, soft_outputs
from tests.modules.heads.test_task_heads import COLUMNS
from tests.modules.trunk_cases import generators

# two binary tasks, two of three classes, three of two values with the first ones first
BLOCKS = [
    HeadBlock(2, 1, activation="sigmoid"),
    HeadBlock(2, 3, activation="softmax"),
    HeadBlock(3, 2, class_major=True),
]


def soften(t, logits):
    """Return the soft outputs of a task."""
    if t < 2:
        return logits.sigmoid()
    return logits.softmax(dim=-1) if t < 4 else logits


def fed(n_passes, n_members=2):
    """Return a tail with random weights, and logits before the feedback."""
    tail = FeedbackHead(n_passes).build(n_members, BLOCKS).double()
    draw = generators(1)[0]
    with torch.no_grad():
        tail.weight.normal_(generator=draw)
    return tail, torch.randn(n_members, 5, 14, generator=draw, dtype=torch.float64)


@pytest.mark.parametrize("n_passes", [1, 2, 3])
def test_each_task_reads_the_soft_outputs_of_the_others(n_passes):
    tail, maps = fed(n_passes)
    expected = maps
    for _ in range(n_passes):
        last, expected = expected, maps.clone()
        for t, own in enumerate(COLUMNS):
            for s, other in enumerate(COLUMNS):
                if s != t:
                    weight = tail.weight[:, other][:, :, own]
                    expected[..., own] += soften(s, last[..., other]) @ weight
    torch.testing.assert_close(tail(maps), expected)


def test_it_begins_as_linear_heads():
    tail, maps = fed(2)
    with torch.no_grad():
        tail.weight.zero_()
    draw_parameters(tail, generators(2))
    assert torch.equal(tail(maps), maps)


@pytest.mark.parametrize("class_major", [True, False])
def test_soft_outputs_are_probabilities(class_major):
    logits = torch.randn(1, 4, 6, dtype=torch.float64)
    block = HeadBlock(2, 3, class_major, "softmax")
    by_class = logits.view(1, 4, 3, 2) if class_major else logits.view(1, 4, 2, 3).mT
    expected = by_class.softmax(dim=2)
    expected = expected if class_major else expected.mT
    found = soft_outputs(logits, [block])
    torch.testing.assert_close(found, expected.flatten(2))


def test_a_column_of_the_weights_belongs_to_the_task_that_reads():
    tail, maps = fed(1)
    ((weight, task_of),) = tail.owners()
    for t, own in enumerate(COLUMNS):
        (gradient,) = torch.autograd.grad(tail(maps)[..., own].sum(), weight)
        assert (gradient[..., task_of != t] == 0).all()
        assert (gradient[..., task_of == t] != 0).any()
        assert (gradient[:, task_of == t] == 0).all()  # not by itself


@pytest.mark.parametrize("n_passes", [0, 1.5, True])
def test_a_wrong_number_of_passes_is_explained(n_passes):
    with pytest.raises(ValueError, match=r"^FeedbackHead: n_passes must be a whole"):
        FeedbackHead(n_passes).check()
