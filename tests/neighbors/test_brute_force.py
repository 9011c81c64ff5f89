"""The exact index, against plain float64 products that are sorted whole."""

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
    """Return the k nearest by a stable sort of float64 distances, pair by pair."""
    queries, items = queries.astype(np.float64), items.astype(np.float64)
    if metric == "cosine":
        queries, items = (
            rows / np.linalg.norm(rows, axis=1, keepdims=True)
            for rows in (queries, items)
        )
    squares = ((queries[:, None] - items[None]) ** 2).sum(axis=2)
    return np.argsort(squares, axis=1, kind="stable")[:, :k]


@parametrize_with_checks([BruteForceIndex(1), BruteForceIndex(1, metric="euclidean")])
def test_it_passes_every_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n", "k"), [(3000, 1), (3000, 10), (800, 600), (50, 50)])
def test_it_finds_what_sorting_all_distances_finds(metric, n, k, dtype):
    items, queries = rows_of(n).astype(dtype), rows_of(60, seed=1).astype(dtype)
    found = BruteForceIndex(metric=metric).fit(items).kneighbors(queries, k)[1]
    np.testing.assert_array_equal(found, sorted_whole(queries, items, k, metric))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_it_agrees_with_scikit_learn(metric):
    items, queries = rows_of(2000), rows_of(100, seed=1)
    theirs = NearestNeighbors(n_neighbors=7, metric=metric, algorithm="brute")
    expected, places = theirs.fit(items.astype(float)).kneighbors(queries.astype(float))
    distances, indices = (
        BruteForceIndex(7, metric=metric).fit(items).kneighbors(queries)
    )
    np.testing.assert_array_equal(indices, places)
    np.testing.assert_allclose(distances, expected, atol=1e-8)
    assert distances.dtype == np.float64


def test_items_a_millimetre_apart_are_told_apart_in_a_national_grid():
    """Coordinates of 5e6 metres, of which float32 keeps half metres."""
    rng = np.random.default_rng(0)
    corner = np.array([5e5, 5.4e6])
    items = corner + np.round(rng.uniform(0, 1e5, size=(3000, 2)), 3)
    items[1::2] = items[::2] + rng.choice([-1, 1], size=(1500, 2)) * 1e-3
    queries = items + rng.uniform(-1, 1, size=items.shape) * 4e-4
    index = BruteForceIndex(1, metric="euclidean").fit(items)
    distances, indices = index.kneighbors(queries)
    np.testing.assert_array_equal(indices[:, 0], np.arange(3000))
    np.testing.assert_allclose(
        distances[:, 0], np.linalg.norm(queries - items, axis=1), rtol=1e-12
    )


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_flood_of_near_ties_is_sorted_out(metric):
    """More items than candidates compete within the rounding of a product."""
    rng = np.random.default_rng(0)
    items = np.ones((600, 3)) + 1e-9 * rng.normal(size=(600, 3))
    items[::2] *= -1  # far away from each other, so that products are large
    queries = items[:40] + 1e-9 * rng.normal(size=(40, 3))
    found = BruteForceIndex(5, metric=metric).fit(items).kneighbors(queries)[1]
    expected = sorted_whole(queries, items, 5, metric)
    assert (found == expected).mean() > (0.99 if metric == "cosine" else 0.9999)


@pytest.mark.parametrize("value", [1e-200, 1e-30, 1e30, 1e200])
def test_the_unit_of_the_representation_does_not_matter_to_the_cosine(value):
    items, queries = rows_of(200).astype(float), rows_of(20, seed=1).astype(float)
    expected = BruteForceIndex().fit(items).kneighbors(queries)
    distances, indices = BruteForceIndex().fit(value * items).kneighbors(queries)
    np.testing.assert_array_equal(indices, expected[1])
    np.testing.assert_allclose(distances, expected[0], atol=1e-15)


def test_distances_that_overflow_are_refused():
    with pytest.raises(ValueError, match=r"BruteForceIndex: .* overflow"):
        BruteForceIndex(metric="euclidean").fit([[1e200], [-1e200]])


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
    items = np.repeat(rows_of(3), 5, axis=0)[np.argsort(np.arange(15) % 7)]
    found = BruteForceIndex(5, metric=metric).fit(items).kneighbors(items[:5])[1]
    for query, indices in zip(items[:5], found, strict=True):
        same = np.flatnonzero((items == query).all(axis=1))
        np.testing.assert_array_equal(indices, same)


def test_a_permuted_gallery_gives_the_same_distances():
    items, queries = rows_of(3000), rows_of(50, seed=1)
    order = np.random.default_rng(2).permutation(len(items))
    distances, indices = BruteForceIndex().fit(items).kneighbors(queries)
    permuted, places = BruteForceIndex().fit(items[order]).kneighbors(queries)
    np.testing.assert_array_equal(distances, permuted)
    np.testing.assert_array_equal(indices, order[places])


@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([0.0, 1e-6, 1e-5]))
def test_near_ties_are_found_exactly(seed, k, spread):
    rng = np.random.default_rng(seed)
    items = 1 + spread * rng.normal(size=(400, 5))
    found = BruteForceIndex(k, metric="euclidean").fit(items).kneighbors(items[:3])
    if spread:
        expected = sorted_whole(items[:3], items, k, "euclidean")
        np.testing.assert_array_equal(found[1], expected)
    else:
        assert not found[0].any()
        assert (np.diff(found[1], axis=1) > 0).all()


def test_a_row_of_zeros_is_at_distance_one_from_everything():
    index = BruteForceIndex(3).fit([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    distances, indices = index.kneighbors([[0.0, 0.0], [2.0, 0.0]])
    np.testing.assert_array_equal(distances, [[1, 1, 1], [0, 1, 2]])
    np.testing.assert_array_equal(indices, [[0, 1, 2], [1, 0, 2]])


def test_unit_rows_are_not_copied():
    items = BruteForceIndex().fit(rows_of(100)).rows_
    assert BruteForceIndex().fit(items).rows_ is items


@pytest.mark.parametrize(
    ("n_neighbors", "error", "match"),
    [
        (6, ValueError, "n_neighbors is 6; the gallery has 5 items"),
        (0, ValueError, "between 1 and 5"),
        (2.5, TypeError, "n_neighbors is 2.5; it must be an integer"),
        (True, TypeError, "n_neighbors is True; it must be an integer"),
    ],
)
def test_a_wrong_number_of_neighbors_is_refused(n_neighbors, error, match):
    index = BruteForceIndex().fit(rows_of(5))
    with pytest.raises(error, match=f"BruteForceIndex: .*{match}"):
        index.kneighbors(rows_of(1), n_neighbors)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("share", [0.001, 0.5])
def test_items_far_away_do_not_hide_the_nearest(metric, share):
    rng = np.random.default_rng(0)
    items, queries = rng.random((5000, 3)), rng.random((100, 3))
    items[rng.random(5000) < share] = 1e9
    found = BruteForceIndex(3, metric=metric).fit(items).kneighbors(queries)[1]
    squares = {
        "euclidean": ((queries[:, None] - items) ** 2).sum(axis=2),
        "cosine": 1 - unit(queries) @ unit(items).T,
    }[metric]
    expected = np.sort(squares, axis=1)[:, :3]
    np.testing.assert_allclose(
        np.take_along_axis(squares, found, axis=1), expected, rtol=1e-12, atol=1e-15
    )


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
