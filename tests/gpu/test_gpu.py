"""What only a real GPU can show; `make gpu` runs this file and benchmarks/gpu.py."""

import pickle
from functools import partial
from unittest import mock

import numpy as np
import pytest
import torch
from scipy import sparse

import sklearn_mtl
from sklearn_mtl.balancing import METHODS, GradientAggregator, read_balancing
from sklearn_mtl.modules import Augmentation, Conv
from sklearn_mtl.neural_network import MultiTaskRegressor
from sklearn_mtl.neural_network.data import _memory
from tests.gpu.cases import (
    CONV,
    HOLES,
    IMAGES,
    OTHERS,
    SCHEDULES,
    TEXT,
    TEXTS,
    TRUNKS,
    X,
    Y,
    assert_same,
    fitted,
    outputs,
    within_epochs,
)

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not torch.cuda.is_available(), reason="torch.cuda.is_available() is False"
    ),
]


def compare(X=X, *, waits=False, **options):
    """Compare the predictions in float64; a wait within an epoch is an error."""
    options.setdefault("dtype", "float64")
    expected = outputs(fitted("cpu", X, **options), X)
    mode = torch.cuda.set_sync_debug_mode
    begin = partial(mode, "default" if waits else "error")
    try:
        with within_epochs(begin, partial(mode, "default")):
            model = fitted("cuda", X, **options)
    finally:
        mode("default")
    assert model.net_.module_.heads.weight.is_cuda
    assert_same(outputs(model, X), expected)
    return model


@pytest.mark.parametrize("name", METHODS)
def test_balancing(name):
    waits = isinstance(read_balancing(name, "test"), GradientAggregator)
    compare(balancing=name, waits=waits)
    compare(balancing=name, y=HOLES, waits=waits)


def test_the_exact_gramian():
    compare(balancing="upgrad", gramian="shared", waits=True)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    schedule, y = SCHEDULES[name]
    compare(y=y, task_schedule=schedule)


@pytest.mark.parametrize("balancing", ["sum", "dwa", "upgrad"])
@pytest.mark.parametrize("name", TRUNKS)
def test_trunks(name, balancing):
    options = {"trunk": TRUNKS[name], "numeric_embedding": None}
    compare(**options, balancing=balancing, waits=balancing == "upgrad")


@pytest.mark.parametrize("name", OTHERS)
def test_other_parameters(name):
    compare(y=HOLES, **OTHERS[name])


def test_regressions():
    y = np.stack([X[:, 0], X[:, 1] + X[:, 2]], 1)
    compare(y=y, kind=MultiTaskRegressor)


def test_images():
    compare(IMAGES, trunk=CONV)


def test_texts():
    compare(TEXTS, trunk=TEXT, n_members=1)


def test_sparse_columns():
    rng = np.random.default_rng(0)
    compare(sparse.csr_array((rng.random((len(Y), 300)) < 0.02) * 1.0))


@pytest.mark.parametrize("trunk", [None, TRUNKS["own"]], ids=["table", "raw"])
def test_inputs_that_do_not_fit_are_copied_by_batch(trunk):
    with mock.patch.object(_memory, "free_memory", return_value=100.0):
        compare(trunk=trunk, numeric_embedding=None)


def test_random_layers_do_not_wait():
    mode = torch.cuda.set_sync_debug_mode
    augmented = Conv((1, 6, 6), channels=(4,), augmentation=Augmentation(1, True, 0.1))
    try:
        with within_epochs(partial(mode, "error"), partial(mode, "default")):
            fitted("cuda", dropout=0.5)
            fitted("cuda", IMAGES, trunk=augmented)
    finally:
        mode("default")


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("kind", ["table", "images"])
def test_half_precision(dtype, kind):
    inputs, trunk = (X, None) if kind == "table" else (IMAGES, CONV)
    options = {"trunk": trunk, "n_members": 1, "optimizer": "sgd", "lr": 1e-3}
    expected = outputs(fitted("cpu", inputs, dtype="float32", **options), inputs)
    mode = torch.cuda.set_sync_debug_mode
    try:
        with within_epochs(partial(mode, "error"), partial(mode, "default")):
            model = fitted("cuda", inputs, dtype=dtype, **options)
    finally:
        mode("default")
    assert_same(outputs(model, inputs), expected, atol=0.02)


def test_the_same_seed_gives_the_same_bits():
    one, other = (fitted("cuda", dropout=0.3).transform(X) for _ in range(2))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seen", [True, False])
def test_a_pickle_is_loaded_with_and_without_a_gpu(seen, monkeypatch):
    model = fitted("cuda", balancing="upgrad", task_schedule="sampled")
    expected, data = model.predict(X), pickle.dumps(model)
    if seen:
        again = pickle.loads(data)
        assert again.net_.module_.heads.weight.is_cuda
    else:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
        with pytest.warns(UserWarning, match="no CUDA devices are available"):
            again = pickle.loads(data)
        assert again.net_.module_.heads.weight.is_cpu
    np.testing.assert_array_equal(again.predict(X), expected)


def test_a_saved_net_is_loaded(tmp_path):
    model = fitted("auto")
    sklearn_mtl.save(model, tmp_path / "net.zip")
    again = sklearn_mtl.load(tmp_path / "net.zip")
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_a_fitted_net_learns_further():
    expected = fitted("cpu", dtype="float64").partial_fit(X[:40], Y[:40])
    model = fitted("cuda", dtype="float64").partial_fit(X[:40], Y[:40])
    assert_same(outputs(model), outputs(expected))
