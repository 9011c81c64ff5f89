"""Which loss each task gets."""

import re

import pytest

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.losses import (
    LOSSES,
    CrossEntropy,
    FocalLoss,
    HuberLoss,
    SquaredError,
    read_losses,
)
from tests.losses.test_layout import tasks_of

MIXED = tasks_of([2, 0, 3, 1])


def kinds(loss, tasks=MIXED):
    return [type(found) for found in read_losses(loss, tasks, "Net")]


def test_what_nothing_is_said_of_gets_cross_entropy_and_squared_error():
    assert kinds("auto") == [CrossEntropy, SquaredError, CrossEntropy, CrossEntropy]


@pytest.mark.parametrize("name", LOSSES)
def test_a_name_is_for_the_tasks_of_its_kinds(name):
    loss = LOSSES[name]
    for task, found in zip(MIXED[:3], kinds(name)[:3], strict=True):
        expected = CrossEntropy if task.is_classification else SquaredError
        assert found is (loss if task.kind in loss.kinds else expected)


def test_tasks_of_the_same_loss_share_one():
    binary, _, multiclass, _ = read_losses(FocalLoss(3.0), MIXED, "Net")
    assert binary is multiclass
    assert binary.gamma == 3.0


def test_a_spec_is_copied():
    spec = FocalLoss()
    assert read_losses(spec, MIXED, "Net")[0] is not spec


@pytest.mark.parametrize(
    "loss", [{"t0": "focal", "t1": HuberLoss()}, ["focal", "huber", "auto", "auto"]]
)
def test_a_loss_may_be_given_task_by_task(loss):
    assert kinds(loss)[:3] == [FocalLoss, HuberLoss, CrossEntropy]


@pytest.mark.parametrize(
    ("loss", "tasks", "error", "message"),
    [
        (
            "hinge",
            MIXED,
            ValueError,
            "Net: loss 'hinge' is unknown; allowed are ['auto', ",
        ),
        (
            {"t0": "huber"},
            MIXED,
            TaskError,
            "Net: loss='huber' supports only regression tasks, but 't0' is binary.",
        ),
        (
            "focal",
            tasks_of([0, 0]),
            TaskError,
            "Net: loss='focal' supports only binary and multiclass tasks, but 't0' is "
            "regression, 't1' is regression.",
        ),
        ({"x": "focal"}, MIXED, TaskError, "Net: loss names unknown tasks ['x']."),
        (
            ["focal"],
            MIXED,
            TaskError,
            "Net: loss has 1 entries, but there are 4 tasks.",
        ),
        (
            FocalLoss,
            MIXED,
            TypeError,
            "Net: loss must be a name, a TaskLoss such as FocalLoss(), or one of these "
            "per task; got <class",
        ),
        (FocalLoss(-1.0), MIXED, ValueError, "The 'gamma' parameter of FocalLoss must"),
    ],
)
def test_what_does_not_fit_is_explained(loss, tasks, error, message):
    with pytest.raises(error, match=f"^{re.escape(message)}"):
        read_losses(loss, tasks, "Net")


def test_constant_and_empty_tasks_suit_any_loss():
    assert len(read_losses("huber", tasks_of([1, -1, 0]), "Net")) == 3
