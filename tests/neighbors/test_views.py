"""Searching by tasks: one view, or several with weights."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_mtl import MultiTaskClassifier, MultiTaskRegressor
from sklearn_mtl.exceptions import TaskError
from sklearn_mtl.neighbors import BruteForceIndex, NeighborRetriever
from tests.zoo import SMALL_NET


class Halves(TransformerMixin, BaseEstimator):
    """Two tasks, of which each sees one half of the columns."""

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X

    def transform_task(self, X, task, kind="projection"):
        half = X.shape[1] // 2
        part = {"left": X[:, :half], "right": X[:, half:]}[task]
        return part if kind == "projection" else part**2


RNG = np.random.default_rng(0)
X, Q = RNG.normal(size=(300, 6)), RNG.normal(size=(20, 6))


def cosines(A, B):
    A, B = (M / np.linalg.norm(M, axis=1, keepdims=True) for M in (A, B))
    return A @ B.T


LEFT, RIGHT = cosines(Q[:, :3], X[:, :3]), cosines(Q[:, 3:], X[:, 3:])


@pytest.mark.parametrize(
    "weights",
    [
        {"left": 1},
        {"left": 1, "right": 0},
        {"left": 1.0, "right": 0.5},
        {"left": 2, "right": -1},
        {"left": -1, "right": -3},
        {"left": 1, None: 1},
    ],
)
def test_a_mix_is_the_weighted_mean_of_the_cosines(weights):
    retriever = NeighborRetriever(Halves(), task_mix=weights, n_neighbors=7).fit(X)
    parts = {"left": LEFT, "right": RIGHT, None: cosines(Q, X)}
    total = sum(abs(w) for w in weights.values())
    score = sum(w * parts[task] for task, w in weights.items()) / total
    distances, indices = retriever.kneighbors(Q)
    expected = np.argsort(-score, axis=1)[:, :7]
    np.testing.assert_array_equal(indices, expected)
    np.testing.assert_allclose(
        distances, 1 - np.take_along_axis(score, expected, axis=1), atol=1e-6
    )


def test_a_euclidean_mix_is_the_root_of_the_weighted_mean_square():
    mix = {"left": 3, "right": 1}
    retriever = NeighborRetriever(Halves(), task_mix=mix, metric="euclidean").fit(X)
    squares = (Q[:, None] - X[None]) ** 2 @ np.repeat([0.75, 0.25], 3)
    distances = np.sort(np.sqrt(squares), axis=1)[:, :10]
    np.testing.assert_allclose(retriever.kneighbors(Q)[0], distances, rtol=1e-5)


def test_negative_weights_ask_the_gallery_too():
    mix = {"left": 1, "right": -1}
    retriever = NeighborRetriever(Halves(), task_mix=mix, n_neighbors=3).fit(X)
    score = cosines(X[:, :3], X[:, :3]) - cosines(X[:, 3:], X[:, 3:])
    np.fill_diagonal(score, -np.inf)
    np.testing.assert_array_equal(
        retriever.kneighbors()[1], np.argsort(-score, axis=1)[:, :3]
    )


def test_a_mix_goes_through_any_index():
    mix = {"left": 1, "right": -0.5}
    found = [
        NeighborRetriever(Halves(), index, task_mix=mix).fit(X).kneighbors(Q)[1]
        for index in (None, BruteForceIndex(metric="euclidean"))
    ]
    np.testing.assert_array_equal(*found)


@pytest.fixture(scope="module")
def net():
    y = (X[:, :2] > 0).astype(int)
    return MultiTaskClassifier(**SMALL_NET).fit(X, y)


@pytest.mark.parametrize("view", ["projection", "input", "probability"])
def test_a_net_is_searched_by_the_view_of_a_task(net, view):
    frozen = FrozenEstimator(net)
    retriever = NeighborRetriever(frozen, task="task1", view=view).fit(X)
    score = cosines(*(net.transform_task(A, "task1", kind=view) for A in (Q, X)))
    np.testing.assert_allclose(
        retriever.kneighbors(Q)[0], 1 - np.sort(score, axis=1)[:, :-11:-1], atol=1e-5
    )


def test_a_net_at_the_end_of_pipelines_is_found(net):
    y = (X[:, :2] > 0).astype(int)
    pipe = make_pipeline(
        StandardScaler(), make_pipeline(MultiTaskClassifier(**SMALL_NET))
    )
    retriever = NeighborRetriever(pipe, task=0).fit(X, y)
    scaler = StandardScaler().fit(X)
    alone = MultiTaskClassifier(**SMALL_NET).fit(scaler.transform(X), y)
    expected = NeighborRetriever(FrozenEstimator(alone), task=0)
    expected.fit(scaler.transform(X))
    np.testing.assert_array_equal(
        retriever.kneighbors(Q)[1], expected.kneighbors(scaler.transform(Q))[1]
    )


def test_the_view_of_a_task_retrieves_it_better_than_the_other(net):
    y = (X[:, :2] > 0).astype(int)
    reports = [
        NeighborRetriever(FrozenEstimator(net), task=t).fit(X, y).report()
        for t in (0, 1)
    ]
    for t, report in enumerate(reports):
        other = reports[1 - t]
        assert report[f"task{t}"]["map_at_r"] > other[f"task{t}"]["map_at_r"] + 0.2


@pytest.mark.parametrize(
    ("parameters", "error", "match"),
    [
        ({"task": "left", "task_mix": {"left": 1}}, ValueError, "were both set"),
        ({"task_mix": {"left": 0}}, ValueError, "not all of them 0"),
        ({"task_mix": {"left": np.inf}}, ValueError, "finite weights"),
        ({"task_mix": {}}, ValueError, "not all of them 0"),
        ({"task_mix": {"left": "much"}}, ValueError, "finite weights.*'much'"),
        (
            {"task_mix": {"left": -1, "right": 1}, "metric": "euclidean"},
            ValueError,
            "negative weights, which require metric='cosine'",
        ),
        ({"task_mix": [1, 2]}, ValueError, "must be an instance of 'dict'"),
        ({"view": "logits"}, ValueError, "Got 'logits' instead"),
        ({"metric": "manhattan"}, ValueError, "Got 'manhattan' instead"),
    ],
)
def test_wrong_parameters_are_refused(parameters, error, match):
    with pytest.raises(error, match=f"NeighborRetriever.*{match}"):
        NeighborRetriever(Halves(), **parameters).fit(X)


def test_the_view_of_a_regression_is_searched_by_distance():
    frozen = FrozenEstimator(MultiTaskRegressor(**SMALL_NET).fit(X, X[:, :2]))
    near = NeighborRetriever(frozen, task=1, metric="euclidean").fit(X)
    distances, _ = near.kneighbors(n_neighbors=1)
    values = frozen.estimator.transform_task(X, 1)[:, 0]
    gaps = np.abs(values[:, None] - values)
    np.fill_diagonal(gaps, np.inf)
    np.testing.assert_allclose(distances[:, 0], gaps.min(axis=1), atol=1e-4)


def test_a_task_needs_an_estimator_with_views(net):
    with pytest.raises(TypeError, match=r"task='digit' requires .* PCA has none"):
        NeighborRetriever(make_pipeline(PCA(2)), task="digit").fit(X)
    with pytest.raises(TaskError, match="unknown task 'digit'"):
        NeighborRetriever(FrozenEstimator(net), task="digit").fit(X)
