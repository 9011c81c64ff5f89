"""What a load makes is counted before it is allocated."""

import os
import zipfile

import numpy as np
import pytest
from sklearn.neighbors import KernelDensity, KNeighborsRegressor
from sklearn.preprocessing import FunctionTransformer

import sklearn_mtl
from sklearn_mtl import IndependentTasks, MultiTaskLinearRegressor
from sklearn_mtl.exceptions import DamagedFileError
from sklearn_mtl.persistence._archive import read_archive, write_archive
from sklearn_mtl.persistence._budget import NODE, Budget, parse_json
from tests.persistence.forging import find, forge
from tests.persistence.memory import load_and_measure, on_linux

X = np.random.default_rng(0).standard_normal((60, 3))


@pytest.fixture
def file(tmp_path):
    sklearn_mtl.save(MultiTaskLinearRegressor(), tmp_path / "it")
    return tmp_path / "it"


def doubled(n, last):
    """Return lists of the one before, twice each, and what is made of the last."""
    lists = {f"a{i}": [{"again": i}, {"again": i}] for i in range(1, n)}
    return {"map": {"a0": [0] * 8, **lists, "last": last}}


NUMBERS = {"elements": ["U1", [0], []]}  # any array: its dtype comes second
FORGED = {
    "a mask of a range": {"masked": [{"range": [0, 10**8, 1]}, False]},
    "a mask of lists": doubled(30, {"masked": [{"again": 30}, False]}),
    "a mask of another shape": {"masked": [NUMBERS, {"elements": ["U1", [1], ["a"]]}]},
    "a sparse matrix of its shape": {"sparse": ["csr", False, [2 * 10**8, 1], [1, 2]]},
    "a sparse matrix of triples": {
        "sparse": ["csr", False, [10**8, 1], [NUMBERS, {"tuple": [NUMBERS, NUMBERS]}]]
    },
    "a sparse matrix of ranges": {
        "sparse": ["csr", False, [10**8, 1], [{"range": [0, 10**8, 1]}] * 3]
    },
    "long texts": {"elements": ["U100", [400_000], ["0"] * 400_000]},
    "a text of a list": {"elements": ["U1", [2], [[1], "a"]]},
    "arguments of a range": {
        "partial": [{"named": "builtins:int"}, {"range": [0, 10**9]}, {"map": {}}]
    },
    "a partial of a partial": {
        "partial": [
            {"partial": [{"named": "builtins:int"}, {"tuple": []}, {"map": {}}]},
            {"tuple": []},
            {"map": {}},
        ]
    },
    "attributes of two objects": [
        {"object": ["sklearn.linear_model._ridge:Ridge", {"map": {"alpha": 1}}]},
        {"object": ["sklearn.linear_model._ridge:Ridge", {"again": 2}]},
    ],
    "distributions": [{"value": ["continuous", ["norm", [], {"map": {}}]]}] * 3000,
    "a distribution of arrays": {
        "value": ["continuous", ["norm", [{"elements": ["U1", [0], []]}], {"map": {}}]]
    },
    "an isotonic function of a range": {
        "object": [
            "sklearn.isotonic:IsotonicRegression",
            {"map": {"X_thresholds_": {"range": [0, 10**9]}}},
        ]
    },
    "a recurrent layer without end": {
        "object": [
            "torch.nn.modules.rnn:LSTM",
            {"map": {"_all_weights": [[0]], "num_layers": 10**9}},
        ]
    },
    "a position before its table": {
        "generator": {
            "map": {"bit_generator": "Philox", "buffer_pos": -1, "state": {"map": {}}}
        }
    },
}


@pytest.mark.parametrize("name", FORGED)
def test_what_would_be_made_of_a_small_file_is_refused(name, file):
    forge(file, lambda _: FORGED[name])
    with pytest.raises(DamagedFileError, match="not a model that save"):
        sklearn_mtl.load(file)


@on_linux
def test_as_many_objects_as_are_allowed_take_no_more_memory(file):
    n = 100_000
    forge(file, lambda _: {"map": {f"{i}": i for i in range(1000, n)}})
    [(what, peak)] = load_and_measure(file)
    assert what == "DamagedFileError"  # in the end, for it says another number
    assert peak <= 2 * os.path.getsize(file) + 50e6


def test_the_same_numbers_are_for_one_array_only(tmp_path):
    model = MultiTaskLinearRegressor().fit(X, X[:, :2])
    sklearn_mtl.save(model, tmp_path / "it")

    def same(graph):
        for node in find(graph, "array"):
            node["array"][0] = 0

    forge(tmp_path / "it", same)
    with pytest.raises(DamagedFileError):
        sklearn_mtl.load(tmp_path / "it")


def test_trees_of_neighbours_are_counted_and_shared(tmp_path):
    pytest.importorskip("skops", reason="skops is not installed (extra save)")
    model = IndependentTasks(KNeighborsRegressor(algorithm="kd_tree")).fit(X, X)
    for part in model.estimators_:
        part._fit_X = model.estimators_[0]._fit_X
    sklearn_mtl.save(model, tmp_path / "it")
    found = sklearn_mtl.load(tmp_path / "it")
    assert found.estimators_[0]._tree is found.estimators_[1]._tree
    np.testing.assert_array_equal(found.predict(2 * X), model.predict(2 * X))

    def small(graph):
        for number, node in enumerate(find(graph, "leaf_size")):
            node["leaf_size"] = -number

    forge(tmp_path / "it", small)
    with pytest.raises(DamagedFileError, match="neighbours"):
        sklearn_mtl.load(tmp_path / "it")


@pytest.mark.parametrize("algorithm", ["kd_tree", "ball_tree"])
def test_densities_are_the_same(algorithm, tmp_path):
    weights = np.linspace(1, 2, len(X))
    model = KernelDensity(algorithm=algorithm, leaf_size=5).fit(
        X, sample_weight=weights
    )
    sklearn_mtl.save(model, tmp_path / "it")
    found = sklearn_mtl.load(tmp_path / "it")
    np.testing.assert_array_equal(
        found.score_samples(X + 1), model.score_samples(X + 1)
    )


def test_many_small_objects_make_the_file_as_large_as_they_need(tmp_path):
    names = [[i, f"name {i}"] for i in range(150_000)]
    assert 3 * NODE * len(names) > 40e6
    model = FunctionTransformer(kw_args={"names": names})
    sklearn_mtl.save(model, tmp_path / "it")
    with zipfile.ZipFile(tmp_path / "it") as archive:
        assert archive.getinfo("padding").file_size > 10**6
    assert os.path.getsize(tmp_path / "it") < 50e6
    assert sklearn_mtl.load(tmp_path / "it").kw_args["names"] == names


def test_a_manifest_of_brackets_is_refused(file):
    manifest, members, _ = read_archive(file)
    del manifest["members"], manifest["format"]
    write_archive(file, members, {**manifest, "more": [[]] * 400_000})
    with pytest.raises(DamagedFileError, match="JSON needs"):
        sklearn_mtl.load(file)


def test_a_long_list_of_contents_is_refused(file):
    manifest, members, _ = read_archive(file)
    del manifest["members"], manifest["format"]
    more = {f"{i}": b"" for i in range(3000)}
    write_archive(file, {**members, **more}, manifest)
    with pytest.raises(DamagedFileError, match="zip directory"):
        sklearn_mtl.load(file)


def test_json_is_counted_before_it_is_parsed():
    budget = Budget(0)
    with pytest.raises(ValueError, match="JSON needs"):
        parse_json(b"[" * budget.left, budget)
    with pytest.raises(ValueError, match="ASCII"):
        parse_json("\U0001f600".encode(), budget)
    before = budget.left
    assert parse_json(b'{"a":[1]}', budget) == {"a": [1]}
    assert budget.left == before - 3 * NODE - 9
