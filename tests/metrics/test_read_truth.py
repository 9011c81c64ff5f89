import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.exceptions import TaskError, UnseenLabelWarning
from sklearn_mtl.metrics._read_truth import read_truth
from sklearn_mtl.tasks._names import TaskNames
from sklearn_mtl.tasks._read_y import read_columns


def truth_of(y, classes, sample_weight=None, model=None):
    columns = read_columns(y, "me", sample_weight, model)
    return read_truth(columns, classes, model, "me")


def test_only_observed_rows_of_positive_weight_are_kept():
    y = np.array([[0.5], [np.nan], [1.5], [2.5]])
    (truth,) = truth_of(y, [None], sample_weight=[1, 1, 0, 2])
    assert truth.rows.tolist() == [0, 3]
    assert truth.y.tolist() == [0.5, 2.5]
    assert truth.weight.tolist() == [1.0, 2.0]
    assert truth.kind == "regression"


def test_classes_of_model_and_y_are_sorted_together():
    y = np.array([3, 1, 2, 3])
    with pytest.warns(UnseenLabelWarning, match=r"me: .*\[2\]"):
        (truth,) = truth_of(y, [np.array([1, 3])])
    assert truth.classes.tolist() == [1, 2, 3]
    assert truth.of_model.tolist() == [0, 2]
    assert truth.labels.tolist() == y.tolist()
    assert truth.kind == "multiclass"


def test_unseen_text_stands_behind_numbers():
    with pytest.warns(UnseenLabelWarning):
        (truth,) = truth_of(np.array(["a", "b"]), [np.array([0, 1])])
    assert truth.classes.tolist() == [0, 1, "a", "b"]
    assert truth.labels.tolist() == ["a", "b"]
    assert truth.of_model.tolist() == [0, 1]


def test_kind_is_that_of_model_and_y_together():
    (truth,) = truth_of(np.array([0, 0]), [np.array([0, 1, 2])])
    assert truth.kind == "multiclass"
    with pytest.warns(UnseenLabelWarning):
        (truth,) = truth_of(np.array([0, 1]), [np.array([0])])
    assert truth.kind == "binary"


def test_nullable_and_categorical_labels_are_read():
    y = pd.DataFrame(
        {
            "a": pd.array([1, None, 0], dtype="Int64"),
            "b": pd.Categorical(["x", None, "y"]),
        }
    )
    first, second = truth_of(y, [np.array([0, 1]), np.array(["x", "y"])])
    assert (first.name, first.y.tolist()) == ("a", [1, 0])
    assert (second.name, second.rows.tolist()) == ("b", [0, 2])


def test_tasks_that_are_not_the_models_are_refused():
    y = pd.DataFrame({"a": [0, 1], "b": [1, 0]})
    classes = [np.array([0, 1])] * 2
    with pytest.raises(TaskError, match=r"me: y has 2 tasks, but the model has 1"):
        truth_of(y, classes[:1])
    match = r"y are \['a', 'b'\], but the tasks are \['b', 'c'\]"
    with pytest.raises(TaskError, match=match):
        truth_of(y, classes, model=TaskNames(["b", "c"]))
    truths = truth_of(y, classes, model=TaskNames(["b", "a"]))
    assert [(one.name, one.y.tolist()) for one in truths] == [
        ("b", [1, 0]),
        ("a", [0, 1]),
    ]
    with pytest.raises(
        TaskError, match=r"task 'task0' is a regression task, .* dtype <U1"
    ):
        truth_of(np.array([["x"], ["y"]]), [None])
