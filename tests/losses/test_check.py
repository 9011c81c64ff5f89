"""`check_loss` accepts what is right and names what is wrong."""

import pytest
import torch

from sklearn_mtl.losses import (
    LOSSES,
    CircularLoss,
    CrossEntropy,
    FocalLoss,
    HuberLoss,
    SquaredError,
    TaskLoss,
    check_loss,
    read_losses,
)
from sklearn_mtl.losses._check_shapes import made_task
from tests.losses.own import Brier, LogCosh, Quantile, Squares

RIGHT = [
    CircularLoss(),
    CircularLoss(24.0),
    CrossEntropy(),
    CrossEntropy(0.2),
    FocalLoss(),
    FocalLoss(0.0),
    FocalLoss(0.5),
    FocalLoss(5.0),
    HuberLoss(),
    HuberLoss(0.3),
    SquaredError(),
    Brier(),
    LogCosh(),
    LogCosh(3.0),
    Quantile(0.9),
    Squares(),
]


@pytest.mark.parametrize("loss", RIGHT, ids=str)
def test_our_losses_and_those_of_users_pass(loss):
    check_loss(loss)


def test_none_of_ours_is_left_out():
    assert set(LOSSES.values()) <= {type(loss) for loss in RIGHT}


def changed(base, cells, **attributes):
    """Return a loss whose `cells` is another function of the right results."""

    def wrong(self, z, y, axis):
        return cells(z, y, axis, *super(kind, self).cells(z, y, axis))

    kind = type("Wrong", (base,), {"cells": wrong, **attributes})
    return kind()


def half(z, y, axis, values, slopes):
    return values, 0.5 * slopes


def clipped(limit):
    """Clip the slopes and leave the values."""
    return lambda z, y, axis, values, slopes: (values, slopes.clamp(-limit, limit))


def half_of_many(n):
    """Halve the slopes of tasks with many classes."""

    def wrong(z, y, axis, values, slopes):
        many = axis is not None and z.shape[axis] >= n
        return values, (0.5 if many else 1.0) * slopes

    return wrong


def other_sign(z, y, axis, values, slopes):
    return values, -slopes


def mean_of_batch(z, y, axis, values, slopes):
    return values.mean(dim=1, keepdim=True).expand_as(values), slopes / z.shape[1]


def less_the_mean(z, y, axis, values, slopes):
    return values - values.mean(), slopes


def summed(z, y, axis, values, slopes):
    return values.sum(), slopes


def in_place(z, y, axis, values, slopes):
    z.mul_(2.0)
    return values, slopes


def aliased(z, y, axis, values, slopes):
    return 0.5 * z * z, z


def in_single(z, y, axis, values, slopes):
    return values, torch.where(z > y, 1.0, -1.0)


def noisy(z, y, axis, values, slopes):
    return values, slopes + 1e-9 * torch.randn_like(slopes)


def overflowing(z, y, axis, values, slopes):
    return torch.cosh(z - y), torch.sinh(z - y)


def one_axis(z, y, axis, values, slopes):
    if axis is None:
        return values, slopes
    p = z.softmax(-1)  # with axis=-2 over the tasks
    return values, p * (slopes.sum(-1, keepdim=True) + 1.0)


@pytest.mark.parametrize(
    ("base", "fault", "message"),
    [
        (SquaredError, half, "slopes that are the derivatives of the values"),
        (CrossEntropy, half, "slopes that are the derivatives of the values"),
        (CircularLoss, half, "slopes that are the derivatives of the values"),
        (SquaredError, clipped(6.0), "slopes that are the derivatives of the values"),
        (SquaredError, clipped(90.0), "slopes that are the derivatives of the values"),
        (CrossEntropy, half_of_many(4), "slopes that are .* and 4 outputs"),
        (CrossEntropy, half_of_many(6), "slopes that are .* and 10 outputs"),
        (CrossEntropy, half_of_many(30), "slopes that are .* and 40 outputs"),
        (Brier, other_sign, "slopes that are the derivatives of the values"),
        (CrossEntropy, one_axis, "slopes that are the derivatives of the values"),
        (SquaredError, mean_of_batch, "values of a sample that do not depend"),
        (SquaredError, less_the_mean, "values of a sample that do not depend"),
        (SquaredError, summed, r"values of shape \(2, 4, 3\) in torch.float32; found"),
        (SquaredError, in_place, "unchanged z and y"),
        (SquaredError, aliased, "slopes that share no memory"),
        (SquaredError, in_single, "slopes of shape .* in torch.float64; found .*32"),
        (SquaredError, noisy, "numbers drawn from the generators that are given"),
        (SquaredError, overflowing, "finite values for finite logits in single"),
    ],
)
def test_a_fault_is_named(base, fault, message):
    with pytest.raises(AssertionError, match=f"Wrong.cells: expected {message}"):
        check_loss(changed(base, fault))


class NoKinds(TaskLoss):
    def cells(self, z, y, axis):
        return (z - y).square(), 2.0 * (z - y)


class TwoOutputs(Squares):
    def n_outputs(self, task):
        return 2


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (NoKinds(), r"NoKinds.kinds: expected a class attribute, .*; found None"),
        (TwoOutputs(), "TwoOutputs.n_outputs: expected 1 for a regression task"),
        (changed(Squares, summed), r"Wrong.cells: expected values of shape"),
        (
            changed(Squares, aliased),
            "Wrong.cells: expected slopes that share no memory",
        ),
    ],
    ids=["kinds", "n_outputs", "shape", "memory"],
)
def test_what_no_net_could_use_is_named_before_a_fit(loss, message):
    with pytest.raises(AssertionError, match=message):
        check_loss(loss)
    with pytest.raises(ValueError, match=f"MultiTaskRegressor: {message}"):
        read_losses(loss, [made_task("regression", Squares())], "MultiTaskRegressor")


def test_something_else_is_no_loss():
    with pytest.raises(TypeError, match=r"a subclass of TaskLoss; found 'huber'"):
        check_loss("huber")
