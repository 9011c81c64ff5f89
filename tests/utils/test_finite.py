"""What is too large for a fit, and what is not finite."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sklearn_mtl.tasks import TaskSet
from sklearn_mtl.utils._finite import (
    check_finite,
    check_outputs,
    check_sizes,
    is_moderate,
)

NAN = np.nan


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, -1e69], True),
        ([1.0, NAN], True),
        ([NAN, NAN], True),
        ([], True),
        ([1.0, 1e71], False),
        ([NAN, -1e71], False),
        ([NAN, np.inf], False),
    ],
)
def test_moderate_numbers(values, expected):
    assert is_moderate(np.array(values)) is expected


def test_float32_holds_moderate_numbers_and_infinity():
    assert is_moderate(np.array([1e38, NAN], dtype=np.float32))
    assert not is_moderate(np.array([np.inf, NAN], dtype=np.float32))


@pytest.mark.parametrize(
    ("X", "column"),
    [
        (np.array([[1.0, NAN], [0.0, -1e80]]), "1"),
        (sparse.csr_array([[1.0, 0.0], [0.0, -1e80]]), "1"),
        (sparse.dok_array([[1.0, 0.0], [0.0, -1e80]]), "1"),
        (sparse.lil_array([[1.0, 0.0], [0.0, -1e80]]), "1"),
        (pd.DataFrame({"a": ["u", "v"], "b": [0.0, -1e80]}), "'b'"),
        (pd.DataFrame({"a": [1, 2], "b": pd.array([None, -1e80], "Float64")}), "'b'"),
        (np.array([[[1.0, 2.0], [3.0, -1e80]]]), "3"),
    ],
)
def test_the_column_is_named(X, column):
    message = f"me: column {column} of X holds -1e+80; allowed are numbers up to 1e+70"
    with pytest.raises(ValueError, match=re.escape(message)):
        check_sizes(X, None, "me")


def test_what_holds_no_floats_is_not_looked_at():
    for X in (["a", "b"], np.array([[2**62]]), np.array([["a"]], dtype=object)):
        check_sizes(X, None, "me")


def test_samples_that_are_not_finite_are_counted():
    check_finite(np.zeros((2, 3)), "views", "me")
    message = "me: the views are not finite for 2 of 3 samples of X, the first of them "
    with pytest.raises(ValueError, match=f"^{message}sample 1"):
        check_finite(np.array([[0.0], [NAN], [np.inf]]), "views", "me")


def test_a_task_without_labels_is_nan():
    y = pd.DataFrame({"a": [1.5, 2.5], "b": [NAN, NAN]})
    tasks = TaskSet.from_y(y, on_empty_task="warn", warn=False)[0].tasks
    check_outputs([np.zeros(2), np.full(2, NAN)], tasks, "me")
    with pytest.raises(ValueError, match="predictions of task 'a' are not finite"):
        check_outputs([np.full(2, NAN), np.full(2, NAN)], tasks, "me")
