import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.utils.class_weight import compute_class_weight

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.tasks._weights import cell_weights, check_sample_weight, task_weights

NAN = np.nan
# a binary task of text, a multiclass task, a regression
Y = pd.DataFrame(
    {
        "sex": ["f", "m", "m", None, "m"],
        "grade": [1.0, 2.0, NAN, 3.0, 2.0],
        "size": [0.5, NAN, 1.5, 2.5, 3.5],
    }
)
TASKS, CODES = TaskSet.from_y(Y)
SEEN = ~np.isnan(CODES)


def test_without_weights_an_observed_cell_weighs_one():
    np.testing.assert_array_equal(cell_weights(TASKS, CODES), SEEN.astype(float))


@pytest.mark.parametrize(
    "weight",
    [
        [1, 2, 3, 4, 5],
        np.array([1, 2, 3, 4, 5], dtype=np.float32),
        pd.Series([1, 2, 3, 4, 5], index=[9, 8, 7, 6, 5]),
        np.c_[[1, 2, 3, 4, 5]],
        np.tile(np.c_[[1, 2, 3, 4, 5]], 3),
        pd.DataFrame(np.tile(np.c_[[1, 2, 3, 4, 5]], 3)),
    ],
)
def test_weights_of_rows_hold_for_their_observed_cells(weight):
    found = cell_weights(TASKS, CODES, weight)
    np.testing.assert_array_equal(found, SEEN * np.arange(1.0, 6)[:, None])


def test_weights_of_cells_are_taken_as_they_are():
    weight = np.arange(15.0).reshape(5, 3)
    np.testing.assert_array_equal(cell_weights(TASKS, CODES, weight), SEEN * weight)


def test_one_number_holds_for_every_row():
    np.testing.assert_array_equal(
        check_sample_weight(2, (2, 3), "me"), np.full((2, 3), 2)
    )


def test_sparse_weights_are_those_of_the_dense_array():
    weights = np.random.default_rng(0).integers(0, 3, CODES.shape).astype(float)
    expected = cell_weights(TASKS, CODES, weights)
    for container in (sparse.csr_array, sparse.dok_array):
        found = cell_weights(TASKS, CODES, container(weights))
        np.testing.assert_array_equal(found, expected)


def test_the_callers_weights_stay_as_they_are():
    weight = np.ones((5, 3))
    cell_weights(TASKS, CODES, weight, class_weight="balanced")
    np.testing.assert_array_equal(weight, 1.0)


def test_balanced_counts_the_observed_labels_as_scikit_learn_does():
    found = cell_weights(TASKS, CODES, class_weight="balanced")
    for t in (0, 1):
        labels = CODES[SEEN[:, t], t]
        classes = np.unique(labels)
        expected = compute_class_weight("balanced", classes=classes, y=labels)
        at = np.searchsorted(classes, labels)
        np.testing.assert_allclose(found[SEEN[:, t], t], expected[at])
    np.testing.assert_array_equal(
        found[:, 2], SEEN[:, 2]
    )  # a regression has no classes


def test_balanced_counts_with_sample_weights():
    weight = np.array([3, 1, 1, 1, 0])
    rows = np.repeat(np.arange(5), weight)
    repeated = cell_weights(TASKS, CODES[rows], class_weight="balanced")
    weighted = cell_weights(TASKS, CODES, weight, "balanced")
    sums = [repeated[rows == i].sum(axis=0) for i in range(5)]
    np.testing.assert_allclose(weighted, sums)


def test_a_class_of_weight_zero_does_not_divide_by_zero():
    found = cell_weights(TASKS, CODES, [0, 1, 1, 1, 1], "balanced")
    assert np.isfinite(found).all()
    assert found[0, 0] == 0


@pytest.mark.parametrize(
    "class_weight",
    [
        {"sex": {"m": 5.0}},
        {"sex": {"m": 5.0}, "grade": None},
        {0: {"m": 5.0}, 1: None},
        pd.Series({"sex": {"m": 5.0}, "grade": None}),
        {"sex": pd.Series({"m": 5.0})},
        [{"m": 5.0}, None, None],
        ({"m": 5.0}, None, "balanced"),  # nothing to balance in a regression
    ],
)
def test_class_weights_can_be_said_by_task(class_weight):
    found = cell_weights(TASKS, CODES, class_weight=class_weight)
    expected = SEEN.astype(float)
    expected[CODES[:, 0] == 1, 0] = 5.0
    np.testing.assert_array_equal(found, expected)


def test_a_dict_of_labels_holds_for_all_tasks():
    tasks, codes = TaskSet.from_y([[0, 1], [1, 1], [1, 0]])
    found = cell_weights(tasks, codes, class_weight={1: 3})
    np.testing.assert_array_equal(found, [[1, 3], [3, 3], [3, 1]])


def test_columns_of_weights_are_matched_by_name():
    weights = np.arange(15.0).reshape(5, 3)
    frame = pd.DataFrame(weights, columns=Y.columns)[["size", "sex", "grade"]]
    by_task = {name: frame[name] for name in frame}
    masked = np.ma.masked_array(weights)
    for given in (frame, by_task, masked):
        found = check_sample_weight(given, (5, 3), "me", TASKS)
        np.testing.assert_array_equal(found, weights)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        (
            {"colour": "balanced"},
            "me: class_weight names unknown tasks ['colour']. Known tasks: ['sex', "
            "'grade', 'size'].",
        ),
        (["balanced"], "me: class_weight has 1 entries, but there are 3 tasks."),
        (
            "even",
            "me: task 'sex': class_weight must be None, 'balanced' or a dict of "
            "classes; got 'even'.",
        ),
        (
            {"sex": {"x": 1.0}},
            "me: task 'sex': class_weight names the classes ['x'], which are unknown. "
            "Known classes: ['f', 'm'].",
        ),
        (
            {"sex": {"f": -1.0}},
            "me: task 'sex': class_weight of class 'f' is -1.0; it must be finite and "
            "not negative.",
        ),
        (
            {"sex": {"f": NAN}},
            "me: task 'sex': class_weight of class 'f' is nan; it must be finite and "
            "not negative.",
        ),
    ],
)
def test_wrong_class_weights_are_explained(class_weight, message):
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        cell_weights(TASKS, CODES, class_weight=class_weight, who="me")


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.ones(4), "me: sample_weight has shape (4,); allowed are (5,) and (5, 3)."),
        (np.ones((5, 2)), "me: sample_weight has shape (5, 2); allowed are (5,) and"),
        (np.ones((5, 3, 1)), "me: sample_weight has shape (5, 3, 1); allowed are (5,)"),
        ([1, 1, 1, 1, NAN], "me: sample_weight must be finite and not negative."),
        ([1, 1, 1, 1, np.inf], "me: sample_weight must be finite and not negative."),
        ([1, 1, 1, 1, -1], "me: sample_weight must be finite and not negative."),
        (
            pd.Series([1, 1, 1, 1, None], dtype="Int64"),
            "me: sample_weight must be finite and not negative.",
        ),
        (
            np.ma.masked_array(np.ones(5), mask=[0, 0, 0, 0, 1]),
            "me: sample_weight has masked entries, but every weight must be a number",
        ),
        (
            pd.DataFrame(np.ones((5, 3)), columns=["sex", "grade", "age"]),
            "me: the columns of sample_weight are ['sex', 'grade', 'age'], but the tas",
        ),
    ],
)
def test_wrong_sample_weights_are_explained(weight, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        cell_weights(TASKS, CODES, weight, who="me")


@pytest.mark.parametrize(
    ("weight", "expected"),
    [
        (None, [1, 1, 1]),
        ({"size": 3}, [1, 1, 3]),
        (pd.Series({"grade": 0.0, "sex": 2.0}), [2, 0, 1]),
        ([0.5, 2, 0], [0.5, 2, 0]),
        (np.array([1, 2, 3]), [1, 2, 3]),
    ],
)
def test_task_weights_come_by_name_or_in_order(weight, expected):
    np.testing.assert_array_equal(task_weights(TASKS, weight), expected)


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ({"x": 1}, "me: task_weight names unknown tasks ['x']. Known tasks: ['sex', "),
        ([1, 2], "me: task_weight has 2 entries, but there are 3 tasks."),
        (
            [1, -2, 1],
            "me: task 'grade': task_weight is -2.0; it must be finite and not",
        ),
        (
            {"size": NAN},
            "me: task 'size': task_weight is nan; it must be finite and not",
        ),
        ([0, 0, 0], "me: task_weight is zero for every task."),
    ],
)
def test_wrong_task_weights_are_explained(weight, message):
    with pytest.raises(TaskError) as error:
        task_weights(TASKS, weight, who="me")
    assert str(error.value).startswith(message)
