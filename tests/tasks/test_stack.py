import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_mtl.exceptions import IndexOrderWarning, TaskError
from sklearn_mtl.tasks import TaskSet, mask_labels, stack_tasks

NAN = np.nan


@pytest.mark.parametrize(
    ("y", "sentinel", "expected"),
    [
        ([[0, 1], [-1, 0]], -1, [[0.0, 1.0], [NAN, 0.0]]),
        (np.array([9, 1], dtype=np.uint8), 9, [NAN, 1.0]),
        ([0.5, -1.0], -1, [0.5, NAN]),
    ],
)
def test_a_sentinel_becomes_nan(y, sentinel, expected):
    masked = mask_labels(y, sentinel=sentinel)
    assert masked.dtype == np.float64
    np.testing.assert_array_equal(masked, expected)


def test_a_sentinel_of_text_becomes_a_missing_label():
    masked = mask_labels(np.array(["a", "?", "b"]), sentinel="?")
    assert masked.tolist()[::2] == ["a", "b"]
    np.testing.assert_array_equal(TaskSet.from_y(masked)[1][:, 0], [0, NAN, 1])


def test_a_frame_keeps_its_columns_and_the_caller_his_labels():
    y = pd.DataFrame({"a": [0, -1], "b": ["x", "y"]}, index=[7, 8])
    masked = mask_labels(y)
    assert list(masked.columns) == ["a", "b"]
    assert list(masked.index) == [7, 8]
    np.testing.assert_array_equal(masked.isna(), [[False, False], [True, False]])
    assert y.loc[8, "a"] == -1


PAIRS = [([[1.0], [2.0]], [0, 1]), ([[3.0]], [5])]
WIDE = [[0, NAN], [1, NAN], [NAN, 5]]


def test_pairs_become_one_table():
    X, y = stack_tasks(PAIRS)
    np.testing.assert_array_equal(X, [[1], [2], [3]])
    np.testing.assert_array_equal(y, WIDE)


def test_a_column_of_task_ids_says_the_same():
    X = np.array([[1.0], [2.0], [3.0]])
    same, y = stack_tasks(X, [0, 1, 5], ["n", "n", "s"])
    assert same is X
    assert list(y.columns) == ["n", "s"]
    np.testing.assert_array_equal(y, WIDE)


def test_rows_need_not_be_sorted_by_task():
    _, y = stack_tasks(np.zeros((3, 1)), [5, 0, 1], [20, 10, 10])
    assert list(y.columns) == ["10", "20"]
    np.testing.assert_array_equal(y, [[NAN, 5], [0, NAN], [1, NAN]])


def test_names_can_be_given():
    _, y = stack_tasks(PAIRS, names=["a", "b"])
    assert list(y.columns) == ["a", "b"]
    _, y = stack_tasks(np.zeros((2, 1)), [1, 2], [3, 4], names=["a", "b"])
    assert list(y.columns) == ["a", "b"]


def test_labels_of_text_stay_text():
    _, y = stack_tasks([([[1.0]], ["a"]), ([[2.0]], ["b"])])
    assert y[0, 0] == "a"
    assert TaskSet.from_y(y, warn=False)[0].kinds == ["constant", "constant"]


def test_frames_stay_frames_with_names_and_dtypes():
    one = pd.DataFrame({"age": [1, 2], "town": pd.Categorical(["a", "b"])})
    X, y = stack_tasks([(one, [0, 1]), (one.iloc[:1], [1])])
    assert X.columns.tolist() == ["age", "town"]
    assert X["town"].dtype == one["town"].dtype
    assert X.index.tolist() == [0, 1, 2]
    assert y.shape == (3, 2)


def test_frames_with_other_columns_are_explained():
    one = pd.DataFrame({"a": [1.0], "b": [2.0]})
    with pytest.raises(TaskError, match=r"task 1 has the columns \['b', 'a'\], but"):
        stack_tasks([(one, [0]), (one[["b", "a"]], [1])])


def test_sparse_blocks_stay_sparse():
    blocks = [(sparse.csr_array(np.eye(2)), [0, 1]), (np.ones((1, 2)), [1])]
    X, y = stack_tasks(blocks)
    assert sparse.issparse(X)
    np.testing.assert_array_equal(X.toarray(), [[1, 0], [0, 1], [1, 1]])
    assert y.shape == (3, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((PAIRS, [0]), "stack_tasks: pass a list of (X, y), or X, y and task_id."),
        (
            (PAIRS, None, [0]),
            "stack_tasks: pass a list of (X, y), or X, y and task_id.",
        ),
        (
            ([[1.0], [2.0]], [0, 1], [0]),
            "stack_tasks: y of shape (2,) and task_id of shape (1,) must both be "
            "(n_samples,).",
        ),
        (
            ([([[1.0]], [0]), ([[1.0, 2.0]], [0])],),
            "stack_tasks: the tasks have different numbers of features: [1, 2].",
        ),
        (
            ([([[1.0]], [0]), ([[1.0]], [0, 1])],),
            "stack_tasks: task 1 has X of shape (1, 1) and y of shape (2,); X must be "
            "(n, n_features) and y (n,).",
        ),
        (
            ([[1.0]], [0, 1], [0, 1]),
            "stack_tasks: X has 1 samples, but y has 2.",
        ),
    ],
)
def test_what_does_not_fit_together_is_explained(arguments, message):
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        stack_tasks(*arguments)


def test_the_number_of_names_must_fit():
    with pytest.raises(
        TaskError, match=r"^stack_tasks: names has 1 entries, but there"
    ):
        stack_tasks(PAIRS, names=["a"])


def test_masked_inputs_are_missing():
    masked = np.ma.masked_array([[1.0], [-9.0]], mask=[[False], [True]])
    for X, _ in (stack_tasks([(masked, [0, 1])]), stack_tasks(masked, [0, 1], [0, 0])):
        np.testing.assert_array_equal(X, [[1.0], [np.nan]])


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_frames_of_any_library_are_joined_by_their_columns(frame):
    one, other = frame({"a": [1.0], "b": ["u"]}), frame({"a": [2.0], "b": ["v"]})
    X, _ = stack_tasks([(one, [0]), (other, [1])])
    assert type(X) is frame
    assert list(X["b"]) == ["u", "v"]
    with pytest.raises(TaskError, match=r"task 1 has the columns \['b', 'a'\], but"):
        stack_tasks([(one, [0]), (other[["b", "a"]], [1])])
    with pytest.raises(TaskError, match=r"task 1 has the columns \['b', 'a'\], but"):
        stack_tasks([(one, [0]), (pd.DataFrame({"b": ["v"], "a": [2.0]}), [1])])


@pytest.mark.parametrize(
    "task_id",
    [
        np.array([0.0, 1.0, NAN]),
        ["a", "b", None],
        ["a", "b", NAN],
        pd.Series(["a", "b", None]),
        pl.Series(["a", "b", None]),
        np.ma.masked_array([0, 1, 1], [False, False, True]),
        pd.array([0, 1, None], dtype="Int64"),
    ],
    ids=["NaN", "None", "text and NaN", "pandas", "polars", "masked", "NA"],
)
def test_a_sample_without_a_task_is_refused(task_id):
    match = "task_id is missing for 1 samples, such as sample 2; every sample must"
    with pytest.raises(TaskError, match=match):
        stack_tasks(np.eye(3), [0, 1, 2], task_id)


def test_indexes_in_another_order_are_told():
    X, y = pd.DataFrame({"a": [1.0, 2.0]}), pd.Series([0, 1], index=[1, 0])
    for given in ((X, y, [0, 1]), (X, [0, 1], y), ([(X, y)],)):
        with pytest.warns(IndexOrderWarning, match="stack_tasks: the indexes of X and"):
            stack_tasks(*given)


def test_numbers_beside_text_stay_numbers():
    _, y = stack_tasks([([[1.0], [2.0]], ["a", "b"]), ([[1.0]], [1.5])])
    tasks, _ = TaskSet.from_y(y)
    assert tasks.kinds == ["binary", "regression"]
    _, y = stack_tasks(
        [[1.0]] * 4, ["a", NAN, "b", None], [0, 0, 0, 1], names=["u", "v"]
    )
    assert y["u"].isna().tolist() == [False, True, False, True]
