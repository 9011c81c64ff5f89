"""What `to_onnx` writes, what it is called, and what is left when it fails."""

import builtins
import json
import os

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression

import sklearn_mtl
from sklearn_mtl import MultiTaskClassifier, MultiTaskMixedEstimator
from sklearn_mtl.neighbors import NeighborRetriever
from tests.export.graphs import LABELS, MIXED, NEW, X, answers, session

QUICK = {"n_members": 1, "max_epochs": 2, "random_state": 0}
NAMES = ["NR-AR", "NR.AR", "7 days", "X"]


def named(tmp_path):
    """Write a net of named columns and tasks; return it, and the open file."""
    y = pd.DataFrame(dict(zip(NAMES, MIXED.T, strict=True)))
    frame = pd.DataFrame(X, columns=list("abcde"))
    model = MultiTaskMixedEstimator(**QUICK).fit(frame, y)
    sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
    return model, session(tmp_path / "it.onnx")


def test_outputs_have_the_names_of_tasks_as_far_as_onnx_allows(tmp_path):
    model, file = named(tmp_path)
    names = [one.name for one in file.get_outputs()]
    assert names == ["NR_AR", "NR_AR_2", "task_7_days", "X_2"]
    (alone,) = file.run(["task_7_days"], {"X": NEW})
    frame = pd.DataFrame(NEW, columns=list("abcde"))
    np.testing.assert_allclose(alone, model.predict_proba(frame)[2], atol=1e-5)


def test_the_number_of_samples_is_free_and_the_rest_is_fixed(tmp_path):
    _, file = named(tmp_path)
    (source,) = file.get_inputs()
    assert (source.name, source.type) == ("X", "tensor(double)")
    assert source.shape == ["n_samples", 5]
    shapes = [one.shape for one in file.get_outputs()]
    assert shapes == [["n_samples", 2], ["n_samples"], ["n_samples", 3], ["n_samples"]]


def test_metadata_say_what_the_outputs_are(tmp_path):
    _, file = named(tmp_path)
    said = file.get_modelmeta().custom_metadata_map
    tasks = json.loads(said["tasks"])
    assert [task["name"] for task in tasks] == NAMES
    assert tasks[2] == {
        "name": "7 days",
        "output": "task_7_days",
        "kind": "multiclass",
        "classes": [0.0, 1.0, 2.0],
    }
    assert tasks[1]["classes"] is None
    assert json.loads(said["features"]) == list("abcde")
    assert json.loads(said["model"])["class"] == "MultiTaskMixedEstimator"


def test_the_same_model_gives_the_same_bytes(tmp_path):
    model, _ = named(tmp_path)
    sklearn_mtl.to_onnx(model, tmp_path / "again.onnx")
    written = [(tmp_path / name).read_bytes() for name in ("it.onnx", "again.onnx")]
    assert written[0] == written[1]


def test_a_model_that_was_saved_and_loaded_gives_the_same_bytes(tmp_path):
    model, _ = named(tmp_path)
    sklearn_mtl.save(model, tmp_path / "it.mtl")
    sklearn_mtl.to_onnx(sklearn_mtl.load(tmp_path / "it.mtl"), tmp_path / "two.onnx")
    written = [(tmp_path / name).read_bytes() for name in ("it.onnx", "two.onnx")]
    assert written[0] == written[1]


def test_one_task_has_one_output(tmp_path):
    model = MultiTaskClassifier(**QUICK).fit(X, np.where(X[:, 0] > 0, "yes", "no"))
    (found,) = answers(model, tmp_path / "it.onnx")
    np.testing.assert_allclose(found, model.predict_proba(NEW), atol=1e-5)
    tasks = session(tmp_path / "it.onnx").get_modelmeta().custom_metadata_map["tasks"]
    assert json.loads(tasks)[0]["classes"] == ["no", "yes"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    model, _ = named(tmp_path)
    old = (tmp_path / "it.onnx").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
    assert [path.name for path in tmp_path.iterdir()] == ["it.onnx"]
    assert (tmp_path / "it.onnx").read_bytes() == old


def test_a_model_is_as_it_was_after_it_was_written(tmp_path):
    model = MultiTaskClassifier(**QUICK).fit(X, LABELS)
    before = model._task_outputs(NEW)
    sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
    for one, other in zip(before, model._task_outputs(NEW), strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_is_not_fitted_is_refused(tmp_path):
    with pytest.raises(NotFittedError):
        sklearn_mtl.to_onnx(MultiTaskClassifier(), tmp_path / "it.onnx")
    assert not list(tmp_path.iterdir())


def test_a_model_that_has_no_graph_is_named(tmp_path):
    retriever = NeighborRetriever(MultiTaskClassifier(**QUICK)).fit(X, LABELS)
    with pytest.raises(TypeError, match=r"to_onnx: NeighborRetriever cannot be exp"):
        sklearn_mtl.to_onnx(retriever, tmp_path / "it.onnx")
    other = LogisticRegression().fit(np.nan_to_num(X), X[:, 0] > 0)
    with pytest.raises(TypeError, match=r"to_onnx: LogisticRegression cannot be exp"):
        sklearn_mtl.to_onnx(other, tmp_path / "it.onnx")


def test_without_onnx_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    found = builtins.__import__

    def absent(name, *args, **options):
        if name.partition(".")[0] == "onnx":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found(name, *args, **options)

    model = MultiTaskClassifier(**QUICK).fit(X, LABELS)
    monkeypatch.setattr("sklearn_mtl.utils._optional.import_module", absent)
    with pytest.raises(ImportError, match=r"pip install 'sklearn-mtl\[onnx\]'"):
        sklearn_mtl.to_onnx(model, tmp_path / "it.onnx")
