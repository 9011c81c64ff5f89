import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse

from sklearn_mtl.comparison.design._targets import read_targets
from sklearn_mtl.exceptions import MissingLabelWarning, TaskError


def test_hidden_labels_are_hidden_from_training_only():
    y = np.tile([[0.0, 0.5], [1.0, 1.5]], (50, 1))
    targets = read_targets(y, None, 0.4, 0)
    assert targets.observed().all()
    assert (~targets.observed("y_fit")).sum(axis=0).tolist() == [40, 40]
    seen = targets.observed("y_fit")
    np.testing.assert_array_equal(targets.y_fit[seen], y[seen])
    np.testing.assert_array_equal(targets.y, y)


def test_nothing_hidden_is_one_table():
    targets = read_targets(np.eye(4), None, 0.0, 0)
    assert targets.y_fit is targets.y


@pytest.mark.parametrize(
    "y",
    [
        [0, 1, 1, 0],
        pd.Series([0, 1, 1, 0], name="a"),
        pl.DataFrame({"a": [0, 1, 1, 0]}),
        sparse.csr_matrix([[0], [1], [1], [0]]),
        [["no"], ["yes"], ["yes"], ["no"]],
    ],
)
def test_every_form_becomes_a_table_of_one_task(y):
    targets = read_targets(y, None, 0.0, 0)
    assert targets.y.shape == (4, 1)
    assert targets.codes.ravel().tolist() == [0, 1, 1, 0]
    assert not targets.tasks.is_1d


def test_lists_keep_none_as_missing():
    targets = read_targets([["a", 1], [None, 2], ["b", None]], None, 0.0, 0)
    assert targets.observed().tolist() == [[True, True], [False, True], [True, False]]


def test_task_types_override_the_inference():
    y = np.arange(8).reshape(4, 2)
    assert read_targets(y, None, 0.0, 0).task_types == ["classification"] * 2
    assert read_targets(y, "regression", 0.5, 0).task_types == ["regression"] * 2
    hidden = ~read_targets(y, "regression", 0.5, 0).observed("y_fit")
    assert hidden.sum(axis=0).tolist() == [2, 2]


def test_a_sentinel_is_told():
    with pytest.warns(MissingLabelWarning, match="has the label -1"):
        read_targets(np.array([[0], [1], [-1], [2]]), None, 0.0, 0)


def test_a_task_without_label_is_refused():
    with pytest.raises(TaskError, match="task 'b' has no observed label"):
        read_targets(pd.DataFrame({"a": [0, 1], "b": [np.nan] * 2}), None, 0.0, 0)
