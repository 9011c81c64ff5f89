"""Weighted statistics against NumPy on repeated rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from sklearn_mtl.preprocessing._statistics import (
    column_medians,
    column_moments,
    column_quantiles,
    sparse_scales,
    wide_scales,
)

NAN = np.nan


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) * [1.0, 1e3, 1e-3] + [0.0, 5e4, 7.0]
    X[:, 2] = np.round(X[:, 2], 3)  # ties
    weights = rng.integers(0, 4, size=(4, 50)).astype(float)
    return X, weights


@pytest.mark.parametrize("with_gaps", [False, True])
def test_moments_are_those_of_repeated_rows(rows, with_gaps):
    X, weights = rows
    if with_gaps:
        X[::4, 1] = NAN
    mean, scale = column_moments(X, weights)
    for m, w in enumerate(weights):
        repeated = np.repeat(X, w.astype(int), axis=0)
        np.testing.assert_allclose(mean[m], np.nanmean(repeated, axis=0), rtol=1e-12)
        np.testing.assert_allclose(scale[m], np.nanstd(repeated, axis=0), rtol=1e-9)


def test_a_large_offset_does_not_cancel():
    X = np.random.default_rng(0).normal(size=(1000, 1)) + 1e9
    _, scale = column_moments(X, np.ones((1, 1000)))
    np.testing.assert_allclose(scale[0], X.std(axis=0), rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, 3.0, -1e12, 0.1])
def test_a_constant_column_has_scale_one(value):
    X = np.full((7, 1), value)
    mean, scale = column_moments(X, np.ones((2, 7)))
    np.testing.assert_allclose(mean, value)
    np.testing.assert_array_equal(scale, 1.0)


def test_a_column_without_values_has_mean_zero_and_scale_one():
    X = np.full((5, 1), NAN)
    mean, scale = column_moments(X, np.ones((2, 5)))
    np.testing.assert_array_equal(mean, 0.0)
    np.testing.assert_array_equal(scale, 1.0)
    np.testing.assert_array_equal(column_medians(X, np.ones((2, 5))), 0.0)


@given(
    X=arrays(float, (9, 2), elements=st.sampled_from([0.0, 1.0, 2.5, -3.0, NAN])),
    weights=arrays(np.int64, (2, 9), elements=st.integers(0, 3)),
)
@settings(max_examples=60)
def test_medians_are_those_of_repeated_rows(X, weights):
    found = column_medians(X, weights.astype(float))
    for m, w in enumerate(weights):
        repeated = np.repeat(X, w, axis=0)
        for j, column in enumerate(repeated.T):
            seen = column[~np.isnan(column)]
            expected = np.median(seen) if len(seen) else 0.0
            assert found[m, j] == expected


@given(
    X=arrays(float, (9, 2), elements=st.integers(-3, 3).map(float)),
    weights=arrays(np.int64, 9, elements=st.integers(0, 3)),
)
@settings(max_examples=60)
def test_quantiles_are_those_of_repeated_rows(X, weights):
    weights[0] += 1
    levels = np.array([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])
    found = column_quantiles(X, weights.astype(float), levels)
    repeated = np.repeat(X, weights, axis=0)
    expected = np.quantile(repeated, levels, axis=0, method="inverted_cdf")
    np.testing.assert_array_equal(found[1:], expected[1:])
    # at level 0 a row of weight zero may be the smallest
    assert (found[0] <= expected[0]).all()


def sparse_columns(rows):
    X, weights = rows
    X = np.where(np.median(X, axis=0) < X, X, 0.0)
    X[:, 0] = 2.0
    return X, weights


def test_scales_of_sparse_columns_weigh_rows_as_repeats(rows):
    X, weights = sparse_columns(rows)
    found = sparse_scales(sparse.csr_array(X), weights)
    np.testing.assert_array_equal(found[:, 0], 1.0)  # it does not vary
    for scale, w in zip(found, weights, strict=True):
        repeated = np.repeat(X, w.astype(int), axis=0)
        ones = np.ones((1, len(repeated)))
        expected = sparse_scales(sparse.csr_array(repeated), ones)[0]
        np.testing.assert_allclose(scale, expected, rtol=1e-6)


def test_scales_of_sparse_columns_follow_their_units(rows):
    X, weights = sparse_columns(rows)
    units = np.linspace(0.1, 1e4, X.shape[1])
    found = sparse_scales(sparse.csr_array(X * units), weights)
    plain = sparse_scales(sparse.csr_array(X), weights)
    np.testing.assert_allclose(found[:, 1:], (plain * units)[:, 1:], rtol=1e-6)


def test_wide_columns_in_one_unit_keep_their_proportions(rows):
    X, weights = sparse_columns(rows)
    X = np.minimum(np.abs(X), 1.0) + (X > 0)  # largest values between 1 and 2
    for scale, w in zip(
        wide_scales(sparse.csr_array(X), weights), weights, strict=True
    ):
        np.testing.assert_allclose(scale, scale[0])
        norms = np.square(X / scale).sum(axis=1)
        np.testing.assert_allclose(np.average(norms, weights=w), 9.0)


def test_a_wide_column_in_another_unit_is_brought_to_the_others():
    X = np.random.default_rng(0).random((60, 5)) * [1.0, 1.0, 1.0, 1e6, 1e-6]
    X[0] = [1.0, 1.0, 1.0, 1e6, 1e-6]
    scale = wide_scales(sparse.csr_array(X), np.ones((1, 60)))[0]
    np.testing.assert_allclose(scale / scale[0], [1.0, 1.0, 1.0, 1e5, 1e-5])


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int16, np.float32])
def test_scales_of_sparse_columns_are_the_same_in_every_dtype(dtype):
    X = sparse.csr_array([[100, 0, 3], [0, 120, 0], [90, 0, 0], [0, 7, 1]], dtype=dtype)
    expected = sparse_scales(X.astype(float), np.ones((1, 4)))
    np.testing.assert_array_equal(sparse_scales(X, np.ones((1, 4))), expected)


def test_wide_columns_of_bytes_do_not_overflow():
    X = sparse.csr_array(np.full((4, 3), 200, dtype=np.uint8))
    scale = wide_scales(X, np.ones((1, 4)))
    np.testing.assert_allclose(scale, wide_scales(X.astype(float), np.ones((1, 4))))


def test_a_rare_word_is_not_louder_than_a_common_one():
    X = np.zeros((400, 3))
    X[::2, 0] = X[::10, 1] = X[0, 2] = 0.5  # in half, a tenth and one of the texts
    scale = sparse_scales(sparse.csr_array(X), np.ones((1, 400)))[0]
    deviation = X.std(axis=0)
    np.testing.assert_allclose(scale[0], deviation[0])
    assert 0.1 < deviation[2] / scale[2] < 0.2
    assert deviation[1] / scale[1] > 0.8
