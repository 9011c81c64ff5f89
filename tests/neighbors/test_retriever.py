"""The retriever as a scikit-learn estimator, and what it finds."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_mtl
from sklearn_mtl import MultiTaskClassifier
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.metrics import retrieval_report
from sklearn_mtl.modules import Conv
from sklearn_mtl.neighbors import BruteForceIndex, NeighborRetriever
from tests.zoo import SMALL_NET

X, Y = load_digits(return_X_y=True)
X, Y = X[:400], np.column_stack([Y, Y % 2])[:400]
Q = load_digits().data[400:430]


def identity():
    return FunctionTransformer()


@parametrize_with_checks(
    [
        NeighborRetriever(make_pipeline(StandardScaler(), PCA(1)), n_neighbors=1),
        NeighborRetriever(PCA(1), metric="euclidean"),
    ]
)
def test_it_passes_every_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_it_finds_what_scikit_learn_finds_in_the_representation(metric):
    retriever = NeighborRetriever(PCA(8), n_neighbors=5, metric=metric).fit(X, Y)
    Z = PCA(8).fit(X)
    theirs = NearestNeighbors(n_neighbors=5, metric=metric, algorithm="brute")
    expected, places = theirs.fit(Z.transform(X)).kneighbors(Z.transform(Q))
    distances, indices = retriever.kneighbors(Q)
    np.testing.assert_array_equal(indices, places)
    np.testing.assert_allclose(distances, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(
        retriever.kneighbors(Q, return_distance=False), places
    )


def test_the_estimator_is_cloned_and_a_frozen_one_is_used_as_it_is():
    estimator = PCA(4)
    retriever = NeighborRetriever(estimator).fit(X)
    assert not hasattr(estimator, "components_")
    assert retriever.embedding_.shape == (400, 4)
    fitted = PCA(4).fit(X[:50])
    frozen = NeighborRetriever(FrozenEstimator(fitted)).fit(X)
    expected = fitted.transform(Q)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(frozen.transform(Q), expected, atol=1e-5)


def test_clone_pickle_and_files_keep_what_it_finds(tmp_path):
    retriever = NeighborRetriever(PCA(6), n_neighbors=4).fit(X, Y)
    expected = retriever.kneighbors(Q)
    again = clone(retriever).fit(X, Y)
    pickled = pickle.loads(pickle.dumps(retriever))
    sklearn_mtl.save(retriever, tmp_path / "it")
    loaded = sklearn_mtl.load(tmp_path / "it")
    joblib.dump(retriever, tmp_path / "it.joblib")
    mapped = joblib.load(tmp_path / "it.joblib", mmap_mode="r")
    assert isinstance(mapped.embedding_, np.memmap)
    for other in (again, pickled, loaded, mapped):
        for found, wanted in zip(other.kneighbors(Q), expected, strict=True):
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_the_gallery_is_written_once_and_held_once(metric, tmp_path):
    retriever = NeighborRetriever(identity(), metric=metric).fit(X)
    files = [tmp_path / "it", tmp_path / "it.joblib"]
    sklearn_mtl.save(retriever, files[0])
    joblib.dump(retriever, files[1])
    assert max(f.stat().st_size for f in files) < 1.2 * retriever.embedding_.nbytes
    for other in (sklearn_mtl.load(files[0]), joblib.load(files[1])):
        assert other.embedding_ is other.index_.rows_
    unfitted = pickle.loads(pickle.dumps(NeighborRetriever(PCA(2))))
    assert not hasattr(unfitted, "embedding_")


def test_inputs_may_have_nan_where_the_representation_has_none():
    nets = MultiTaskClassifier(**SMALL_NET)
    for estimator in (nets, FrozenEstimator(nets)):
        assert get_tags(NeighborRetriever(estimator)).input_tags.allow_nan
    for estimator in (StandardScaler(), PCA(2)):
        assert not get_tags(NeighborRetriever(estimator)).input_tags.allow_nan
    gaps = X.copy()
    gaps[::7, 3] = np.nan
    NeighborRetriever(nets).fit(gaps, Y)
    NeighborRetriever(make_pipeline(SimpleImputer(), PCA(2))).fit(gaps)
    with pytest.raises(ValueError, match="the representation contains NaN"):
        NeighborRetriever(StandardScaler()).fit(gaps)


def test_it_stands_at_the_end_of_a_pipeline_and_holds_one():
    inside = NeighborRetriever(make_pipeline(StandardScaler(), PCA(6))).fit(X, Y)
    around = make_pipeline(StandardScaler(), NeighborRetriever(PCA(6))).fit(X, Y)
    np.testing.assert_array_equal(
        inside.kneighbors(Q)[1], around[-1].kneighbors(around[:-1].transform(Q))[1]
    )
    np.testing.assert_array_equal(inside.transform(Q), around.transform(Q))


def test_texts_go_through_a_vectorizer_and_a_projection():
    texts = ["red apple", "green apple", "red car", "green car", "old car"]
    steps = make_pipeline(TfidfVectorizer(), TruncatedSVD(3, random_state=0))
    found = NeighborRetriever(steps, n_neighbors=1).fit(texts).kneighbors(["apple"])
    assert found[1][0, 0] in (0, 1)
    with pytest.raises(TypeError, match="sparse matrix of 5 columns"):
        NeighborRetriever(TfidfVectorizer()).fit(texts)


class Plain:
    """An index that is no scikit-learn estimator, and breaks ties its own way."""

    def fit(self, rows):
        self.rows = rows
        return self

    def kneighbors(self, rows, n_neighbors):
        scores = rows @ self.rows[::-1].T
        found = np.argsort(-scores, axis=1)[:, :n_neighbors]
        return None, len(self.rows) - 1 - found


@pytest.mark.parametrize(
    "index",
    [
        Plain(),
        BruteForceIndex(metric="euclidean"),
        NearestNeighbors(algorithm="brute"),
        NearestNeighbors(algorithm="kd_tree"),
    ],
    ids=["plain", "ours", "brute", "tree"],
)
def test_any_object_with_fit_and_kneighbors_is_an_index(index):
    retriever = NeighborRetriever(PCA(6), index, n_neighbors=4).fit(X, Y)
    exact = NeighborRetriever(PCA(6), n_neighbors=4).fit(X, Y)
    distances, indices = exact.kneighbors(Q)
    np.testing.assert_array_equal(retriever.kneighbors(Q)[1], indices)
    np.testing.assert_allclose(retriever.kneighbors(Q)[0], distances, atol=1e-6)
    np.testing.assert_array_equal(retriever.kneighbors()[1], exact.kneighbors()[1])
    assert not hasattr(index, "rows")  # a copy was fitted


def test_without_queries_every_item_is_asked_and_left_out_by_its_position():
    doubled = np.concatenate([X, X, X[:1], X[:1]])
    retriever = NeighborRetriever(identity(), n_neighbors=3).fit(doubled)
    indices = retriever.kneighbors(return_distance=False)
    assert not (indices == np.arange(len(doubled))[:, None]).any()
    np.testing.assert_array_equal(indices[0], [400, 800, 801])
    np.testing.assert_array_equal(indices[801], [0, 400, 800])
    np.testing.assert_array_equal(indices[1:400, 0], np.arange(401, 800))


def test_the_result_does_not_depend_on_the_order_of_the_gallery():
    order = np.random.default_rng(0).permutation(len(X))
    retriever = NeighborRetriever(FrozenEstimator(PCA(8).fit(X)))
    distances, indices = retriever.fit(X).kneighbors(Q)
    permuted, places = clone(retriever).fit(X[order]).kneighbors(Q)
    np.testing.assert_array_equal(distances, permuted)
    np.testing.assert_array_equal(indices, order[places])


def test_the_graph_has_the_neighbours_as_edges():
    retriever = NeighborRetriever(PCA(8), n_neighbors=4).fit(X)
    distances, indices = retriever.kneighbors(Q)
    graph = retriever.kneighbors_graph(Q, mode="distance").toarray()
    assert graph.shape == (30, 400)
    np.testing.assert_array_equal(np.take_along_axis(graph, indices, 1), distances)
    edges = retriever.kneighbors_graph(Q)
    assert edges.nnz == 120
    assert set(edges.data) == {1}
    with pytest.raises(ValueError, match="mode is 'weights'; it must be 'conn"):
        retriever.kneighbors_graph(Q, mode="weights")


@pytest.mark.parametrize(
    "y",
    [
        Y,
        Y[:, 0],
        Y[:, 0].astype(str),
        pd.DataFrame({"digit": Y[:, 0].astype(str), "parity": Y[:, 1]}),
        np.where(Y == 3, np.nan, Y),
    ],
    ids=["two tasks", "one", "text", "frame", "missing"],
)
def test_retrieve_returns_the_labels_as_they_are(y):
    retriever = NeighborRetriever(PCA(8), n_neighbors=3).fit(X, y)
    labels, distances = retriever.retrieve(Q)
    expected = np.asarray(y)[retriever.kneighbors(Q)[1]]
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == np.asarray(y).dtype
    assert distances.shape == (30, 3)


def test_sparse_labels_are_made_dense():
    y = np.column_stack([Y % 2, 1 - Y % 2])
    retriever = NeighborRetriever(PCA(8)).fit(X, sparse.csr_array(y))
    np.testing.assert_array_equal(retriever.labels_, y)


def test_without_labels_there_is_nothing_to_retrieve():
    retriever = NeighborRetriever(PCA(8)).fit(X)
    with pytest.raises(ValueError, match="the gallery has no labels"):
        retriever.retrieve(Q)
    with pytest.raises(ValueError, match="report needs labels"):
        retriever.report()


def test_added_items_are_found_and_removed_ones_are_not():
    frozen = FrozenEstimator(PCA(8).fit(X))
    whole = NeighborRetriever(frozen).fit(X, Y)
    grown = NeighborRetriever(frozen).fit(X[:300], Y[:300]).add(X[300:], Y[300:])
    np.testing.assert_array_equal(grown.kneighbors(Q)[1], whole.kneighbors(Q)[1])
    np.testing.assert_array_equal(grown.labels_, Y)
    left = np.delete(np.arange(400), [0, 7, 399])
    cut = grown.remove([0, 7, -1])
    fresh = NeighborRetriever(frozen).fit(X[left], Y[left])
    np.testing.assert_array_equal(cut.kneighbors(Q)[1], fresh.kneighbors(Q)[1])
    np.testing.assert_array_equal(cut.retrieve(Q)[0], fresh.retrieve(Q)[0])
    one_less = NeighborRetriever(frozen).fit(X).remove(3)
    assert one_less.embedding_.shape == (399, 8)


def test_an_index_that_can_add_is_not_built_again():
    class Growing(NearestNeighbors):
        def add(self, rows):
            self.fit(np.concatenate([self._fit_X, rows]))
            self.was_added = True

    retriever = NeighborRetriever(PCA(4), Growing(algorithm="brute")).fit(X[:300])
    retriever.add(X[300:])
    assert retriever.index_.was_added
    assert len(retriever.kneighbors()[1]) == 400


def test_what_cannot_be_added_or_removed_is_refused():
    retriever = NeighborRetriever(PCA(4)).fit(X, Y)
    with pytest.raises(ValueError, match="has labels, so y must be passed"):
        retriever.add(X)
    with pytest.raises(ValueError, match=r"y has shape \(400,\), .* shape \(400, 2\)"):
        retriever.add(X, Y[:, 0])
    with pytest.raises(ValueError, match=r"y has shape \(3, 2\) for 400 items"):
        retriever.add(X, Y[:3])
    with pytest.raises(ValueError, match="all 400 items would be removed"):
        retriever.remove(np.arange(400))
    with pytest.raises(IndexError, match="400 is out of bounds"):
        retriever.remove(400)
    with pytest.raises(ValueError, match="has no labels, so y must not be passed"):
        NeighborRetriever(PCA(4)).fit(X).add(X, Y)


def test_more_neighbours_than_items_are_refused():
    retriever = NeighborRetriever(PCA(2)).fit(X[:5])
    with pytest.raises(ValueError, match="n_neighbors is 10; the gallery has 5 items"):
        retriever.kneighbors(Q)
    assert retriever.kneighbors(Q, 5)[1].shape == (30, 5)
    with pytest.raises(ValueError, match=r"has 4 other items, .* between 1 and 4"):
        retriever.kneighbors(n_neighbors=5)


def test_what_an_index_did_not_find_is_masked():
    class Half(Plain):
        def kneighbors(self, rows, n_neighbors):
            _, indices = super().kneighbors(rows, n_neighbors)
            indices[:, 1:] = -1
            return None, indices

    retriever = NeighborRetriever(PCA(4), Half(), n_neighbors=3).fit(X, Y)
    distances, indices = retriever.kneighbors(Q)
    assert np.isinf(distances[:, 1:]).all()
    assert np.isfinite(distances[:, 0]).all()
    np.testing.assert_array_equal(indices[:, 1:], -1)
    labels, _ = retriever.retrieve(Q)
    assert labels.mask[:, 1:].all()
    assert not labels.mask[:, 0].any()
    assert retriever.kneighbors_graph(Q).nnz == 30


@pytest.mark.parametrize("missing", [False, True])
def test_the_report_searches_as_deep_as_it_takes(missing):
    y = Y.astype(float)
    if missing:
        y[::4] = np.nan
    retriever = NeighborRetriever(PCA(8)).fit(X, y)
    indices = retriever.kneighbors(Q, 400, return_distance=False)
    expected = retrieval_report(Y[:30], y, indices, k=3)
    assert retriever.report(Q, Y[:30], k=3) == expected
    everyone = retriever.kneighbors(n_neighbors=399, return_distance=False)
    expected = retrieval_report(y, y, everyone, query_index=np.arange(400))
    assert retriever.report() == expected


def test_the_report_has_the_names_of_the_tasks():
    frame = pd.DataFrame({"digit": Y[:, 0], "odd": Y[:, 1]})
    retriever = NeighborRetriever(PCA(8)).fit(X, frame)
    assert list(retriever.report()) == ["digit", "odd"]
    assert list(retriever.report(Q, frame[:30])) == ["digit", "odd"]
    retriever.fit(X, frame["odd"])
    assert list(retriever.report()) == ["odd"]


def test_the_report_is_of_chosen_tasks_where_others_are_regressions():
    frame = pd.DataFrame({"digit": Y[:, 0], "ink": X.mean(axis=1), "odd": Y[:, 1]})
    retriever = NeighborRetriever(PCA(8)).fit(X, frame)
    with pytest.raises(
        TaskError, match=r"'task1' has fraction.*parameter tasks of Neighbor"
    ):
        retriever.report()
    expected = NeighborRetriever(PCA(8)).fit(X, frame[["odd", "digit"]]).report()
    assert retriever.report(tasks=["odd", "digit"]) == expected
    assert list(retriever.report(tasks=["odd", "digit"])) == ["odd", "digit"]
    asked = retriever.report(Q, frame[:30], tasks=[0])
    assert asked == retriever.report(Q, frame[:30].to_numpy(), tasks="digit")
    unnamed = NeighborRetriever(PCA(8)).fit(X, frame.to_numpy())
    assert unnamed.report(tasks=["task2"]) == {"task2": expected["odd"]}
    alone = NeighborRetriever(PCA(8)).fit(X, Y[:, 0])
    assert alone.report(tasks=[0]) == alone.report()


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        (["ink"], r"unknown task 'ink'. Known tasks: \['digit', 'odd'\]"),
        ([], r"tasks is \[\]; it must name at least one task, and no task twice"),
        (["odd", 1], r"tasks is \['odd', 1\]; .* and no task twice"),
    ],
)
def test_tasks_to_report_that_are_none_are_refused(tasks, message):
    frame = pd.DataFrame({"digit": Y[:, 0], "odd": Y[:, 1]})
    retriever = NeighborRetriever(PCA(8)).fit(X, frame)
    with pytest.raises(TaskError, match=f"^NeighborRetriever: .*{message}"):
        retriever.report(tasks=tasks)
    with pytest.raises(TaskError, match="y has 1 tasks, but the gallery has 2; y must"):
        retriever.report(Q, Y[:30, 1], tasks=["odd"])


def test_labels_of_other_tasks_are_refused():
    frame = pd.DataFrame({"digit": Y[:, 0], "odd": Y[:, 1]})
    retriever = NeighborRetriever(PCA(8)).fit(X, frame)
    other = frame.rename(columns={"odd": "even"})
    match = r"y are \['digit', 'even'\], but the tasks are \['digit', 'odd'\]"
    with pytest.raises(TaskError, match=match):
        retriever.report(Q, other[:30])
    with pytest.raises(TaskError, match=match):
        retriever.add(X, other)
    with pytest.raises(ValueError, match="labels mix strings and numbers"):
        retriever.add(X, Y.astype(str))
    assert len(retriever.embedding_) == len(retriever.labels_) == 400
    assert retriever.add(X, frame).labels_.dtype == Y.dtype


def test_pictures_may_come_as_such_or_as_flat_rows():
    net = MultiTaskClassifier(
        trunk=Conv((1, 8, 8), (4,), hidden=8), max_epochs=1, random_state=0
    )
    frozen = FrozenEstimator(net.fit(X, Y))
    pictures, asked = X.reshape(-1, 1, 8, 8), Q.reshape(-1, 8, 8)
    expected = NeighborRetriever(frozen).fit(X).kneighbors(Q)[1]
    retriever = NeighborRetriever(frozen).fit(pictures)
    assert retriever.n_features_in_ == 64
    for queries in (Q, asked, asked[:, None]):
        np.testing.assert_array_equal(retriever.kneighbors(queries)[1], expected)


def test_an_unfitted_retriever_says_so():
    retriever = NeighborRetriever(PCA(2))
    for ask in (retriever.kneighbors, retriever.retrieve, retriever.report):
        with pytest.raises(NotFittedError):
            ask(Q)
