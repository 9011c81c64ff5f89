"""Each loss against its definition, written as slowly as it can be."""

import numpy as np
import pytest
import torch
from sklearn.base import clone
from torch.nn import functional as F

from sklearn_mtl.losses import (
    LOSSES,
    CircularLoss,
    CrossEntropy,
    FocalLoss,
    HuberLoss,
    SquaredError,
)


def log_loss(z, y, smoothing=0.0):
    """Return the cross-entropy with smoothed labels, by torch."""
    if z.ndim == y.ndim:
        z = torch.stack([torch.zeros_like(z), z], dim=-1)
    return F.cross_entropy(
        z.flatten(0, -2),
        y.long().flatten(),
        reduction="none",
        label_smoothing=smoothing,
    ).reshape(y.shape)


def focal(gamma):
    def loss(z, y):
        cross_entropy = log_loss(z, y)
        return (1 - torch.exp(-cross_entropy)) ** gamma * cross_entropy

    return loss


def huber(delta):
    # torch's is half of it, so that its square has a factor of one half
    return lambda z, y: 2 * F.huber_loss(z, y, reduction="none", delta=delta)


CASES = {
    "cross_entropy": (CrossEntropy(), log_loss),
    "smoothed": (CrossEntropy(0.2), lambda z, y: log_loss(z, y, 0.2)),
    "focal": (FocalLoss(), focal(2.0)),
    "focal, half": (FocalLoss(0.5), focal(0.5)),
    "focal, none": (FocalLoss(0.0), log_loss),
    "focal, much": (FocalLoss(5.0), focal(5.0)),
    "squared_error": (SquaredError(), lambda z, y: (z - y) ** 2),
    "huber": (HuberLoss(), huber(1.0)),
    "huber, narrow": (HuberLoss(0.3), huber(0.3)),
}
CLASSES = [name for name, (loss, _) in CASES.items() if "multiclass" in loss.kinds]


def cells_of(name, axis=None, n_classes=3, dtype=torch.float64):
    """Return the loss, its definition, and logits and labels (2, 9, 4)."""
    loss, definition = CASES[name]
    rng = np.random.default_rng(0)
    shape = (2, 9, 4) if axis is None else (2, 9, 4, n_classes)
    z = torch.tensor(2 * rng.normal(size=shape), dtype=dtype)
    high = 2 if axis is None else n_classes
    y = rng.normal(size=(2, 9, 4))
    if loss.kinds != ("regression",):
        y = rng.integers(high, size=(2, 9, 4))
    return loss, definition, z, torch.tensor(y, dtype=dtype)


def test_every_loss_is_tested_here():
    tested = {type(loss) for loss, _ in CASES.values()}
    assert tested | {CircularLoss} == set(LOSSES.values())  # it in test_circular.py


@pytest.mark.parametrize("name", CASES)
def test_values_and_slopes_of_one_logit_a_task_are_those_of_the_definition(name):
    loss, definition, z, y = cells_of(name)
    values, slopes = loss.cells(z, y, None)
    z.requires_grad_()
    expected = definition(z, y)
    torch.testing.assert_close(values, expected.detach())
    expected.sum().backward()
    torch.testing.assert_close(slopes, z.grad)


@pytest.mark.parametrize("axis", [-1, -2])
@pytest.mark.parametrize("name", CLASSES)
def test_values_and_slopes_of_several_logits_are_those_of_the_definition(name, axis):
    loss, definition, z, y = cells_of(name, axis)
    values, slopes = loss.cells(z.transpose(-1, axis).contiguous(), y, axis)
    z.requires_grad_()
    expected = definition(z, y)
    torch.testing.assert_close(values, expected.detach())
    expected.sum().backward()
    torch.testing.assert_close(slopes.transpose(-1, axis), z.grad)


class Value(torch.autograd.Function):
    """The values of a loss, whose backward pass is our slope."""

    @staticmethod
    def forward(ctx, z, y, loss, axis):
        values, slopes = loss.cells(z, y, axis)
        ctx.save_for_backward(slopes)
        ctx.axis = axis
        return values

    @staticmethod
    def backward(ctx, gradient):
        (slopes,) = ctx.saved_tensors
        if ctx.axis is not None:
            gradient = gradient.unsqueeze(ctx.axis)
        return gradient * slopes, None, None, None


@pytest.mark.parametrize(
    ("name", "axis"),
    [(name, None) for name in CASES]
    + [(n, axis) for n in CLASSES for axis in (-1, -2)],
)
def test_slopes_pass_gradcheck(name, axis):
    loss, _, z, y = cells_of(name, axis)
    z, y = z[:1, :3], y[:1, :3]
    z = z if axis != -2 else z.mT.contiguous()
    assert torch.autograd.gradcheck(
        lambda logits: Value.apply(logits, y, loss, axis), z.requires_grad_()
    )


@pytest.mark.parametrize("size", [30.0, 300.0, 1e4, 1e30])
@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("axis", [None, -1])
def test_certain_predictions_stay_finite(name, axis, size):
    loss, definition, z, y = cells_of(name, axis, dtype=torch.float32)
    z = z.sign() * size
    values, slopes = loss.cells(z, y, axis)
    assert torch.isfinite(values).all()
    assert torch.isfinite(slopes).all()
    torch.testing.assert_close(values, definition(z, y))


@pytest.mark.parametrize("name", CASES)
def test_the_inputs_are_left_as_they_are(name):
    loss, _, z, y = cells_of(name)
    kept = z.clone(), y.clone()
    _, slopes = loss.cells(z, y, None)
    slopes.fill_(7.0)
    assert torch.equal(z, kept[0])
    assert torch.equal(y, kept[1])


def test_easy_cells_weigh_less_under_the_focal_loss():
    z, y = torch.tensor([-2.0, 0.0, 2.0, 4.0]), torch.ones(4)
    focal_values, _ = FocalLoss().cells(z, y, None)
    values, _ = CrossEntropy().cells(z, y, None)
    share = focal_values / values
    torch.testing.assert_close(share, torch.sigmoid(-z) ** 2)


def test_one_far_label_pulls_no_more_than_delta():
    errors = torch.tensor([-1e6, 0.0, 1e6])
    _, slopes = HuberLoss(0.5).cells(errors, torch.zeros(3), None)
    torch.testing.assert_close(slopes, torch.tensor([-1.0, 0.0, 1.0]))


@pytest.mark.parametrize(
    "wrong",
    [CrossEntropy(1.0), CrossEntropy(-0.1), FocalLoss(-1.0), HuberLoss(0.0)],
    ids=repr,
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(ValueError, match=f"parameter of {type(wrong).__name__} must"):
        wrong.check()


@pytest.mark.parametrize("name", CASES)
def test_losses_are_cloned_with_their_parameters(name):
    loss, _ = CASES[name]
    assert clone(loss).get_params() == loss.get_params()
