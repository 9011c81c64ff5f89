"""faiss's indexes: recall, what they tell, and how they are kept."""

import copy
import pickle
import re
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_mtl
from sklearn_mtl.neighbors import (
    BruteForceIndex,
    FaissHNSWIndex,
    FaissIVFIndex,
    NeighborRetriever,
)

pytest.importorskip("faiss", reason="the extra `retrieval` is not installed")

INDEXES = [FaissIVFIndex, FaissHNSWIndex]


def clustered(n=6000, d=16, seed=0):
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, d))
    rng = np.random.default_rng(seed)
    rows = centres[rng.integers(0, 40, n)] + 0.7 * rng.normal(size=(n, d))
    return rows.astype(np.float32)


@pytest.fixture(scope="module", params=INDEXES)
def fitted(request):
    return request.param().fit(clustered())


@parametrize_with_checks([FaissIVFIndex(1), FaissHNSWIndex(1)])
def test_they_pass_every_check(estimator, check):
    check(estimator)


def test_at_the_defaults_the_measured_recall_holds_for_new_queries(fitted):
    queries = clustered(300, seed=1)
    exact = BruteForceIndex(metric="euclidean").fit(clustered())
    distances, truth = exact.kneighbors(queries)
    near, found = fitted.kneighbors(queries)
    recall = (found[:, :, None] == truth[:, None]).any(axis=2).mean()
    assert fitted.recall_ >= 0.99
    assert recall >= 0.99
    same = found == truth
    np.testing.assert_allclose(near[same], distances[same], rtol=1e-3)


def test_the_measured_recall_is_that_of_queries_which_are_not_in_the_index():
    rows = np.random.default_rng(0).normal(size=(9000, 16)).astype(np.float32)
    index = FaissHNSWIndex(n_links=8, build_breadth=40).fit(rows[1000:])
    exact = BruteForceIndex(metric="euclidean").fit(rows[1000:])
    found = index.kneighbors(rows[:1000], return_distance=False)
    truth = exact.kneighbors(rows[:1000], return_distance=False)
    recall = (found[:, :, None] == truth[:, None]).any(axis=2).mean()
    assert recall == pytest.approx(index.recall_, abs=0.005)
    assert recall >= 0.985


@pytest.mark.parametrize("index", INDEXES)
def test_of_duplicates_any_is_as_good(index):
    rows = np.repeat(clustered(60), 20, axis=0)
    fitted = index().fit(rows)
    assert fitted.recall_ >= 0.99
    assert fitted.breadth_ < 100
    distances, found = fitted.kneighbors(clustered(60))
    np.testing.assert_allclose(distances, 0, atol=1e-3)
    assert (found // 20 == np.arange(60)[:, None]).all()


def test_it_says_what_it_misses_and_when_it_is_repaid(fitted):
    told = fitted.describe()
    assert f"of 6000 items: recall@10 {fitted.recall_:.3f}" in told
    pattern = r"repaid after \d+ queries\.|never repaid: exact search is as fast\."
    assert re.search(pattern, told)
    assert fitted.build_seconds_ > 0
    assert fitted.break_even_ > 0


def test_an_index_that_saves_nothing_is_never_repaid(monkeypatch):
    seconds = iter([0.0] + 20 * [1.0])  # exact search takes no time
    monkeypatch.setattr(
        "sklearn_mtl.neighbors._base_faiss._timed",
        lambda action: (action(), next(seconds)),
    )
    index = FaissIVFIndex().fit(clustered(500))
    assert index.break_even_ == np.inf
    assert "never repaid" in index.describe()


def test_a_higher_target_makes_it_look_further():
    breadths = [
        FaissIVFIndex(target_recall=target).fit(clustered()).breadth_
        for target in (0.5, 1.0)
    ]
    assert breadths[0] < breadths[1]


@pytest.mark.parametrize(
    "again", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_and_pickles_find_the_same(fitted, again):
    queries = clustered(20, seed=2)
    other = again(fitted)
    for found, expected in zip(
        other.kneighbors(queries), fitted.kneighbors(queries), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert other.breadth_ == fitted.breadth_
    with pytest.raises(NotFittedError):
        clone(fitted).kneighbors(queries)


@pytest.mark.parametrize("index", INDEXES)
def test_a_retriever_searches_and_grows_with_it(index, tmp_path):
    X = clustered()
    retriever = NeighborRetriever(PCA(8), index()).fit(X)
    exact = NeighborRetriever(PCA(8)).fit(X)
    queries = clustered(50, seed=3)
    distances, indices = retriever.kneighbors(queries)
    expected, truth = exact.kneighbors(queries)
    assert (indices == truth).mean() > 0.95
    same = (indices == truth).all(axis=1)
    np.testing.assert_allclose(distances[same], expected[same], atol=1e-6)
    retriever.add(queries)
    assert (retriever.kneighbors(queries)[1][:, 0] == 6000 + np.arange(50)).all()
    sklearn_mtl.save(retriever, tmp_path / "it")
    loaded = sklearn_mtl.load(tmp_path / "it")
    np.testing.assert_array_equal(
        loaded.kneighbors(queries)[1], retriever.kneighbors(queries)[1]
    )


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("n", [1, 3, 50])
def test_a_small_gallery_is_searched_exactly(index, n):
    rows = clustered(n)
    found = index(1).fit(rows).kneighbors(rows, return_distance=False)
    np.testing.assert_array_equal(found[:, 0], np.arange(n))


@pytest.mark.parametrize("index", INDEXES)
def test_without_faiss_the_error_says_what_to_install(index, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    match = rf"{index.__name__} needs faiss: pip install 'sklearn-mtl\[retrieval\]'"
    with pytest.raises(ImportError, match=match):
        index().fit(clustered(10))


def test_more_neighbours_than_items_are_refused(fitted):
    with pytest.raises(ValueError, match="n_neighbors is 7000; the gallery has 6000"):
        fitted.kneighbors(clustered(1), 7000)
