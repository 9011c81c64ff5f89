"""Ids of the task of each row: one number is one task, however pandas has it."""

import numpy as np
import pandas as pd
import pytest

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.linear_model import (
    MultiTaskLinearMixedEstimator,
    MultiTaskLinearRegressor,
)
from sklearn_mtl.tasks import stack_tasks


def fitted(ids):
    """Return a model of three tasks with levels 0, 100 and 200, and X."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 2))
    column = np.repeat(np.arange(3), 30)
    y = X[:, 0] + 100.0 * column
    return MultiTaskLinearRegressor().fit(*stack_tasks(X, y, ids[column])), X


@pytest.mark.parametrize("known", [np.array([10, 11, 12]), np.array([10.0, 11, 12])])
@pytest.mark.parametrize("unknown", ["raise", "common"])
def test_a_whole_number_is_one_task_as_int_and_as_float(known, unknown):
    model, X = fitted(known)
    assert list(model.task_names_in_) == ["10", "11", "12"]
    expected = model.predict(X[:3])[np.arange(3), np.arange(3)]
    whole = pd.Series([10, 11, 12])
    for ids in (whole, whole.astype(float), whole.astype("Int64"), whole.astype(str)):
        for given in (ids, ids.to_numpy(), ids.tolist()):
            found = model.predict_task(X[:3], given, unknown=unknown)
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("unknown", ["raise", "common"])
def test_a_missing_id_is_no_new_task(missing, unknown):
    model, X = fitted(np.array([10, 11, 12]))
    with pytest.raises(TaskError, match="missing for 1 samples, such as sample 2"):
        model.predict_task(X[:3], [10, 11, missing], unknown=unknown)


def test_a_masked_id_is_missing():
    model, X = fitted(np.array([10, 11, 12]))
    ids = np.ma.array([10, 11, 12], mask=[0, 1, 0])
    with pytest.raises(TaskError, match="such as sample 1"):
        model.predict_task(X[:3], ids, unknown="common")


@pytest.mark.parametrize("other", [b"a", True, np.datetime64("2020-01-01"), 7, 0.5])
def test_an_id_of_another_type_is_no_new_task(other):
    model, X = fitted(np.array(["a", "b", "c"]))
    with pytest.raises(TaskError, match="must be named like"):
        model.predict_task(X[:1], [other], unknown="common")


def test_text_of_a_known_number_is_no_new_task():
    model, X = fitted(np.array([10, 11, 12]))
    with pytest.raises(TaskError, match=r"'10\.0'.*of type str"):
        model.predict_task(X[:1], ["10.0"], unknown="common")


@pytest.mark.parametrize("new", [99, 99.0, "99", "other"])
def test_numbers_are_new_tasks_where_the_known_ones_are_numbers(new):
    model, X = fitted(np.array([10, 11, 12]))
    found = model.predict_task(X[:1], [new], unknown="common")
    np.testing.assert_array_equal(found, model.new_task().predict(X[:1]))


def test_dates_are_found_as_they_were_stacked():
    days = pd.Series(pd.date_range("2020", periods=3))
    model, X = fitted(days.to_numpy())
    expected = model.predict(X[:3])[np.arange(3), np.arange(3)]
    for ids in (days, days.to_numpy()):
        np.testing.assert_array_equal(model.predict_task(X[:3], ids), expected)


def test_a_model_without_a_common_part_says_so():
    X = np.random.default_rng(0).standard_normal((40, 2))
    y = pd.DataFrame({"a": np.where(X[:, 0] > 0, "u", "v"), "b": X[:, 1]})
    model = MultiTaskLinearMixedEstimator().fit(X, y)
    with pytest.raises(TaskError, match=r"'zz'.*not for MultiTaskLinearMixedEstimator"):
        model.predict_task(X[:1], ["zz"], unknown="common")
