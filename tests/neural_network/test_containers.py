"""Inputs of every kind: missing values, sparse matrices, frames."""

import re
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from tests.neural_network.nets import (
    ALL,
    EXACT,
    parameters,
    same_bits,
    table,
    targets_of,
    tiny,
)

X, Y = table()
GAPS = X.copy()
GAPS[::5, 1] = np.nan


def test_missing_inputs_are_the_median_with_a_flag():
    model = tiny(MultiTaskClassifier, **EXACT).fit(GAPS, Y[:, 0])
    imputed = SimpleImputer(strategy="median").fit_transform(GAPS)
    columns = np.c_[StandardScaler().fit_transform(imputed), np.isnan(GAPS[:, 1])]
    np.testing.assert_allclose(
        model._state.preparation.transform(model._read_fitted(GAPS)), columns
    )
    assert parameters(model)["trunk.0.weight"].shape == (1, 5, 8)


def test_values_may_be_missing_in_predict_only():
    model = tiny(MultiTaskClassifier, n_members=3, early_stopping=True, batch_size=32)
    model.fit(X, Y[:, :2])
    proba = model.predict_proba(GAPS)
    assert all(np.isfinite(p).all() for p in proba)
    complete = ~np.isnan(GAPS[:, 1])
    np.testing.assert_allclose(proba[0][complete], model.predict_proba(X[complete])[0])


def test_a_column_without_any_value_does_not_matter():
    empty = np.c_[X, np.full(120, np.nan)]
    for n_members in (1, 2):
        model = tiny(MultiTaskRegressor, n_members=n_members, early_stopping=True)
        predicted = model.fit(empty, Y[:, 2]).predict(empty)
        assert np.isfinite(predicted).all()
        np.testing.assert_array_equal(predicted, model.predict(empty))


def test_a_constant_column_does_not_divide_by_zero():
    constant = np.c_[X, np.full(120, 1e6)]
    model = tiny(MultiTaskRegressor).fit(constant, Y[:, 2])
    assert np.isfinite(model.predict(constant)).all()


def test_outliers_are_clipped():
    wild = X.copy()
    wild[0] = 1e12
    model = tiny(MultiTaskClassifier).fit(X, Y[:, 0])
    assert np.isfinite(model.predict_proba(wild)).all()
    far = X.copy()
    far[0] = 1e3
    np.testing.assert_allclose(
        model.predict_proba(wild)[0], model.predict_proba(far)[0]
    )


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
def test_a_sparse_x_is_scaled_without_centring(container):
    column = np.where(np.abs(X[:, :1]) > 0.7, X[:, :1], 0.0)
    thin = column * [1.0, 2.0, 1e4, -3.0]
    model = tiny(MultiTaskClassifier, **EXACT).fit(container(thin), Y[:, 0])
    columns = model._state.preparation.transform(model._read_fitted(container(thin)))
    assert sparse.issparse(columns)
    np.testing.assert_allclose(columns.toarray(), thin / thin.std(axis=0))
    proba = model.predict_proba(container(thin))
    assert proba.shape == (120, 2)


@pytest.mark.parametrize("n_members", [1, 3])
def test_sparse_and_dense_differ_by_the_centre_only(n_members):
    # Four orders of one column, so that none is rare and the scale is the deviation of
    # each, and every row with its negative, so that there is no centre to take away.
    rng, column = np.random.default_rng(0), np.where(np.abs(X[:60, 0]) > 0.7, 1.0, 0.0)
    half = np.column_stack([rng.permutation(column * X[:60, 0]) for _ in range(4)])
    thin = np.vstack([half, -half])
    model = tiny(MultiTaskClassifier, n_members=n_members, **{**EXACT, "lr": 0.02})

    def outputs(X):
        return np.hstack(model.fit(X, Y[:, :2]).predict_proba(X))

    np.testing.assert_allclose(outputs(sparse.csr_array(thin)), outputs(thin))
    thin[0] += 40.0
    assert not np.allclose(outputs(sparse.csr_array(thin)), outputs(thin))


@pytest.mark.parametrize("cls", ALL)
def test_frames_are_read_as_arrays_and_their_names_kept(cls):
    y = targets_of(cls, Y)
    names = ["age", "height", "dose", "noise"]
    expected = tiny(cls).fit(X, y)
    for frame in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)):
        model = tiny(cls).fit(frame, y)
        assert same_bits(model, expected)
        assert model.feature_names_in_.tolist() == names
        assert model.n_features_in_ == 4
        np.testing.assert_array_equal(model.predict(frame), expected.predict(X))


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.uint8, bool])
def test_numbers_of_any_type_are_taken(dtype):
    values = (10 * np.abs(X)).astype(dtype)
    model = tiny(MultiTaskClassifier).fit(values, Y[:, 0])
    assert same_bits(
        model, tiny(MultiTaskClassifier).fit(values.astype(float), Y[:, 0])
    )


def test_the_callers_arrays_stay_as_they_are():
    inputs, labels, weight = GAPS.copy(), Y.copy(), np.ones(Y.shape)
    for array in (inputs, labels, weight):
        array.flags.writeable = False
    model = tiny(ALL[2], n_members=2, early_stopping=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(inputs, labels, sample_weight=weight).predict(inputs)
    np.testing.assert_array_equal(inputs, GAPS)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (
            np.where(X > 2, np.inf, X),
            "Input X contains infinity or a value too large for",
        ),
        (X[:0], "Found array with 0 sample(s) (shape=(0, 4)) while a minimum of 1 is"),
        (
            X[:, :0],
            "Found array with 0 feature(s) (shape=(120, 0)) while a minimum of 1",
        ),
        (X[:, 0], "Expected 2D array, got 1D array instead"),
        (X[:, :, None], "Found array with dim 3, while dim <= 2 is required by Multi"),
        (X.astype(complex), "Complex data not supported"),
        (np.full((120, 2), "a"), "could not convert string to float"),
        (
            X[:50],
            "Found input variables with inconsistent numbers of samples: [50, 120]",
        ),
    ],
)
def test_wrong_inputs_are_explained(inputs, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}"):
        tiny(MultiTaskClassifier).fit(inputs, Y[:, 0])


@pytest.mark.parametrize("method", ["predict", "predict_proba", "transform", "score"])
def test_a_wrong_number_of_columns_is_said_everywhere(method):
    model = tiny(MultiTaskClassifier).fit(X, Y[:, 0])
    message = (
        "X has 3 features, but MultiTaskClassifier is expecting 4 features as input"
    )
    arguments = [X[:, :3]] + [Y[:, 0]] * (method == "score")
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(*arguments)


def test_other_names_of_columns_are_refused():
    model = tiny(MultiTaskClassifier).fit(
        pd.DataFrame(X, columns=list("abcd")), Y[:, 0]
    )
    with pytest.raises(ValueError, match="feature names should match those that were"):
        model.predict(pd.DataFrame(X, columns=list("abce")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"lr": 0.0},
            "'lr' parameter of MultiTaskClassifier must be a float in the ran",
        ),
        (
            {"dropout": 1.0},
            "'dropout' parameter of MultiTaskClassifier must be a float",
        ),
        (
            {"activation": "swish"},
            "'activation' parameter of MultiTaskClassifier must be",
        ),
        (
            {"n_members": 0},
            "'n_members' parameter of MultiTaskClassifier must be an int",
        ),
        (
            {"hidden_layer_sizes": 8},
            "'hidden_layer_sizes' parameter of MultiTaskClassif",
        ),
        (
            {"dtype": "float8"},
            "'dtype' parameter of MultiTaskClassifier must be a str",
        ),
        (
            {"callbacks": 3},
            "'callbacks' parameter of MultiTaskClassifier must be an in",
        ),
        (
            {"validation_fraction": 1.0},
            "'validation_fraction' parameter of MultiTaskCl",
        ),
        ({"optimizer": "lion"}, "'optimizer' parameter of MultiTaskClassifier must be"),
        (
            {"on_empty_task": "skip"},
            "'on_empty_task' parameter of MultiTaskClassifier m",
        ),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=f"^The {message}"):
        tiny(MultiTaskClassifier, **arguments).fit(X, Y[:, 0])


@pytest.mark.parametrize("optimizer", [int, "lbfgs"])
def test_what_is_no_optimiser_for_batches_is_refused(optimizer):
    import torch

    optimizer = torch.optim.LBFGS if optimizer == "lbfgs" else optimizer
    message = (
        "MultiTaskClassifier: optimizer must be one of ['adam', 'adamw', 'sgd'] or a "
        "subclass of torch.optim.Optimizer that needs no closure; got "
    )
    with pytest.raises(TypeError, match=f"^{re.escape(message)}"):
        tiny(MultiTaskClassifier, optimizer=optimizer).fit(X, Y[:, 0])
