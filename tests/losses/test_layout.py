from dataclasses import replace

import numpy as np
import pytest

from sklearn_mtl.losses import FocalLoss, OutputLayout, read_losses
from sklearn_mtl.tasks import Task

KINDS = {0: "regression", 1: "constant", 2: "binary"}


def tasks_of(n_classes):
    """Return tasks with so many classes: 0 is a regression, -1 is empty."""
    made = []
    for t, k in enumerate(n_classes):
        kind = "empty" if k < 0 else KINDS.get(k, "multiclass")
        classes = None if k == 0 else np.arange(max(k, 0))
        made.append(Task(f"t{t}", kind, classes, np.dtype(float)))
    return made


def test_kinds_stand_in_blocks_and_groups_in_order_of_their_size():
    layout = OutputLayout(tasks_of([5, 0, 2, 3, 2, 3, 0, 3]))
    assert layout.order.tolist() == [2, 4, 1, 6, 3, 5, 7, 0]
    assert (layout.n_binary, layout.n_regression) == (2, 2)
    assert layout.regression == slice(2, 4)
    assert [group.n_classes for group in layout.groups] == [3, 5]
    assert layout.n_outputs == 2 + 2 + 3 * 3 + 5
    assert layout.n_trained == 8


def test_constant_and_empty_tasks_have_no_logits():
    layout = OutputLayout(tasks_of([1, -1, 2, 1]))
    assert layout.order.tolist() == [2]
    assert layout.n_outputs == 1
    nothing = OutputLayout(tasks_of([1, -1]))
    assert (nothing.n_trained, nothing.n_outputs) == (0, 0)


@pytest.mark.parametrize(
    "n_classes", [[2], [0], [3], [7, 7], [3, 3, 3, 3], [2, 0, 4, 3, 4, 2, 0, 3, 3, 9]]
)
def test_every_logit_belongs_to_one_task(n_classes):
    layout = OutputLayout(tasks_of(n_classes))
    columns = np.arange(layout.n_outputs)
    parts = [columns[layout.columns(place)] for place in range(layout.n_trained)]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), columns)
    expected = [n_classes[t] if n_classes[t] > 2 else 1 for t in layout.order]
    assert [len(part) for part in parts] == expected


def test_many_tasks_of_few_classes_are_laid_out_class_by_class():
    layout = OutputLayout(tasks_of([3] * 4 + [5] * 2))
    many, few = layout.groups
    assert many.class_major
    assert not few.class_major
    assert layout.columns(1) == slice(1, 12, 4)
    assert layout.columns(5) == slice(17, 22)


def test_tasks_of_one_loss_stand_together_inside_their_block():
    tasks = tasks_of([2, 2, 0, 2, 3, 3, 3])
    given = ["auto", "focal", "huber", "auto", "focal", "auto", "focal"]
    losses = read_losses(given, tasks, "Net")
    layout = OutputLayout(tasks, losses)
    assert layout.order.tolist() == [0, 3, 1, 2, 5, 4, 6]
    assert [block for _, block in layout.singles] == [
        slice(0, 2),
        slice(2, 3),
        slice(3, 4),
    ]
    assert [group.tasks for group in layout.groups] == [slice(4, 5), slice(5, 7)]
    found = [layout.loss(place) for place in range(7)]
    assert found == [losses[t] for t in layout.order]
    assert isinstance(layout.groups[1].loss, FocalLoss)


def test_a_regression_with_several_outputs_is_a_group():
    tasks = tasks_of([0, 2, 0, 3, 0])
    losses = read_losses({"t2": "circular", "t4": "huber"}, tasks, "N")
    layout = OutputLayout(tasks, losses)
    assert layout.order.tolist() == [1, 0, 4, 2, 3]
    assert (layout.n_binary, layout.n_regression, layout.n_outputs) == (1, 2, 3 + 2 + 3)
    assert [group.kind for group in layout.groups] == ["regression", "multiclass"]
    assert layout.columns(3) == slice(3, 5)


@pytest.mark.parametrize("n_tags", [2, 5])
def test_tokens_are_laid_out_as_classes(n_tags):
    tasks = tasks_of([3, n_tags, 0])
    tags = [*tasks]
    tags[1] = replace(tasks[1], kind="tokens")
    losses, expected = (read_losses("auto", some, "me") for some in (tags, tasks))
    assert [type(loss) for loss in losses] == [type(loss) for loss in expected]
    layout, plain = OutputLayout(tags, losses), OutputLayout(tasks, expected)
    assert layout.order.tolist() == plain.order.tolist()
    for place in range(3):
        assert layout.columns(place) == plain.columns(place)
    assert [group.kind for group in layout.groups] == [g.kind for g in plain.groups]


def test_the_task_of_each_logit_is_that_whose_columns_hold_it():
    layout = OutputLayout(tasks_of([5, 0, 2, 3, 2, 3, 0, 3, 7, 7, 1]))
    assert [group.class_major for group in layout.groups] == [True, False, False]
    wanted = np.full(layout.n_outputs, -1)
    for place in range(layout.n_trained):
        wanted[layout.columns(place)] = place
    np.testing.assert_array_equal(layout.task_places, wanted)
