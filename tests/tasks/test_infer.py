import re

import numpy as np
import pytest

from sklearn_mtl.exceptions import TaskTypeWarning
from sklearn_mtl.tasks import TaskSet

RNG = np.random.default_rng(0)
CLASSES, VALUES = "classification", "regression"


def each(n_values, n_samples):
    """Return whole numbers from 0, each in some samples."""
    return np.repeat(np.arange(n_values), n_samples).astype(float)


@pytest.mark.parametrize(
    ("labels", "kind", "found"),
    [
        # next to the border on either side
        (each(20, 9), CLASSES, "20 different integers and is inferred"),
        (each(21, 9), VALUES, "21 different integers and is inferred"),
        # rare values decide
        (
            np.r_[each(18, 9), 18, 19, 20, 20],
            VALUES,
            "21 different integers, 3 of",
        ),
        (
            np.r_[each(20, 9), 20, 21],
            VALUES,
            "22 different integers, 2 of them in",
        ),
        (each(12, 1), CLASSES, "12 different integers, 12 of them in one or two"),
        (
            each(25, 2),
            VALUES,
            "25 different integers, 25 of them in one or two sa",
        ),
        # a fraction decides
        (
            np.r_[each(5, 9), 1.5],
            VALUES,
            "integers except for 1 of its labels and is",
        ),
    ],
)
def test_a_close_call_is_said(labels, kind, found):
    message = f"me: task 'task0' has {found}"
    with pytest.warns(TaskTypeWarning, match=f"^{re.escape(message)}") as caught:
        tasks, _ = TaskSet.from_y(labels, who="me")
    assert tasks.tasks[0].type == kind
    assert len(caught) == 1
    assert f"task_types={{'task0': '{kind}'}}" in str(caught[0].message)
    for told in (CLASSES, VALUES):
        wanted = np.floor(labels) if told == CLASSES else labels
        assert TaskSet.from_y(wanted, task_types=told)[0].tasks[0].type == told


@pytest.mark.parametrize(
    "labels",
    [
        each(10, 2),
        each(19, 9),
        each(22, 9),
        each(26, 9),
        np.arange(10.0),
        np.arange(40.0),
        np.arange(1000.0),
        np.r_[each(10, 9), 10, 11],
        RNG.normal(size=50),
        np.round(RNG.normal(size=200) * 2) / 2,
        [0.5, 1.0, 2.0],
        RNG.poisson(3, 300),
        RNG.integers(18, 80, 400),
        RNG.integers(1000, 2000, 500),
        [str(v) for v in range(20)],
        np.array([True, False]),
    ],
)
def test_the_usual_target_is_read_without_a_word(labels):
    TaskSet.from_y(labels)  # a warning is an error


def test_two_folds_never_differ_in_silence():
    """One of 20 and one of 21 values, in whatever numbers."""
    for n_samples in (1, 2, 5, 100):
        for n_values in (20, 21):
            with pytest.warns(TaskTypeWarning):
                TaskSet.from_y(each(n_values, n_samples))
