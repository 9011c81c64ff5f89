import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from sklearn_mtl.comparison.design._inputs import n_rows, read_inputs, take_rows


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "age": [30, 40, 50, 60],
            "dose": [0.5, np.nan, 1.5, 2.5],
            "ward": ["a", "b", None, "a"],
            "smoker": [True, False, True, True],
            "count": pd.array([1, None, 3, 4], dtype="Int64"),
            "grade": pd.Categorical([1, 2, 1, 2]),
            "day": pd.to_datetime(["1970-01-02", "1970-01-03", None, "1970-01-05"]),
        }
    )


def test_columns_are_told_apart_by_their_type(table):
    inputs = read_inputs(table)
    assert inputs.numeric == ["age", "dose", "smoker", "count", "day"]
    assert inputs.categorical == ["ward", "grade"]
    assert inputs.has_missing
    assert {str(t) for t in inputs.X[inputs.numeric].dtypes} == {"float64"}
    assert inputs.X["day"].tolist()[:2] == [1.0, 2.0]
    assert inputs.X["grade"].tolist() == ["1", "2", "1", "2"]
    assert pd.isna(inputs.X["ward"][2])


def test_one_hot_gives_numbers_without_gaps(table):
    out = read_inputs(table).one_hot().fit_transform(read_inputs(table).X)
    # ward a, b, gap; grade 1, 2; five numbers; flags of dose, count and day
    assert out.shape == (4, 3 + 2 + 5 + 3)
    assert np.isfinite(out).all()
    assert out[1, 6] == 1.5  # the median dose


def test_unseen_categories_and_new_gaps_are_no_error(table):
    inputs = read_inputs(table)
    prepare = inputs.one_hot().fit(inputs.X[:2])
    assert np.isfinite(prepare.transform(inputs.X)).all()
    codes = inputs.ordinal().fit(inputs.X[:1]).transform(inputs.X)
    np.testing.assert_array_equal(codes[:, 0], [0, np.nan, np.nan, 0])


def test_ordinal_puts_categories_first_and_keeps_gaps(table):
    inputs = read_inputs(table)
    out = inputs.ordinal().fit_transform(inputs.X)
    np.testing.assert_array_equal(out[:, 0], [0, 1, np.nan, 0])
    np.testing.assert_array_equal(out[:, 3], table["dose"])


def test_preparation_learns_from_the_training_rows_only(table):
    inputs = read_inputs(table)
    model = make_pipeline(inputs.one_hot(), FunctionTransformer()).fit(inputs.X[2:])
    # the median of 1.5 and 2.5; row 1 has no dose and was not in training
    assert model.transform(inputs.X)[1, 5] == 2.0


def test_arrays_of_numbers_stay_as_they_are():
    X = np.arange(6).reshape(3, 2)
    inputs = read_inputs(X)
    assert inputs.X is X
    assert inputs.one_hot() is None
    assert inputs.ordinal() is None


def test_gaps_in_arrays_are_imputed_for_those_who_need_it():
    X = np.array([[1.0, np.nan], [3.0, 2.0]])
    inputs = read_inputs(X)
    assert inputs.has_missing
    assert np.isfinite(inputs.one_hot().fit_transform(X)).all()
    assert inputs.ordinal() is None


def test_arrays_of_objects_become_a_table():
    X = np.array([[1, "a"], [2.5, None]], dtype=object)
    inputs = read_inputs(X)
    assert inputs.numeric == ["x0"]
    assert inputs.categorical == ["x1"]


def test_polars_and_sparse_inputs():
    inputs = read_inputs(pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}))
    assert (inputs.numeric, inputs.categorical) == (["a"], ["b"])
    matrix = read_inputs(sparse.coo_matrix(np.eye(3))).X
    assert take_rows(matrix, np.array([2, 0])).toarray().tolist() == [
        [0, 0, 1],
        [1, 0, 0],
    ]


def test_time_zones_and_durations_are_days():
    table = pd.DataFrame(
        {
            "at": pd.to_datetime(["1970-01-02T01:00:00+01:00"]),
            "took": pd.to_timedelta(["12h"]),
        }
    )
    assert read_inputs(table).X.iloc[0].tolist() == [1.0, 0.5]


def test_rows_are_taken_in_the_form_of_x(table):
    assert take_rows(table, np.array([3, 1])).index.tolist() == [3, 1]
    assert n_rows(table) == n_rows(table.to_numpy()) == 4
    assert n_rows([[1], [2]]) == 2


def test_categories_are_told_apart_by_value():
    column = pd.Series([1, 1.0, "1", "x", None, pd.NA], dtype=object)
    found = read_inputs(pd.DataFrame({"a": column})).X["a"]
    assert found[:4].tolist() == ["1", "1", "'1'", "x"]
    assert found[4:].isna().all()


@pytest.mark.parametrize(
    "column",
    [
        pd.Series([1.0, None, 2.0], dtype=object),
        pd.Series([1.0, pd.NA, 2.0], dtype=object),
        pd.Series([1.0, np.nan, 2.0], dtype=pd.SparseDtype(float, np.nan)),
        pd.Series([1.0, None, 2.0], dtype="double[pyarrow]"),
    ],
)
def test_numbers_are_numbers_in_columns_of_any_dtype(column):
    inputs = read_inputs(pd.DataFrame({"a": column}))
    assert inputs.numeric == ["a"]
    np.testing.assert_array_equal(inputs.X["a"], [1.0, np.nan, 2.0])


def test_texts_are_texts_in_columns_of_any_dtype():
    text = pa.array(["u", None]).dictionary_encode()
    arrow = pd.Series(text, dtype=pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string())))
    inputs = read_inputs(
        pd.DataFrame({"a": arrow, "b": pd.Series([None, None], dtype=object)})
    )
    assert inputs.categorical == ["a", "b"]
    assert inputs.X["a"][0] == "u"
    assert pd.isna(inputs.X["a"][1])
    assert np.isfinite(inputs.one_hot().fit_transform(inputs.X)).all()


def test_columns_of_the_same_name_are_refused():
    table = pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])
    with pytest.raises(ValueError, match=r"column names \['a'\] of X occur more than"):
        read_inputs(table)


@pytest.fixture
def with_text(table):
    """Forty samples with a column of sentences, one of them missing."""
    frame = pd.concat([table] * 10, ignore_index=True)
    frame["note"] = [f"the {100 + i} ward {i % 3} called twice" for i in range(40)]
    frame.loc[5, "note"] = None
    return frame


@pytest.mark.parametrize("preparation", ["one_hot", "ordinal", "components"])
def test_free_text_becomes_components_in_every_preparation(with_text, preparation):
    inputs = read_inputs(with_text)
    assert inputs.texts == ["note"]
    assert inputs.categorical == ["ward", "grade"]
    prepare = clone(getattr(inputs, preparation)())
    found = prepare.fit(inputs.X[:35]).transform(inputs.X)
    names = [n for n in prepare.get_feature_names_out() if n.startswith("note")]
    assert len(names) == 30
    vectors = np.asarray(found)[:, [*prepare.get_feature_names_out()].index(names[0]) :]
    vectors = vectors[:, :30].astype(float)
    assert vectors[5].tolist() == [0.0] * 30
    assert (np.linalg.norm(np.delete(vectors, 5, axis=0), axis=1) > 0.1).all()


def test_models_that_prepare_inputs_themselves_get_the_other_columns_as_they_are(
    with_text,
):
    inputs = read_inputs(with_text)
    found = inputs.components().fit_transform(inputs.X)
    others = [*inputs.numeric, *inputs.categorical]
    pd.testing.assert_frame_equal(found[others], inputs.X[others])
    assert read_inputs(with_text.drop(columns="note")).components() is None
