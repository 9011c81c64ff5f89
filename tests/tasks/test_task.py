import re

import numpy as np
import pytest

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import Task, TaskSet


def test_a_task_knows_its_number_of_classes():
    task = Task("a", "multiclass", np.array([1, 2, 3]), np.dtype(int))
    assert (task.n_classes, task.is_classification) == (3, True)
    task = Task("a", "regression", None, np.dtype(float))
    assert (task.n_classes, task.is_classification) == (0, False)


@pytest.mark.parametrize(
    "classes", [[["a", "b"], [0, 1, 2]], {"task1": [2, 1, 0], "task0": ["b", "a"]}]
)
def test_classes_may_come_that_the_first_rows_lack(classes):
    tasks = TaskSet.from_classes(
        [["a", 0], ["a", 1]], classes, kind="classification", who="me"
    )
    assert [c.tolist() for c in tasks.classes] == [["a", "b"], [0, 1, 2]]


def test_one_dimensional_y_takes_one_array():
    tasks = TaskSet.from_classes([0, 0], [0, 1, 2], kind="classification")
    assert tasks.is_1d
    assert tasks.kinds == ["multiclass"]


def test_none_declares_a_regression():
    tasks = TaskSet.from_classes([[0, 1], [1, 2]], [[0, 1], None])
    assert tasks.kinds == ["binary", "regression"]


def test_without_classes_mixed_tasks_are_inferred():
    tasks = TaskSet.from_classes([[0, 1.5], [1, 2.5]], None)
    assert tasks.kinds == ["binary", "regression"]


def test_a_classifier_needs_them():
    message = "me: classes must be passed on the first call to partial_fit."
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        TaskSet.from_classes([0, 1], None, kind="classification", who="me")


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([[0, 1]], "me: classes has 1 entries, but there are 2 tasks."),
        ({"x": [0, 1]}, "me: classes names unknown tasks ['x']. Known tasks: ["),
        ([[0, 1], [0.5, 1]], "me: task 'task1' has fractional class labels"),
        (
            [[0, 1], None],
            "me: task 'task1' is a classification task without",
        ),
        ({"task0": [0, 1]}, "me: task 'task1' is a classification task without"),
        ([[0, 1], []], "me: task 'task1' is a classification task without"),
    ],
)
def test_wrong_classes_are_explained(classes, message):
    with pytest.raises(TaskError) as error:
        TaskSet.from_classes([[0, 1], [1, 0]], classes, kind="classification", who="me")
    assert str(error.value).startswith(message)


def test_a_regressor_takes_none():
    with pytest.raises(TaskError, match="me: task 'task0' is a regression task, so"):
        TaskSet.from_classes([0, 1], [0, 1], kind="regression", who="me")
