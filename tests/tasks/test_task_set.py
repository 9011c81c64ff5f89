import copy
import pickle
import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest

from sklearn_mtl.exceptions import (
    MissingLabelWarning,
    SingleClassWarning,
    TaskError,
    UnseenLabelWarning,
)
from sklearn_mtl.tasks import TaskSet

NAN = np.nan


def read(y, **arguments):
    return TaskSet.from_y(y, who="me", **arguments)


def test_codes_are_places_in_the_sorted_classes_and_nan_where_missing():
    tasks, codes = read([["b", 5.5], ["a", None], [None, 7.0]])
    assert tasks.kinds == ["binary", "regression"]
    assert tasks.classes[0].tolist() == ["a", "b"]
    assert tasks.classes[1] is None
    np.testing.assert_array_equal(codes, [[1, 5.5], [0, NAN], [NAN, 7.0]])


@pytest.mark.parametrize(
    ("labels", "kind"),
    [
        (["x", "y", "z"], "multiclass"),
        ([True, False, True], "binary"),
        (pd.Categorical([1.5, 2.5, 3.5]).astype(str), "multiclass"),
        (range(10), "multiclass"),
        (range(41), "regression"),
        (np.arange(10.0), "multiclass"),
        (np.arange(41.0), "regression"),
        ([0.0, 1.0, 1.5], "regression"),
        ([1, 0, None], "binary"),
        ([2.5, None, 3.0], "regression"),
    ],
)
def test_mixed_types_are_inferred_from_the_labels(labels, kind):
    assert read(list(labels))[0].kinds == [kind]


def test_a_category_is_a_class_whatever_its_values():
    y = pd.Series(pd.Categorical(np.arange(30.0)))
    tasks, _ = read(y)
    assert tasks.kinds == ["multiclass"]
    assert tasks.tasks[0].n_classes == 30
    y = pl.DataFrame(
        {"a": pl.Series([str(i) for i in range(30)], dtype=pl.Categorical)}
    )
    assert read(y)[0].tasks[0].n_classes == 30


@pytest.mark.parametrize(
    "task_types",
    [
        "regression",
        ["regression", "regression"],
        np.array(["regression", "regression"]),
        {"task0": "regression", "task1": "regression"},
    ],
)
def test_the_inference_can_be_overridden(task_types):
    y = [[0, 1], [1, 0], [1, 1]]
    assert read(y)[0].kinds == ["binary", "binary"]
    assert read(y, task_types=task_types)[0].kinds == ["regression", "regression"]


def test_an_override_of_one_task_leaves_the_others_to_inference():
    y = np.c_[np.arange(40.0), np.arange(40) % 3]
    tasks, _ = read(y, task_types={"task0": "multiclass"})
    assert tasks.kinds == ["multiclass", "multiclass"]
    assert tasks.tasks[0].n_classes == 40
    assert read(y, task_types=[None, "binary"])[0].kinds == ["regression", "multiclass"]


@pytest.mark.parametrize(
    ("task_types", "message"),
    [
        (
            {"colour": "regression"},
            "me: task_types names unknown tasks ['colour']. Known tasks: ['task0'].",
        ),
        (["regression"] * 2, "me: task_types has 2 entries, but there are 1 tasks."),
        (
            "ordinal",
            "me: task 'task0': the task type must be 'classification', 'binary', "
            "'multiclass', 'regression', 'tokens' or None; got 'ordinal'.",
        ),
    ],
)
def test_a_wrong_override_is_explained(task_types, message):
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        read([[0], [1]], task_types=task_types)


@pytest.mark.parametrize(
    ("y", "kind", "message"),
    [
        (
            [[0, 0.5], [1, 1.25]],
            "classification",
            "me: task 'task1' has fractional class labels, such as [0.5, 1.25]. "
            "Unknown label type: continuous. Classes must be strings, booleans or "
            "integers. Use a regressor for a regression target.",
        ),
        (
            np.array(["2020-01-01", "2021-01-01"], dtype="M8[D]"),
            "classification",
            "me: task 'task0' has labels of dtype datetime64[D]. Unknown label type: "
            "classes must be strings, booleans or integers.",
        ),
        (
            pd.DataFrame({"price": ["low", "high"]}),
            "regression",
            "me: task 'price' is a regression task, but its labels have the dtype <U4; "
            "they must be numbers.",
        ),
        (
            [[1, NAN], [2, NAN]],
            "regression",
            "me: task 'task1' has no observed label: all 2 values of y are missing "
            "(NaN) or have a weight of zero. Drop the column, or set "
            "on_empty_task='warn' to predict NaN for it.",
        ),
    ],
)
def test_labels_that_do_not_fit_are_explained(y, kind, message):
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        read(y, kind=kind)


def test_an_empty_task_may_be_kept_with_a_warning():
    with pytest.warns(MissingLabelWarning, match="task 'task1' has no observed label"):
        tasks, codes = read([[0, NAN], [1, NAN]], on_empty_task="warn")
    assert tasks.kinds == ["binary", "empty"]
    assert np.isnan(codes[:, 1]).all()
    decoded = tasks.decode(np.array([[0, NAN], [1, NAN]]))
    np.testing.assert_array_equal(decoded.astype(float), [[0, NAN], [1, NAN]])


def test_a_single_class_is_announced_and_constant():
    with pytest.warns(
        SingleClassWarning, match="'task1' has the single class 'a'; its"
    ):
        tasks, _ = read([["x", "a"], ["y", "a"]])
    assert tasks.kinds == ["binary", "constant"]


@pytest.mark.parametrize(
    ("y", "sentinel"),
    [
        ([[-1], [0], [1]], "-1"),
        ([[-1.0], [0.0], [1.0], [2.0]], "-1"),
        (["nan", "a", "b"], "'nan'"),
        (["", "a", "b"], "''"),
        (["<NA>", "a", "b"], "'<NA>'"),
    ],
)
def test_a_sentinel_is_announced_with_the_remedy(y, sentinel):
    message = (
        f"me: task 'task0' has the label {sentinel}, which is treated as a class. "
        "If it represents missing labels, use "
        f"sklearn_mtl.tasks.mask_labels(y, sentinel={sentinel})."
    )
    with pytest.warns(MissingLabelWarning, match=f"^{re.escape(message)}$"):
        read(y, kind="classification")


@pytest.mark.parametrize("y", [[-1, 1, 1], [-2, -1, 0, 1], [-1, 0, 2], [-1, 5, 7]])
def test_ordinary_negative_labels_are_not_suspected(y):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(y, kind="classification")


def test_warnings_can_be_left_out():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read([[-1, 1, NAN], [0, 1, NAN], [1, 1, NAN]], on_empty_task="warn", warn=False)


@pytest.mark.parametrize(
    "y",
    [
        np.array(["b", "a", "c"]),
        np.array([3, 1, 2]),
        np.array([[True], [False], [True]]),
        np.array([[1, 5], [0, 3], [1, 4]], dtype=np.int8),
        np.array([[0.5, 1.0], [1.5, 0.0], [2.5, 1.0]]),
        np.array([["a", "long name"], ["b", "x"], ["a", "x"]]),
        np.array([[2**60, 1], [2**60 + 1, 0], [2**60, 0]]),
        np.array([2**63 + 5, 2**63 + 7], dtype=np.uint64),
    ],
    ids=lambda y: str(y.dtype),
)
def test_decoding_gives_back_labels_and_form(y):
    tasks, codes = read(y)
    decoded = tasks.decode(codes)
    assert decoded.shape == y.shape
    if decoded.dtype != object:
        assert decoded.dtype.kind == y.dtype.kind
    np.testing.assert_array_equal(decoded, y)


def test_tasks_without_a_common_dtype_are_decoded_as_objects():
    y = pd.DataFrame({"a": ["x", "y"], "b": [1, 2], "c": [True, False]})
    tasks, codes = read(y)
    decoded = tasks.decode(codes)
    assert decoded.dtype == object
    assert [type(v) for v in decoded[0]] == [str, int, bool]


def test_whole_numbers_are_not_turned_into_truth_values():
    y = pd.DataFrame({"a": [0, 1], "b": [True, False]})
    tasks, codes = read(y)
    assert list(tasks.decode(codes)[0]) == [0, True]
    assert type(tasks.decode(codes)[0, 0]) is int


def test_a_new_y_gets_the_codes_of_fit():
    tasks, _ = read([["a", 1.5], ["b", 2.5], ["c", 3.5]])
    codes = tasks.encode([["c", 9.0], [None, None]], who="me")
    np.testing.assert_array_equal(codes, [[2, 9.0], [NAN, NAN]])


@pytest.mark.parametrize(
    ("seen", "new"),
    [(["a", "b"], "c"), ([0, 1], 2), ([0, 1], "a"), (["a", "b"], 0), ([0, 5], 3)],
)
def test_an_unseen_label_is_an_error_or_counts_as_wrong(seen, new):
    tasks, _ = read(seen, kind="classification")
    message = (
        f"me: task 'task0' has labels {[new]} in y that were not seen in fit. Known "
        f"classes: {seen}."
    )
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        tasks.encode([new, new], who="me")
    message = (
        f"me: y has labels that were not seen in fit: 'task0': {[new]}. They count as "
        "wrong predictions."
    )
    with pytest.warns(UnseenLabelWarning, match=f"^{re.escape(message)}$"):
        codes = tasks.encode([new, new], unseen="wrong", who="me")
    np.testing.assert_array_equal(codes, [[-1], [-1]])


def test_only_one_warning_tells_of_all_unseen_labels():
    tasks, _ = read([["a", 0], ["b", 1]])
    with pytest.warns(UnseenLabelWarning) as caught:
        tasks.encode([["z", 7], ["a", 8]], unseen="wrong")
    assert len(caught) == 1
    assert "'task0': ['z'], 'task1': [7, 8]" in str(caught[0].message)


def test_text_where_numbers_were_learnt_names_its_task():
    tasks, _ = read([[1.5, 0], [2.5, 1]])
    message = (
        "me: task 'task0' is a regression task, but its labels have the dtype <U1; they"
    )
    with pytest.raises(TaskError, match=re.escape(message)):
        tasks.encode(pd.DataFrame({"a": ["x", "y"], "b": [0, 1]}), who="me")


def test_the_tasks_must_be_those_of_fit():
    tasks, _ = read(pd.DataFrame({"a": [0, 1], "b": [1, 0]}))
    message = "me: y has 1 tasks, but 2 were seen in fit: ['a', 'b']."
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        tasks.encode([0, 1], who="me")
    message = "me: the columns of y are ['b', 'c'], but the tasks are ['a', 'b']. "
    with pytest.raises(TaskError, match=f"^{re.escape(message)}"):
        tasks.encode(pd.DataFrame({"b": [0, 1], "c": [1, 0]}), who="me")
    reordered = pd.DataFrame({"b": [1, 1], "a": [0, 1]})
    np.testing.assert_array_equal(tasks.encode(reordered), [[0, 1], [1, 1]])
    np.testing.assert_array_equal(
        tasks.encode([[0, 1]]), [[0, 1]]
    )  # no names, no doubt


def test_a_task_is_found_by_name_or_number():
    tasks, _ = read(pd.DataFrame({"a": [0, 1], "b": [1, 0]}))
    assert tasks.index("b") == tasks.index(1) == tasks.index(-1) == 1
    assert tasks.index(np.int64(0)) == tasks.index(np.str_("a")) == 0


def test_a_number_is_a_name_where_tasks_are_named_by_numbers():
    tasks, _ = read(pd.DataFrame({1: [0, 1], 2: [1, 0]}))
    assert tasks.index(2) == tasks.index(np.int64(2)) == tasks.index("2") == 1
    for number in (0, -1):
        with pytest.raises(TaskError, match=f"unknown task {number}. Known .*'1', '2'"):
            tasks.index(number)


def test_a_task_of_several_levels_is_found_by_its_tuple():
    tasks, _ = read(pd.DataFrame({("g", 1): [0, 1], ("g", "a"): [1, 0]}))
    assert tasks.index(("g", np.int64(1))) == tasks.index("('g', 1)") == 0


@pytest.mark.parametrize("task", ["c", 2, -3, True, 0.0, None])
def test_an_unknown_task_is_told_the_known_ones(task):
    tasks, _ = read(pd.DataFrame({"a": [0, 1], "b": [1, 0]}))
    message = f"me: unknown task {task!r}. Known tasks: ['a', 'b']."
    with pytest.raises(TaskError, match=f"^{re.escape(message)}$"):
        tasks.index(task, who="me")


def test_a_long_list_of_tasks_is_cut():
    tasks, _ = read(np.eye(30, dtype=int))
    with pytest.raises(TaskError, match=r"'task19', '\.\.\.'\]\.$"):
        tasks.index("x")


def test_some_of_the_tasks_make_a_set_of_their_own():
    tasks, codes = read([["a", 1.5], ["b", 2.5]])
    part = tasks.subset([1, 0])
    assert part.names == ["task1", "task0"]
    np.testing.assert_array_equal(part.decode(codes[:, [1, 0]])[:, 1], ["a", "b"])
    assert tasks.subset([0], is_1d=True).decode(codes[:, :1]).shape == (2,)


def test_a_task_set_survives_copy_and_pickle():
    tasks, codes = read([["a", 1.5], ["b", 2.5]])
    for other in (copy.deepcopy(tasks), pickle.loads(pickle.dumps(tasks))):
        np.testing.assert_array_equal(other.decode(codes), tasks.decode(codes))
