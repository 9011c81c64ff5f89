"""A file that was damaged or forged gives one clear error, and never another answer."""

import json
import os
import shutil
import sys
import zipfile

import numpy as np
import pytest
from safetensors.numpy import save as write_numbers
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.preprocessing import FunctionTransformer

import sklearn_mtl
from sklearn_mtl import IndependentTasks, MultiTaskClassifier, MultiTaskLinearRegressor
from sklearn_mtl.exceptions import DamagedFileError
from sklearn_mtl.persistence import read_arrays
from sklearn_mtl.persistence._archive import read_archive, write_archive
from tests.equivalences.inputs import X
from tests.persistence.forging import find, forge
from tests.persistence.memory import load_and_measure, on_linux
from tests.zoo import SMALL_NET

Y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(float)


@pytest.fixture(scope="module", params=["linear", "net"])
def saved(request, tmp_path_factory):
    """Return the bytes of a saved model."""
    path = tmp_path_factory.mktemp("saved") / "it"
    if request.param == "linear":
        model = MultiTaskLinearRegressor().fit(X, X[:, :2])
    else:
        model = MultiTaskClassifier(**SMALL_NET).fit(X, Y)
    sklearn_mtl.save(model, path)
    return path.read_bytes()


def mutate(data, rng):
    """Return the bytes with one bit flipped, a part cut out, doubled or overwritten."""
    data, way = bytearray(data), rng.integers(5)
    at, length = int(rng.integers(len(data))), int(rng.integers(1, 200))
    if way == 0:
        data[at] ^= 1 << int(rng.integers(8))
    elif way == 1:
        del data[at:]
    elif way == 2:
        del data[at : at + length]
    elif way == 3:
        data[at:at] = data[at : at + length]
    else:
        data[at : at + length] = rng.bytes(len(data[at : at + length]))
    return bytes(data)


def test_250_damaged_files_of_each_kind_are_refused(saved, tmp_path):
    rng, path = np.random.default_rng(0), tmp_path / "it"
    for _ in range(250):
        damaged = mutate(saved, rng)
        if damaged == saved:
            continue
        path.write_bytes(damaged)
        with pytest.raises(DamagedFileError, match="it"):
            sklearn_mtl.load(path)


def test_every_cut_at_the_end_is_refused(saved, tmp_path):
    path = tmp_path / "it"
    for length in [*range(300), *range(len(saved) - 300, len(saved))]:
        path.write_bytes(saved[:length])
        with pytest.raises(DamagedFileError):
            sklearn_mtl.load(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"a pickle" * 100])
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "it"
    path.write_bytes(content)
    with pytest.raises(DamagedFileError):
        sklearn_mtl.load(path)


# Files with right checksums that save() did not write.


@pytest.fixture
def linear(tmp_path):
    path = tmp_path / "linear"
    sklearn_mtl.save(MultiTaskLinearRegressor().fit(X, X[:, :2]), path)
    return path


@pytest.mark.parametrize(
    "name",
    [
        "builtins:eval",
        "os:system",
        "posix:system",
        "subprocess:Popen",
        "pickle:loads",
        "sklearn_mtl.persistence._save:save",
        "sklearn_mtl.persistence._save:subprocess",
        "sklearn_mtl.utils._optional:import_module",
        "sklearn.datasets._openml:fetch_openml",
        "joblib.memory:Memory",
        "torch.serialization:load",
        "torch.hub:load",
        "numpy.f2py.__main__:main",
        "torch._dynamo.config:os",
        "sklearn_mtl.__main__:main",
        "numpy:load",
        "sklearn_mtl:nothing",
        "sklearn.utils._bunch:Bunch.__getattr__",
    ],
)
def test_what_is_not_allowed_is_refused_by_name(name, linear):
    module = name.partition(":")[0]
    known = module in sys.modules
    forge(linear, lambda graph: {"named": name})
    with pytest.raises(TypeError, match="neither allowed nor trusted") as caught:
        sklearn_mtl.load(linear)
    assert name.replace(":", ".") in str(caught.value)
    assert (module in sys.modules) == known  # nor was it imported


def test_a_function_that_writes_files_cannot_be_called_later(tmp_path):
    model = FunctionTransformer(sklearn_mtl.save, kw_args={"path": "elsewhere"})
    with pytest.raises(TypeError, match=r"func is or contains .*save"):
        sklearn_mtl.save(model, tmp_path / "it")


def test_module_attributes_that_are_classes_of_others_are_refused(linear):
    # numpy is imported in the module, but not defined there
    forge(
        linear, lambda graph: {"object": ["sklearn_mtl.persistence._save:Path", None]}
    )
    with pytest.raises(TypeError, match="neither allowed nor trusted"):
        sklearn_mtl.load(linear)


@pytest.mark.parametrize(
    "graph",
    [
        {"again": 7},
        {"again": -1},
        {"elements": ["U300000000", [1], ["a"]]},
        {
            "random_state": {
                "map": {
                    "bit_generator": "MT19937",
                    "state": {
                        "map": {"key": {"array": [0, "|u1", [1], "C"]}, "pos": 10**7}
                    },
                }
            }
        },
        {"unknown": 1},
        {"array": [10**9, "<f8", [1], "C"]},
        {"array": [0, "<f8", [10**12], "C"]},
        {"array": [0, "O", [1], "C"]},
        {"tensor": [0, "load", [1], False, False]},
        {"torch": "load"},
        {"scalar": 3},
        {"dtype": {"names": ["a"], "formats": ["O"], "offsets": [0], "itemsize": 8}},
        {
            "object": [
                "sklearn_mtl.tasks._task:Task",
                {"tuple": [None, {"map": {"__class__": 1}}]},
            ]
        },
        {"a": 1, "b": 2},
    ],
    ids=str,
)
def test_nonsense_is_refused(graph, linear):
    forge(linear, lambda _: graph)
    with pytest.raises(DamagedFileError, match="not a model that save"):
        sklearn_mtl.load(linear)


def test_deep_nesting_is_refused(linear):
    manifest, members, _ = read_archive(linear)
    members["model.json"] = b"[" * 100_000 + b"]" * 100_000
    del manifest["members"], manifest["format"]
    write_archive(linear, members, manifest)
    with pytest.raises(DamagedFileError):
        sklearn_mtl.load(linear)


def bomb(path, way):
    manifest, members, _ = read_archive(path)
    del manifest["members"], manifest["format"]
    if way == "zeros":
        members["model.json"] = b" " * 120_000_000
    elif way == "lists":
        members["model.json"] = b"[" + b"[]," * 2_000_000 + b"[]]"
    else:
        header = {
            "0": {"dtype": "F64", "shape": [10**11], "data_offsets": [0, 8 * 10**11]}
        }
        text = json.dumps(header).encode()
        members["arrays.safetensors"] = len(text).to_bytes(8, "little") + text
    write_archive(path, members, manifest)


@on_linux
def test_a_file_that_says_it_is_large_takes_no_memory(linear, tmp_path):
    paths = [tmp_path / way for way in ("zeros", "lists", "numbers")]
    for path in paths:
        shutil.copy(linear, path)
        bomb(path, path.name)
    for path, (what, peak) in zip(paths, load_and_measure(*paths), strict=True):
        assert (path.name, what) == (path.name, "DamagedFileError")
        assert peak <= 2 * os.path.getsize(path) + 50e6, path.name


def save_trees(model, path):
    sklearn_mtl.save(model.fit(X, Y[:, 0]), path)
    return path


def change_table(path, kind, field, value):
    """Forge one number of the first table of nodes of a tree."""
    manifest, members, budget = read_archive(path)
    arrays = read_arrays(members["arrays.safetensors"], budget)
    graph = json.loads(members["model.json"])
    for node in find(graph, "array"):
        number, dtype, *_ = node["array"]
        if isinstance(dtype, dict) and field in dtype["names"]:
            formats = {**dtype, "formats": dtype["formats"]}
            arrays[number].view(np.dtype(formats))[field][0] = value
            break
    else:
        raise AssertionError("no such table")
    members["arrays.safetensors"] = write_numbers(
        {str(i): array for i, array in enumerate(arrays)}
    )
    del manifest["members"], manifest["format"]
    write_archive(path, members, manifest)


@pytest.mark.parametrize("value", [0, -2, 10**6])
@pytest.mark.parametrize("field", ["left_child", "right_child", "feature"])
def test_forged_trees_are_refused(field, value, tmp_path):
    if (field, value) == ("feature", 0):
        pytest.skip("a feature that there is")
    path = save_trees(RandomForestClassifier(2, random_state=0), tmp_path / "it")
    change_table(path, "tree", field, value)
    with pytest.raises(DamagedFileError, match="tree"):
        sklearn_mtl.load(path)


@pytest.mark.parametrize(
    ("field", "value"), [("left", 0), ("right", 10**6), ("feature_idx", 10**6)]
)
def test_forged_trees_of_histograms_are_refused(field, value, tmp_path):
    pytest.importorskip("skops", reason="skops is not installed (extra save)")
    model = HistGradientBoostingClassifier(max_iter=2, min_samples_leaf=5)
    path = save_trees(model, tmp_path / "it")
    change_table(path, "object", field, value)
    with pytest.raises(DamagedFileError, match="tree"):
        sklearn_mtl.load(path)


def test_a_forest_whose_trees_are_of_more_features_is_refused(tmp_path):
    path = save_trees(RandomForestClassifier(2, random_state=0), tmp_path / "it")

    def fewer(graph):
        graph["object"][1]["map"]["n_features_in_"] = 1

    forge(path, fewer)
    with pytest.raises(DamagedFileError, match="features of its model"):
        sklearn_mtl.load(path)


@pytest.mark.parametrize("versions", [None, "1", []])
def test_a_file_that_does_not_say_what_wrote_it_is_refused(versions, linear):
    manifest, members, _ = read_archive(linear)
    del manifest["members"], manifest["format"]
    write_archive(linear, members, {**manifest, "versions": versions})
    with pytest.raises(DamagedFileError, match="package versions"):
        sklearn_mtl.load(linear)


def test_members_that_the_manifest_does_not_name_are_not_read(linear):
    data = linear.read_bytes()
    with zipfile.ZipFile(linear, "a") as archive:
        archive.writestr("more", b"more")
    with pytest.raises(DamagedFileError):
        sklearn_mtl.load(linear)
    assert data != linear.read_bytes()


def test_parts_of_a_model_are_whole_after_damage_elsewhere(tmp_path):
    model = IndependentTasks(RandomForestClassifier(2, random_state=0)).fit(X, Y)
    path = tmp_path / "it"
    sklearn_mtl.save(model, path)
    np.testing.assert_array_equal(sklearn_mtl.load(path).predict(X), model.predict(X))
