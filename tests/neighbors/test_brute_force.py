"""The exact index, against plain float64 products that are sorted whole."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.estimator_checks import parametrize_with_checks

from sklearn_mtl.neighbors import BruteForceIndex


def rows_of(n, d=8, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def sorted_whole(queries, items, k, metric):
    """Return the k nearest by a stable sort of rounded float64 scores."""
    queries, items = queries.astype(np.float64), items.astype(np.float64)
    scores = np.einsum("qd,gd->qg", queries, items)
    if metric == "euclidean":
        scores -= (items**2).sum(axis=1) / 2
    order = np.argsort(-scores.astype(np.float32), axis=1, kind="stable")
    return order[:, :k]


@parametrize_with_checks([BruteForceIndex(1), BruteForceIndex(1, metric="euclidean")])
def test_it_passes_every_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n", "k"), [(3000, 1), (3000, 10), (3000, 600), (50, 50)])
def test_it_finds_what_sorting_all_products_finds(metric, n, k):
    index = BruteForceIndex(metric=metric, chunk_size=200).fit(rows_of(n))
    queries = rows_of(300, seed=1)
    if metric == "cosine":
        queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    found = index.kneighbors(queries, k, return_distance=False)
    expected = sorted_whole(queries, index.rows_, k, metric)
    assert (found == expected).mean() > 0.9999


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_it_agrees_with_scikit_learn(metric):
    items, queries = rows_of(2000), rows_of(100, seed=1)
    theirs = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute")
    expected, places = theirs.fit(items.astype(float)).kneighbors(queries.astype(float))
    distances, indices = (
        BruteForceIndex(7, metric=metric).fit(items).kneighbors(queries)
    )
    np.testing.assert_array_equal(indices, places)
    np.testing.assert_allclose(distances, expected, atol=1e-6)
    assert distances.dtype == np.float32


@pytest.mark.parametrize("chunk_size", [None, 100])
@pytest.mark.parametrize("offset", [100, 10_000])
def test_rows_far_from_the_origin_are_searched_exactly(offset, chunk_size):
    items, queries = offset + rows_of(2000, 64), offset + rows_of(50, 64, seed=1)
    theirs = NearestNeighbors(n_neighbors=10, algorithm="brute")
    expected, places = theirs.fit(items.astype(float)).kneighbors(queries.astype(float))
    index = BruteForceIndex(metric="euclidean", chunk_size=chunk_size).fit(items)
    distances, indices = index.kneighbors(queries)
    np.testing.assert_allclose(distances, expected, rtol=1e-4)
    assert (np.diff(distances, axis=1) >= 0).all()
    if offset == 100:  # of 10,000 the last digits of float32 make distances equal
        np.testing.assert_array_equal(indices, places)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_result_does_not_depend_on_the_chunk_size(metric):
    # of few values, so that there are ties, duplicates and floods of candidates
    items = np.random.default_rng(0).integers(0, 3, size=(5000, 6)).astype(np.float32)
    queries = items[::50]
    results = [
        BruteForceIndex(20, metric=metric, chunk_size=size)
        .fit(items)
        .kneighbors(queries)
        for size in (None, 1, 100, 777, 5000, 10**6)
    ]
    for distances, indices in results[1:]:
        np.testing.assert_array_equal(distances, results[0][0])
        np.testing.assert_array_equal(indices, results[0][1])


def test_a_query_finds_the_same_alone_and_among_others():
    index = BruteForceIndex(5).fit(rows_of(4000, 64))
    queries = rows_of(300, 64, seed=1)
    distances, indices = index.kneighbors(queries)
    for q in (0, 17, 299):
        alone = index.kneighbors(queries[q : q + 1])
        np.testing.assert_array_equal(alone[0][0], distances[q])
        np.testing.assert_array_equal(alone[1][0], indices[q])


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_equals_come_in_the_order_of_the_items(metric):
    items = np.repeat(rows_of(3), 2000, axis=0)[np.argsort(np.arange(6000) % 7)]
    found = BruteForceIndex(30, metric=metric).fit(items).kneighbors(items[:5])[1]
    for query, indices in zip(items[:5], found, strict=True):
        same = np.flatnonzero((items == query).all(axis=1))
        np.testing.assert_array_equal(indices, same[:30])


def test_a_permuted_gallery_gives_the_same_distances():
    items, queries = rows_of(3000), rows_of(50, seed=1)
    order = np.random.default_rng(2).permutation(len(items))
    distances, indices = BruteForceIndex().fit(items).kneighbors(queries)
    permuted, places = BruteForceIndex().fit(items[order]).kneighbors(queries)
    np.testing.assert_array_equal(distances, permuted)
    np.testing.assert_array_equal(indices, order[places])


@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([0.0, 1e-8, 1e-5]))
def test_near_ties_are_found_exactly(seed, k, spread):
    rng = np.random.default_rng(seed)
    items = (1 + spread * rng.normal(size=(400, 5))).astype(np.float32)
    index = BruteForceIndex(k, chunk_size=int(rng.integers(1, 500))).fit(items)
    queries = index.rows_[:3]
    found = index.kneighbors(queries, return_distance=False)
    np.testing.assert_array_equal(
        found, sorted_whole(queries, index.rows_, k, "cosine")
    )


def test_a_row_of_zeros_is_at_distance_one_from_everything():
    index = BruteForceIndex(3).fit([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    distances, indices = index.kneighbors([[0.0, 0.0], [2.0, 0.0]])
    np.testing.assert_array_equal(distances, [[1, 1, 1], [0, 1, 2]])
    np.testing.assert_array_equal(indices, [[0, 1, 2], [1, 0, 2]])


def test_unit_rows_are_not_copied():
    items = BruteForceIndex().fit(rows_of(100)).rows_
    assert BruteForceIndex().fit(items).rows_ is items


@pytest.mark.parametrize("k", [10, 2000])
def test_a_search_needs_little_memory_beside_the_items(k):
    index = BruteForceIndex(k).fit(rows_of(40_000, 32))
    queries = rows_of(200, 32, seed=1)
    tracemalloc.start()
    index.kneighbors(queries)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 2**20


@pytest.mark.parametrize(
    ("n_neighbors", "error", "match"),
    [
        (6, ValueError, "n_neighbors is 6; the gallery has 5 items"),
        (0, ValueError, "allowed is 1 to 5"),
        (2.5, TypeError, "must be an integer, found 2.5"),
        (True, TypeError, "must be an integer, found True"),
    ],
)
def test_a_wrong_number_of_neighbors_is_refused(n_neighbors, error, match):
    index = BruteForceIndex().fit(rows_of(5))
    with pytest.raises(error, match=f"BruteForceIndex: .*{match}"):
        index.kneighbors(rows_of(1), n_neighbors)
