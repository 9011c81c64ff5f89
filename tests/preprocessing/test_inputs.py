"""Which columns are categorical, and what becomes of them."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.preprocessing import OneHotEncoder

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.exceptions import UnseenCategoryWarning
from tests.neural_network.nets import EXACT, parameters, same_bits, table, tiny
from tests.zoo import SMALL_NET

X, Y = table()
WARD = np.where(X[:, 3] > 0, "north", "south")
FRAME = pd.DataFrame(X[:, :3], columns=list("abc")).assign(ward=WARD)


def fit(inputs, **arguments):
    return tiny(MultiTaskClassifier, **EXACT, **arguments).fit(inputs, Y[:, 0])


def columns_of(model, inputs):
    return model._state.preparation.transform(model._read_fitted(inputs))


@pytest.mark.parametrize(
    "ward",
    [
        WARD,
        WARD.astype(object),
        pd.Categorical(WARD),
        pd.array(WARD, dtype="string"),
        pd.Categorical(np.where(WARD == "north", 7, 9)),
    ],
    ids=lambda ward: f"{type(ward).__name__}-{ward.dtype}",
)
def test_text_and_categories_of_a_frame_are_one_hot(ward):
    frame = FRAME.assign(ward=ward)
    model = fit(frame)
    expected = OneHotEncoder(sparse_output=False).fit_transform(np.c_[WARD])
    np.testing.assert_array_equal(columns_of(model, frame)[:, 3:], expected)
    np.testing.assert_array_equal(model.is_categorical_, [False] * 3 + [True])


@pytest.mark.parametrize(
    "make",
    [
        lambda: pl.DataFrame(FRAME.to_dict("list")),
        lambda: pl.DataFrame(FRAME.to_dict("list")).cast({"ward": pl.Categorical}),
    ],
)
def test_polars_and_pandas_say_the_same(make):
    model = fit(make())
    assert same_bits(model, fit(FRAME))
    np.testing.assert_array_equal(model.predict(make()), model.predict(FRAME))


CODES = np.column_stack([X[:, :3], WARD == "north"])


@pytest.mark.parametrize(
    ("inputs", "features"),
    [
        (CODES, [3]),
        (CODES, np.array([False, False, False, True])),
        (CODES.tolist(), [3]),
        (pd.DataFrame(CODES, columns=list("abcd")), ["d"]),
        (np.column_stack([X[:, :3].astype(object), WARD]), [3]),
    ],
)
def test_columns_can_be_named_numbered_or_masked(inputs, features):
    model = fit(inputs, categorical_features=features)
    assert columns_of(model, inputs).shape == (120, 5)
    np.testing.assert_array_equal(model.is_categorical_, [False] * 3 + [True])


def test_without_categories_numbers_stay_numbers():
    frame = pd.DataFrame(CODES, columns=list("abcd"))
    assert columns_of(fit(frame), frame).shape == (120, 4)
    assert fit(frame).is_categorical_ is None
    assert fit(frame, categorical_features=None).is_categorical_ is None


def test_only_categories_are_enough():
    frame = FRAME[["ward"]].assign(other=WARD[::-1])
    assert columns_of(fit(frame), frame).shape == (120, 4)


def test_numbers_beside_categories_may_be_nullable_or_missing():
    gap = pd.array(np.where(X[:, 0] > 1, None, 3), dtype="Int64")
    frame = FRAME.assign(gap=gap, switch=X[:, 1] > 0)
    model = fit(frame)
    found = columns_of(model, frame)
    assert np.isfinite(found).all()
    assert found.shape == (120, 3 + 2 + 1 + 2)  # numbers, gap and switch, flag, wards
    np.testing.assert_array_equal(found[:, 5], frame["gap"].isna())


def test_a_category_unseen_or_missing_is_none_of_those_seen():
    model = fit(FRAME)
    strange = FRAME.assign(ward=np.where(X[:, 0] > 0, "east", None))
    message = "^MultiTaskClassifier: X has .* column 'ward': .* such as 'east'"
    with pytest.warns(UnseenCategoryWarning, match=message) as said:
        np.testing.assert_array_equal(columns_of(model, strange)[:, 3:], 0.0)
    assert len(said) == 1
    with pytest.warns(UnseenCategoryWarning):
        assert np.isfinite(model.predict_proba(strange)).all()


def test_a_missing_category_is_one_of_its_own_if_it_was_seen():
    frame = FRAME.assign(ward=np.where(X[:, 0] > 1, None, WARD))
    assert columns_of(fit(frame), frame).shape == (120, 6)


def test_rare_categories_share_a_column():
    frame = FRAME.assign(ward=[f"bed{i % 100}" for i in range(120)])
    model = fit(frame)
    found = columns_of(model, frame)[:, 3:]
    assert found.shape == (120, 64)
    np.testing.assert_array_equal(found.sum(axis=1), 1.0)
    assert found[:, -1].sum() > 30


def test_a_row_of_weight_zero_brings_no_category():
    frame = FRAME.assign(ward=np.where(np.arange(120) < 3, "attic", WARD))
    model = tiny(MultiTaskClassifier, **EXACT)
    weight = (np.arange(120) >= 3).astype(float)
    found = parameters(model.fit(frame, Y[:, 0], sample_weight=weight))
    alone = parameters(model.fit(frame[3:], Y[3:, 0]))
    for name, value in alone.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (
            ["z"],
            "categorical_features contains unknown columns ['z']; X has the columns "
            "['a', 'b', 'c', ",
        ),
        (
            [4],
            "categorical_features contains unknown columns [4]; X has the columns "
            "['a', 'b', 'c', 'wa",
        ),
        (
            [-1],
            "categorical_features contains unknown columns [-1]; X has the columns "
            "['a', 'b', 'c', ",
        ),
        ([True], "categorical_features is a mask of shape (1,), but X has 4 columns."),
        (
            "ward",
            "categorical_features must be 'from_dtype', None, or names, indices or "
            "a mask of columns; got 'ward'.",
        ),
    ],
)
def test_wrong_columns_are_explained(features, message):
    message = f"^MultiTaskClassifier: {re.escape(message)}"
    with pytest.raises(ValueError, match=message):
        fit(FRAME, categorical_features=features)


@pytest.mark.parametrize(
    ("column", "dtype"),
    [
        (pd.date_range("2020-01-01", periods=120), "datetime64"),
        (pd.to_timedelta(np.arange(120), unit="D"), "timedelta64"),
        (pd.Series([f"x{i}" for i in range(120)], dtype=object), "object"),
    ],
)
def test_a_column_that_holds_no_numbers_is_named(column, dtype):
    frame = FRAME.assign(when=column)
    message = (
        rf"column 'when' of X is of dtype {dtype}.*; numbers are needed. Encode it "
        "as numbers first, or name it in categorical_features"
    )
    with pytest.raises(ValueError, match=message):
        fit(frame, categorical_features=["ward"])


def test_infinity_beside_categories_is_refused():
    with pytest.raises(ValueError, match="Input X contains infinity"):
        fit(FRAME.assign(a=np.inf))


def test_the_columns_must_be_those_of_fit():
    model = fit(FRAME)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(FRAME[["a", "b", "c"]])
    with pytest.raises(ValueError, match="Expected 2D array, got 1D"):
        fit(X[:, 0], categorical_features=[0])


def test_a_sparse_x_has_no_categories():
    message = "categorical_features is not supported for a sparse X. Encode the"
    with pytest.raises(ValueError, match=message):
        fit(sparse.csr_array(CODES), categorical_features=[3])


def test_sparse_and_dense_hold_the_same_numbers_after_fit():
    thin = np.where(np.abs(X) > 0.7, X, 0.0)
    for first, second in (
        (thin, sparse.csr_array(thin)),
        (sparse.csr_array(thin), thin),
    ):
        model = fit(first)
        np.testing.assert_allclose(
            model.predict_proba(second), model.predict_proba(first)
        )


class TestOneSample:
    """A small array of doubles is taken as it is; all else is checked as ever."""

    @pytest.fixture
    def net(self):
        X = np.random.default_rng(0).standard_normal((60, 3))
        return MultiTaskRegressor(**SMALL_NET).fit(X, X[:, :2])

    def test_it_is_predicted_as_in_any_other_container(self, net):
        for row in ([[0.5, np.nan, -1.0]], [[0.5, 1e30, -1.0]]):
            expected = net.predict(row)  # a list takes the long way
            assert np.array_equal(net.predict(np.array(row)), expected)
            assert np.array_equal(net.predict(np.asfortranarray(row)), expected)

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ([[0.5, np.inf, 0.0]], "infinity"),
            ([[0.5, 0.0]], "X has 2 features"),
            ([0.5, 0.0, 0.0], "Expected 2D array"),
            (np.empty((0, 3)), "0 sample"),
        ],
    )
    def test_what_is_wrong_is_said(self, net, row, message):
        with pytest.raises(ValueError, match=message):
            net.predict(np.array(row))

    def test_names_that_are_missing_are_warned_of(self):
        X = pd.DataFrame(np.random.default_rng(0).standard_normal((60, 2)))
        X.columns = ["a", "b"]
        net = MultiTaskRegressor(**SMALL_NET).fit(X, X)
        with pytest.warns(UserWarning, match="does not have valid feature names"):
            net.predict(X.to_numpy()[:1])
