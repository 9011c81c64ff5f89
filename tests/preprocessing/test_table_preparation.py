import numpy as np
import pytest

from sklearn_mtl.preprocessing import (
    PiecewiseLinear,
    Table,
    TablePreparation,
    _statistics,
    _table_preparation,
)


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    X = rng.gamma(1.0, size=(600, 7))
    X[rng.random(X.shape) < 0.1] = np.nan
    X[:, 3] = np.round(rng.random(600))  # complete, and not embedded
    return X


def fitted(X, n_sets=3):
    rng = np.random.default_rng(1)
    weights = rng.integers(0, 3, size=(n_sets, len(X))).astype(float)
    targets = np.nan_to_num(X[:, :2])
    preparation = TablePreparation(PiecewiseLinear())
    return preparation.fit(Table(X, None), weights, lambda m: targets)


def test_statistics_are_the_same_a_few_columns_at_a_time(columns, monkeypatch):
    whole = fitted(columns)
    monkeypatch.setattr(_statistics, "_BLOCK", 2 * len(columns))
    parts = fitted(columns)
    for name in ("mean_", "scale_", "fill_", "edges_"):
        found, expected = getattr(parts, name), getattr(whole, name)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    assert parts.columns_.tolist() == whole.columns_.tolist() == [0, 1, 2, 4, 5, 6]
    assert parts.flagged_.tolist() == whole.flagged_.tolist() == [0, 1, 2, 4, 5, 6]


def test_single_precision_is_read_in_double_precision(columns):
    single = columns.astype(np.float32)
    found, expected = fitted(single), fitted(single.astype(np.float64))
    for name in ("mean_", "scale_", "fill_", "edges_"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    prepared = found.transform(Table(single, None))
    assert prepared.dtype == np.float64
    double = Table(single.astype(np.float64), None)
    np.testing.assert_array_equal(prepared, expected.transform(double))


def test_edges_of_many_samples_come_from_a_sample(monkeypatch):
    X = np.random.default_rng(2).normal(size=(20_000, 2))
    shares = np.linspace(0, 1, 9)[1:-1]  # eight quantile bins

    def edges():
        weights, spec = np.ones((1, len(X))), PiecewiseLinear(n_splits=0)
        preparation = TablePreparation(spec)
        preparation.fit(Table(X, None), weights, lambda m: X)
        return preparation.edges_[0]

    whole = edges()
    monkeypatch.setattr(_table_preparation, "EDGE_SAMPLES", 5_000)
    found = edges()
    np.testing.assert_array_equal(found, edges())
    assert (found != whole).any()
    standard = (X - X.mean(axis=0)) / X.std(axis=0)
    for j in (0, 1):
        below = np.searchsorted(np.sort(standard[:, j]), found[j, 1:-1]) / len(X)
        # four standard errors of a median of 5000
        np.testing.assert_allclose(below, shares, atol=4 * 0.5 / np.sqrt(5_000))
