import math

import numpy as np
import pytest
import torch
from sklearn.base import clone

from sklearn_mtl.losses import CircularLoss, OutputLayout
from sklearn_mtl.tasks import TaskSet


@pytest.mark.parametrize("axis", [-1, -2])
def test_slopes_are_the_derivative(axis):
    rng = np.random.default_rng(0)
    z = torch.tensor(rng.normal(size=(3, 5, 4, 2)), requires_grad=True)
    y = torch.tensor(rng.uniform(-9, 9, size=(3, 5, 4)))
    laid = z if axis == -1 else z.mT
    values, slopes = CircularLoss().cells(laid.detach(), y, axis)
    points = torch.stack([y.cos(), y.sin()], dim=-1)
    expected = ((z - points) ** 2).sum(-1)
    torch.testing.assert_close(values, expected.detach())
    expected.sum().backward()
    torch.testing.assert_close(slopes if axis == -1 else slopes.mT, z.grad)


def test_on_the_circle_it_is_twice_one_minus_the_cosine():
    a, b = torch.rand(2, 50, dtype=torch.float64) * 9
    z = torch.stack([a.cos(), a.sin()], dim=-1)
    values, _ = CircularLoss().cells(z, b, -1)
    torch.testing.assert_close(values, 2 * (1 - torch.cos(a - b)))


def test_it_does_not_see_full_turns():
    z, y = torch.randn(9, 2, dtype=torch.float64), torch.rand(9, dtype=torch.float64)
    loss = CircularLoss()
    first, again = loss.cells(z, y, -1)[0], loss.cells(z, y + 4 * math.pi, -1)[0]
    torch.testing.assert_close(first, again)


def test_a_task_has_two_outputs_after_those_with_one():
    y = np.column_stack([np.linspace(0, 1, 30), np.linspace(0, 3, 30)])
    tasks, _ = TaskSet.from_y(y, kind="regression")
    layout = OutputLayout(tasks.tasks, [CircularLoss(360), CircularLoss(12)])
    assert layout.n_outputs == 4
    assert [layout.loss(place).period for place in range(2)] == [360, 12]


@pytest.mark.parametrize("period", [0, -1.0, "day"])
def test_a_period_must_be_positive(period):
    with pytest.raises(ValueError, match="The 'period' parameter of CircularLoss"):
        CircularLoss(period).check()
    assert clone(CircularLoss(24)).period == 24
