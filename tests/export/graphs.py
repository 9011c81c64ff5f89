"""Run what `to_onnx` wrote, and compare it with the model."""

import numpy as np
import pytest

import sklearn_mtl

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

rng = np.random.default_rng(0)
N_TRAIN, N_NEW = 160, 1000


def table(n_samples, share=0.06):
    """Return numeric columns, one of which is skewed, with missing values."""
    X = rng.normal(size=(n_samples, 5))
    X[:, 3] = np.exp(2.0 * X[:, 3])  # with edges that lie close together
    X[rng.random(X.shape) < share] = np.nan
    return X


X = table(N_TRAIN)
FILLED = np.nan_to_num(X)
LABELS = np.column_stack(
    [
        FILLED[:, 0] > 0,
        FILLED[:, 1] > 0.3,
        np.digitize(FILLED[:, 2], [-0.5, 0.5]),
        np.digitize(FILLED[:, 4], [-0.3, 0.4]),
        np.digitize(FILLED[:, 0] + FILLED[:, 1], [-1.0, 0.0, 1.0]),
    ]
).astype(float)
VALUES = np.column_stack(
    [100.0 * FILLED[:, 0] + 5.0, np.sin(FILLED[:, 1]), FILLED[:, 2] * FILLED[:, 4]]
)
MIXED = np.column_stack([LABELS[:, 0], VALUES[:, 0], LABELS[:, 2], VALUES[:, 1]])
for table_of_labels in (LABELS, VALUES, MIXED):
    table_of_labels[rng.random(table_of_labels.shape) < 0.15] = np.nan
# Values as in fit, far away, very small, and rows with nothing in them.
NEW = np.vstack(
    [
        table(N_NEW - 6, share=0.1) * 2.0,
        np.full((1, 5), 1e300),
        np.full((1, 5), -1e300),
        np.full((1, 5), 1e-300),
        np.full((1, 5), np.nan),
        X[:2],
    ]
)


def session(path):
    """Return a file of ONNX, checked, as onnxruntime reads it."""
    onnx.checker.check_model(str(path), full_check=True)
    return runtime.InferenceSession(path, providers=["CPUExecutionProvider"])


def answers(model, path, rows=NEW):
    """Write a model, and return its outputs in onnxruntime, a task an array."""
    sklearn_mtl.to_onnx(model, path)
    return session(path).run(None, {"X": rows})


def assert_same(model, path, rows=NEW):
    """Ask for the outputs of the model, values in units of their largest one."""
    found, wanted = answers(model, path, rows), model._task_outputs(rows)
    # The labels of classifiers by skl2onnx, which nobody asks for, need a sample.
    nodes = {node.op_type for node in onnx.load(str(path)).graph.node}
    if "ArrayFeatureExtractor" not in nodes:
        none = session(path).run(None, {"X": rows[:0]})
        assert [one.shape for one in none] == [(0, *one.shape[1:]) for one in wanted]
    assert len(found) == len(wanted)
    for mine, its in zip(found, wanted, strict=True):
        assert mine.dtype == np.float64
        unit = 1.0 if its.ndim == 2 else max(1.0, np.nanmax(np.abs(its), initial=0.0))
        np.testing.assert_allclose(mine / unit, its / unit, rtol=0.0, atol=1e-5)
