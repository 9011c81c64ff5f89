from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from scipy import sparse

from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.tasks._read_y import read_columns, sparse_cells

# one and the same target, as people hold it
FORMS = {
    "array": np.array([[0.0, 2.0], [1.0, np.nan], [np.nan, 3.0]]),
    "list": [[0, 2], [1, float("nan")], [None, 3]],
    "tuple": ((0, 2), (1, None), (None, 3)),
    "object": np.array([[0, 2], [1, None], [np.nan, 3]], dtype=object),
    "not_available": np.array([[0, 2], [1, pd.NA], [pd.NA, 3]], dtype=object),
    "frame": pd.DataFrame({"task0": [0, 1, None], "task1": [2, None, 3]}),
    "nullable": pd.DataFrame(
        {"task0": [0, 1, pd.NA], "task1": [2, pd.NA, 3]}, dtype="Int64"
    ),
    "polars": pl.DataFrame({"task0": [0, 1, None], "task1": [2, None, 3]}),
    "masked": np.ma.masked_array(
        [[0, 2], [1, -9], [-9, 3]], mask=[[0, 0], [0, 1], [1, 0]]
    ),
    "masked rows": list(
        np.ma.masked_array([[0, 2], [1, -9], [-9, 3]], [[0, 0], [0, 1], [1, 0]])
    ),
    "dict": {"task0": [0, 1, None], "task1": np.array([[2.0], [np.nan], [3.0]])},
    "dict of series": {
        "task0": pd.Series([0, 1, None], index=[3, 1, 2]),
        "task1": pl.Series([2, None, 3]),
    },
    "structured": np.array(
        [(0, 2), (1, np.nan), (np.nan, 3)], dtype=[("task0", float), ("task1", float)]
    ),
    "decimals": [[Decimal(0), 2], [Decimal(1), None], [None, 3]],
    "tensor": torch.tensor([[0.0, 2], [1, np.nan], [np.nan, 3]], requires_grad=True),
    "polars_nan": pl.DataFrame({"task0": [0.0, 1.0, np.nan], "task1": [2, None, 3]}),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_y_is_read_alike(form):
    columns = read_columns(FORMS[form], "me")
    assert columns.names == ["task0", "task1"]
    assert not columns.is_1d
    np.testing.assert_array_equal(columns.observed, [[1, 1], [1, 0], [0, 1]])
    assert [v.tolist() for v in columns.values] == [[0, 1], [2, 3]]
    assert all(v.dtype.kind in "if" for v in columns.values)


@pytest.mark.parametrize(
    "y",
    [
        ["a", None, "b"],
        ["a", np.nan, "b"],
        np.array(["a", None, "b"], dtype=object),
        np.array(["a", None, "b"], dtype=np.dtypes.StringDType(na_object=None)),
        pd.Series(["a", None, "b"]),
        pd.Series(["a", None, "b"], dtype="string"),
        pd.Series(["a", None, "b"], dtype="category"),
        pl.Series(["a", None, "b"]),
        pl.Series(["a", None, "b"], dtype=pl.Categorical),
    ],
    ids=lambda y: f"{type(y).__module__}-{getattr(y, 'dtype', '')}",
)
def test_text_stays_text_and_a_gap_is_no_label(y):
    columns = read_columns(y, "me")
    assert columns.is_1d
    assert columns.values[0].tolist() == ["a", "b"]
    assert columns.values[0].dtype.kind == "U"
    np.testing.assert_array_equal(columns.observed[:, 0], [True, False, True])


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        ([True, None, False], "b"),
        (pd.Series([True, None, False], dtype="boolean"), "b"),
        (pl.Series([True, None, False]), "b"),
        (np.array([1, 0, 1], dtype=np.uint8), "u"),
        (np.array([b"x", b"y", b"x"]), "S"),
        (np.array(["2020-01-01", "NaT"], dtype="M8[D]"), "M"),
    ],
)
def test_labels_keep_their_own_type(y, kind):
    columns = read_columns(y, "me")
    assert columns.values[0].dtype.kind == kind
    assert len(columns.values[0]) == 2 + (kind in "uS") - (kind == "M")


def test_a_sparse_indicator_matrix_has_no_missing_labels():
    Y = sparse.csr_array(np.array([[0, 1], [1, 0]]))
    columns = read_columns(Y, "me")
    assert columns.observed.all()
    assert [v.tolist() for v in columns.values] == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("y", "names"),
    [
        (pd.DataFrame({3: [1], "b": [2]}), ["3", "b"]),
        (pd.Series([1], name="colour"), ["colour"]),
        (pd.Series([1], name=0), ["0"]),
        (pd.DataFrame({("g", 1): [1], ("g", 2): [2]}), ["('g', 1)", "('g', 2)"]),
        ({2020: [1], "b": [2]}, ["2020", "b"]),
        (pd.Series([1]), ["task0"]),
        (pl.Series("colour", [1]), ["colour"]),
        (pl.Series([1]), ["task0"]),
        ([[1, 2, 3]], ["task0", "task1", "task2"]),
    ],
)
def test_names_come_with_y_or_are_made_up(y, names):
    columns = read_columns(y, "me")
    assert columns.names == names
    assert columns.has_names == (not names[0].startswith("task"))


def test_one_column_stays_two_dimensional():
    assert not read_columns(np.zeros((3, 1)), "me").is_1d


def test_categories_are_told_from_numbers():
    frame = pd.DataFrame({"a": pd.Categorical([1, 2]), "b": [1, 2]})
    assert read_columns(frame, "me").is_categorical == [True, False]
    frame = pl.DataFrame({"a": pl.Series(["x"], dtype=pl.Enum(["x"])), "b": ["x"]})
    assert read_columns(frame, "me").is_categorical == [True, False]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros((2, 2, 2)), "me: y has shape (2, 2, 2); it must be (n_samples,) or"),
        (3, "me: y must be an array; got the scalar 3."),
        ("abc", "me: y must be an array; got the scalar 'abc'."),
        (np.zeros((3, 0)), "me: y has no columns; at least one task is required."),
        ([[1, 2], [3]], "me: y has entries of type list, but it must have one label"),
        (
            [["a", "b"], ["c"]],
            "me: y has entries of type list, but it must have one label per sample and "
            "task. If they are tags of the tokens of texts, put the lists into a "
            "pandas Series or a column of a DataFrame, or set task_types='tokens' if "
            "the estimator has this parameter, and use "
            "MultiTaskClassifier(trunk=Text()). If they are several tags for each "
            "sample, convert each tag to a task: "
            "y = sklearn.preprocessing.MultiLabelBinarizer().fit_transform(y).",
        ),
        ([{"a"}, {"b", "c"}], "me: y has entries of type set, but it must have one"),
        (pd.Series([{"a"}, {"b"}]), "me: y has entries of type set, but it must have "),
        (
            pd.Series([["a"], "b"]),
            "me: task 'task0' has both lists and other labels, such as 'b'. Tags of "
            "tokens must be one list per sample, or None for a missing label.",
        ),
        ({"a": [0, 1], "b": [0]}, "me: the columns of y have the shapes {'a': (2,), "),
        ({"a": np.zeros((2, 2))}, "me: the columns of y have the shapes {'a': (2, 2)}"),
        ({}, "me: y has no columns; at least one task is required."),
        (
            ["a", 1],
            "me: task 'task0' has labels of the types ['int', 'str']. Unknown label "
            "type: all labels of a task must be strings, all numbers, or all booleans.",
        ),
        ([[True, 0], ["x", 1]], "me: task 'task0' has labels of the types ['bool', "),
        ([{"a": 1}, {}], "me: task 'task0' has labels of the types ['dict']."),
        (
            [[1.0, 1.0], [2.0, np.inf]],
            "me: task 'task1': Input y contains infinity or a value too large for "
            "dtype('float64').",
        ),
        ([1, None, -np.inf], "me: task 'task0': Input y contains infinity"),
    ],
)
def test_what_is_no_target_is_refused_with_its_task(y, message):
    with pytest.raises(TaskError) as error:
        read_columns(y, "me")
    assert str(error.value).startswith(message)


def test_names_must_differ():
    y = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(TaskError, match=r"unique; found twice: \['a'\]"):
        read_columns(y, "me")


@pytest.mark.parametrize(
    "y", [np.array([1j, 2]), np.array([1j, "a"], dtype=object), [[1j], [None]]]
)
def test_complex_labels_are_refused(y):
    with pytest.raises(ValueError, match="omplex"):
        read_columns(y, "me")


def test_no_y_is_named():
    with pytest.raises(ValueError, match="requires y to be passed, but the target y"):
        read_columns(None, "me")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("part", [0.1, 0.9, 1.0])
def test_an_array_of_floats_is_read_as_its_columns_are(part, dtype):
    rng = np.random.default_rng(0)
    y = rng.standard_normal((50, 6)).astype(dtype)
    y[rng.random(y.shape) >= part] = np.nan
    y[:, 3] = np.nan
    for array in (y, np.asfortranarray(y), y[::-1][::-1], np.ma.masked_array(y)):
        found, expected = read_columns(array, "me"), read_columns(pd.DataFrame(y), "me")
        np.testing.assert_array_equal(found.observed, expected.observed)
        for here, there in zip(found.values, expected.values, strict=True):
            np.testing.assert_array_equal(here, there)
            assert here.dtype == there.dtype
        assert found.is_categorical == expected.is_categorical


def test_sparse_cells_are_the_true_ones_task_after_task():
    mask = np.zeros((4, 5), dtype=bool)
    mask[[0, 1, 3, 3], [2, 0, 0, 4]] = True
    cells = sparse_cells(mask)
    assert cells.rows.tolist() == [1, 3, 0, 3]
    assert cells.tasks.tolist() == [0, 0, 2, 4]
    assert cells.ends.tolist() == [2, 2, 3, 3, 4]
    assert sparse_cells(np.ones((4, 5), dtype=bool)) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_frame_of_floats_is_read_at_once(dtype):
    y = np.array([[0.0, np.nan], [np.nan, 1.5]], dtype=dtype)
    columns = read_columns(pd.DataFrame(y, columns=["a", 7]), "me")
    assert columns.names == ["a", "7"]
    assert columns.has_names
    np.testing.assert_array_equal(columns.numbers, y)
    assert [v.dtype for v in columns.values] == [dtype, dtype]
    assert columns.is_categorical == [False, False]


def test_cells_of_few_labels_are_where_they_are_found():
    y = np.where(np.eye(4, dtype=bool), np.arange(4.0), np.nan)
    cells = read_columns(y, "me").cells
    np.testing.assert_array_equal(y[cells.rows, cells.tasks], np.arange(4.0))
    assert cells.parts[2] == slice(2, 3)
    assert read_columns(np.ones((4, 4)), "me").cells is None
