"""Edges of the embedding against quantiles and regression trees."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from sklearn_mtl.preprocessing import PiecewiseLinear
from sklearn_mtl.preprocessing._edges import (
    compress_targets,
    embeddable_columns,
    embedding_edges,
)


def test_columns_of_up_to_three_values_are_not_embedded():
    X = np.column_stack(
        [
            np.arange(300) % 3,
            np.arange(300) % 4,
            np.r_[np.zeros(297), 1, 2, 3],  # the fourth value comes late
            np.where(np.arange(300) % 2, np.nan, 1.0),
            np.arange(300),
        ]
    ).astype(float)
    assert embeddable_columns(X).tolist() == [1, 2, 4]


def test_without_splits_the_edges_are_quantiles():
    X = np.random.default_rng(0).normal(size=(200, 3))
    spec = PiecewiseLinear(n_quantiles=4, n_splits=0)
    edges = embedding_edges(spec, X, np.zeros((200, 1)), np.ones(200))
    levels = np.linspace(0, 1, 5)
    expected = np.quantile(X, levels, axis=0, method="inverted_cdf").T
    np.testing.assert_array_equal(edges, expected)


def test_equal_edges_are_moved_to_the_end():
    X = np.r_[np.zeros(80), np.arange(1.0, 21.0)][:, None]
    spec = PiecewiseLinear(n_quantiles=8, n_splits=0)
    edges = embedding_edges(spec, X, np.zeros((100, 1)), np.ones(100))[0]
    n_distinct = len(np.unique(edges))
    assert edges[0] == 0.0
    assert (np.diff(edges[:n_distinct]) > 0).all()
    assert (edges[n_distinct - 1 :] == 20.0).all()


def test_a_jump_of_the_targets_becomes_an_edge():
    X = np.linspace(0, 1, 640)[:, None]
    targets = np.column_stack([X[:, 0] > 0.25, X[:, 0] > 0.75]).astype(float)
    spec = PiecewiseLinear(n_quantiles=2, n_splits=2)
    edges = embedding_edges(spec, X, targets, np.ones(640))[0]
    np.testing.assert_allclose(edges, [0, 0.25, 0.5, 0.75, 1], atol=0.01)


@pytest.mark.parametrize("n_splits", [1, 3, 6])
def test_splits_gain_what_a_tree_on_the_same_thresholds_gains(n_splits):
    rng = np.random.default_rng(0)
    X = rng.integers(0, 40, size=(2000, 1)).astype(float)  # each value a candidate
    targets = np.column_stack([np.sin(X[:, 0] / 5), np.abs(X[:, 0] - 13) / 10])
    targets += 0.05 * rng.normal(size=targets.shape)
    spec = PiecewiseLinear(n_quantiles=2, n_splits=n_splits)
    ends = {X.min(), X.max(), np.median(X)}
    edges = embedding_edges(spec, X, targets, np.ones(2000))[0]
    splits = np.array(sorted(set(edges) - ends))
    tree = DecisionTreeRegressor(max_leaf_nodes=n_splits + 1).fit(X, targets)
    node = np.searchsorted(splits, X[:, 0])
    means = np.array([targets[node == k].mean(axis=0) for k in range(len(splits) + 1)])
    error = np.sum((targets - means[node]) ** 2)
    best = np.sum((targets - tree.predict(X)) ** 2)
    assert error <= best * 1.05


def test_a_target_of_pure_noise_still_gives_ascending_edges():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 5))
    edges = embedding_edges(
        PiecewiseLinear(), X, rng.normal(size=(300, 2)), np.ones(300)
    )
    assert edges.shape == (5, 25)
    assert (np.diff(edges) >= 0).all()
    np.testing.assert_array_equal(edges[:, 0], X.min(axis=0))
    np.testing.assert_array_equal(edges[:, -1], X.max(axis=0))


def test_whole_number_weights_repeat_rows():
    rng = np.random.default_rng(0)
    X, targets = rng.normal(size=(200, 3)), rng.normal(size=(200, 2))
    targets[:, 0] += X[:, 0] > 0.5
    weights = rng.integers(1, 4, size=200)
    rows = np.repeat(np.arange(200), weights)
    spec = PiecewiseLinear()
    weighted = embedding_edges(spec, X, targets, weights.astype(float))
    repeated = embedding_edges(spec, X[rows], targets[rows], np.ones(len(rows)))
    np.testing.assert_array_equal(weighted, repeated)


def test_few_targets_stay_and_many_keep_what_they_vary_in():
    rng = np.random.default_rng(0)
    weights = rng.integers(1, 3, size=100).astype(float)
    few = rng.normal(size=(100, 8))
    assert compress_targets(few, weights) is few
    signal = rng.normal(size=(100, 3))
    many = signal @ rng.normal(size=(3, 40))
    kept = compress_targets(many, weights)
    assert kept.shape == (100, 8)
    np.testing.assert_allclose(kept @ kept.T, many @ many.T, atol=1e-8)


def test_of_splits_that_gain_the_same_the_first_is_taken():
    X = np.repeat(np.arange(8.0), 30)[:, None]
    even = np.abs(X - 3.5) ** [0.5, 1.0]
    spec = PiecewiseLinear(n_quantiles=2, n_splits=1)
    for seed in range(10):
        targets = even @ np.random.default_rng(seed).uniform(size=(2, 5))
        targets = (targets - targets.mean(axis=0)) / targets.std(axis=0)
        edges = embedding_edges(spec, X, targets, np.ones(240))[0]
        assert edges.tolist() == [0.0, 1.0, 3.0, 7.0]  # 5 is as good as 1
